"""The folder of profiles: load, save, list, delete."""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from posture_cv.atomic import output_error, private_folder, write_atomic
from posture_cv.paths import profiles_dir, user_path
from posture_cv.profiles.types import Profile, ProfileError

SUFFIX: Final = ".json"
MAX_BYTES: Final = 2_000_000  # a profile has about 40,000
_MAX_NAME_BYTES: Final = 100
_RESERVED: Final = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10)), *(f"lpt{i}" for i in range(1, 10))]
)


@dataclass(frozen=True, slots=True, eq=False)
class StoredProfile:
    """An entry of the folder: the profile, or what is wrong with its file."""

    name: str
    path: Path
    profile: Profile | None
    problem: ProfileError | None


def check_name(name: str) -> str:
    """The name in its usual form, if a file may be called so on every system.

    Letters and digits of any language, inside it space, `-`, `_` and `.`; no path, nothing hidden, no device.

    Raises:
        ProfileError: any other name.
    """
    plain = unicodedata.normalize("NFC", name)
    problem = _name_problem(plain)
    if problem:
        raise ProfileError(
            f"A profile cannot be called {name[:80]!r}.",
            f"{problem}.",
            "Use letters, digits, spaces, - and _, for example: desk or laptop-home.",
        )
    return plain


def _name_problem(name: str) -> str:
    if not name:
        return "The name is empty"
    if len(name.encode("utf-8", "replace")) > _MAX_NAME_BYTES:
        return "The name is too long"
    wrong = sorted({c for c in name if not (c.isalnum() or c in " -_.")})
    if wrong:
        return f"It contains {wrong[0]!r}"
    if not name[0].isalnum() or not (name[-1].isalnum() or name[-1] in "-_"):
        return "It must begin and end with a letter or a digit"
    return _taken(name)


def _taken(name: str) -> str:
    """What a name means already, whatever it is made of."""
    if is_path(name):
        return f"It ends with {SUFFIX}, which means a file wherever a profile can be named"
    if name.split(".", maxsplit=1)[0].strip().lower() in _RESERVED:
        return "Windows keeps that name for a device"
    return ""


def profile_path(name: str) -> Path:
    """Where the profile of that name is kept; raises ProfileError for an impossible name."""
    return profiles_dir() / f"{check_name(name)}{SUFFIX}"


def is_path(name_or_path: str) -> bool:
    """Whether the user means a file rather than a name: it has a separator, or ends with .json."""
    separators = {os.sep, os.altsep or os.sep}
    return any(s in name_or_path for s in separators) or name_or_path.lower().endswith(SUFFIX)


def load_profile(name_or_path: str | Path) -> Profile:
    """The profile of that name, or in that file; a `Path` is always a file.

    Raises:
        ProfileError: there is none, or it cannot be used; the message says where and why.
    """
    if isinstance(name_or_path, Path):
        return read_profile(name_or_path)
    if not isinstance(name_or_path, str):
        raise ProfileError(f"{name_or_path!r} is no name of a profile, and no path.")
    if is_path(name_or_path):
        return read_profile(user_path(name_or_path))
    return read_profile(existing_path(name_or_path))


def existing_path(name: str) -> Path:
    """Where the profile of that name is; raises ProfileError when there is none."""
    path = profile_path(name)
    if not os.path.lexists(path):
        raise _no_such(check_name(name))
    return path


def read_profile(path: Path) -> Profile:
    """The profile in a file; its name is the file's."""
    from posture_cv.profiles.format import profile_from_json

    return profile_from_json(_text_of(path), str(path), path.name.removesuffix(SUFFIX))


def is_profile(path: Path) -> bool:
    """Whether a file holds a profile that can be read."""
    try:
        read_profile(path)
    except ProfileError:
        return False
    return True


def made_before(path: Path) -> str | None:
    """When the profile in a file was made (ISO 8601); None where there is none that can be read."""
    try:
        return read_profile(path).created
    except ProfileError:
        return None


def _text_of(path: Path) -> str:
    again = "Restore the file, or make a new profile: posture-cv calibrate"
    try:
        if not path.is_file():
            what = "It is a folder." if path.is_dir() else "There is no such file."
            raise ProfileError(f"No profile at {path}", what, "List the profiles: posture-cv profiles list")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProfileError(f"The profile cannot be read: {path}", f"{error.strerror}.", again) from error
    if len(raw) > MAX_BYTES:
        detail = f"The file is larger than {MAX_BYTES:,} bytes; a profile has about 40,000."
        raise ProfileError(f"The profile cannot be used: {path}", detail, again)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"It is no text: byte {error.start} is not UTF-8."
        raise ProfileError(f"The profile cannot be used: {path}", detail, again) from error


def save_profile(profile: Profile, file: Path | None = None) -> Path:
    """Write a profile, whole or not at all, for its owner only; an older one is replaced.

    Args:
        profile: it.
        file: to write into; None: the one of its name, in the folder of profiles.

    Raises:
        ProfileError: an impossible name. OutputError: the folder cannot be written.
    """
    from posture_cv.profiles.format import profile_to_json

    path = profile_path(profile.name) if file is None else file
    if file is None:
        private_folder(path.parent)
    write_atomic(path, profile_to_json(profile))
    return path


def list_profiles() -> Iterator[StoredProfile]:
    """Every profile in the folder, by name; a file that cannot be read is listed with its problem."""
    for name in profile_names():
        path = profiles_dir() / f"{name}{SUFFIX}"
        try:
            yield StoredProfile(name, path, read_profile(path), None)
        except ProfileError as error:
            yield StoredProfile(name, path, None, error)


def profile_names() -> list[str]:
    """Names in the folder, without reading the files; empty when there is no folder."""
    try:
        entries = [entry.name for entry in profiles_dir().iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ProfileError(
            f"The profiles cannot be listed: {profiles_dir()}", f"{error.strerror}."
        ) from error
    return sorted(n.removesuffix(SUFFIX) for n in entries if n.endswith(SUFFIX) and not n.startswith("."))


def delete_profile(name: str) -> Path:
    """Delete the profile of that name and say where it was.

    Raises:
        ProfileError: there is none. OutputError: it cannot be deleted.
    """
    path = existing_path(name)
    try:
        path.unlink()
    except OSError as error:
        raise output_error(path, error) from error
    return path


def _no_such(name: str) -> ProfileError:
    known = profile_names()
    near = difflib.get_close_matches(name, known, n=1)
    detail = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}." if known else ""
    what_to_do = (
        f"Make it: posture-cv calibrate --name {name!r}"
        if " " in name
        else (f"Make it: posture-cv calibrate --name {name}")
    )
    return ProfileError(f"There is no profile {name!r}.", detail or "There is no profile yet.", what_to_do)
