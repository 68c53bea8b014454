"""Where the program keeps things: each system's own folders, or one folder named by `POSTURE_CV_HOME`.

| folder | holds | Linux default |
|---|---|---|
| configuration | `settings.toml` | `~/.config/posture-cv` |
| data | `profiles/`, history | `~/.local/share/posture-cv` |
| state | logs, the monitor's last state | `~/.local/state/posture-cv` |
| cache | what can be made again | `~/.cache/posture-cv` |
| runtime | lock and control channel of the running monitor | `/run/user/UID/posture-cv`, or in state |

`POSTURE_CV_HOME=FOLDER` puts all five below FOLDER (a USB stick, a test). Otherwise the system's rules hold,
`XDG_CONFIG_HOME` and its like included. Nothing is created by asking.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Final, Literal

from posture_cv.errors import PostureError

HOME_VARIABLE: Final = "POSTURE_CV_HOME"
ELSEWHERE: Final = f"name another place with {HOME_VARIABLE}=FOLDER"
APP_NAME: Final = "posture-cv"

FolderKind = Literal["config", "data", "state", "cache", "runtime"]
FOLDER_KINDS: Final[tuple[FolderKind, ...]] = ("config", "data", "state", "cache", "runtime")


def user_path(text: str | os.PathLike[str]) -> Path:
    """The path that a user named: `~` and `~NAME` are home folders; where there is no NAME, it is a file's name.

    `./~` is what it is called in its folder, though a path forgets the dot.
    """
    path = Path(text)
    try:
        return path.expanduser() if os.fspath(text).startswith("~") else path
    except RuntimeError:
        return path


def named_home() -> Path | None:
    """The absolute path of the one folder that `POSTURE_CV_HOME` names; None: it names none.

    Raises:
        PostureError: it begins with a home folder that nobody knows.
    """
    home = os.environ.get(HOME_VARIABLE, "")
    try:
        return Path(home).expanduser().absolute() if home.strip() else None
    except RuntimeError as error:
        raise _unknown_home(error) from error


def use_home(place: Path) -> None:
    """From now on, and for processes started from here, all folders lie below `place`."""
    os.environ[HOME_VARIABLE] = str(place)


def folder(kind: FolderKind) -> Path:
    """The absolute path of one of the program's folders; it need not exist.

    Raises:
        PostureError: nobody knows where the user's home is.
    """
    try:
        return _folder(kind)
    except RuntimeError as error:
        raise _unknown_home(error) from error


def is_own(path: Path) -> bool:
    """Whether a path lies in one of the program's folders."""
    try:
        return any(path.absolute().is_relative_to(folder(kind)) for kind in FOLDER_KINDS)
    except PostureError:
        return False


def _unknown_home(error: RuntimeError) -> PostureError:
    return PostureError(
        "Your home folder is not known.",
        f"{error}".rstrip(".") + ".",
        f"Set HOME, or name a place for the program's files: {HOME_VARIABLE}=FOLDER",
    )


def _folder(kind: FolderKind) -> Path:
    home = named_home()
    if home is not None:
        return home / kind
    from platformdirs import PlatformDirs

    dirs = PlatformDirs(APP_NAME, appauthor=False)
    if kind == "runtime" and sys.platform == "linux":
        return _of_this_session() or dirs.user_state_path / "runtime"
    path: Path = getattr(dirs, f"user_{kind}_path")
    return path


def _of_this_session() -> Path | None:
    """Our part of the folder that Linux gives each user; None: there is none that only this user can lay out.

    What the variable names may be relative, open to others (WSL), or still another user's (`su`, `sudo -E`).
    """
    named, usual = os.environ.get("XDG_RUNTIME_DIR", ""), Path(f"/run/user/{os.getuid()}")
    if Path(named).is_absolute() and _is_ours(Path(named), missing=True):
        return Path(named) / APP_NAME
    return usual / APP_NAME if _is_ours(usual, missing=False) else None


def _is_ours(place: Path, *, missing: bool) -> bool:
    """Whether a folder is this user's and nobody else may write there; `missing`: the answer where nothing is."""
    try:
        about = place.lstat()
    except FileNotFoundError:
        return missing
    except OSError:  # another user's, who lets nobody look
        return False
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and not about.st_mode & 0o022


def config_dir() -> Path:
    """Folder of the settings file."""
    return folder("config")


def data_dir() -> Path:
    """Folder of profiles and history."""
    return folder("data")


def state_dir() -> Path:
    """Folder of logs and of the monitor's last state."""
    return folder("state")


def cache_dir() -> Path:
    """Folder of what can be made again."""
    return folder("cache")


def runtime_dir() -> Path:
    """Folder of the running monitor's lock and control channel, and of the locks of runs that write."""
    return folder("runtime")


def settings_file() -> Path:
    """The user's settings, TOML."""
    return config_dir() / "settings.toml"


def profiles_dir() -> Path:
    """Folder of the calibration profiles."""
    return data_dir() / "profiles"
