"""Starting with the desktop session: one file or registry value, written on request, removed without a trace.

Linux: a systemd user unit where systemd runs the session, else an XDG autostart entry. macOS: a launchd agent.
Windows: a value of the user's Run key. The texts are made by pure functions, the same on every system.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from xml.sax.saxutils import escape

from posture_cv.atomic import output_error, private_folder, write_atomic
from posture_cv.errors import PostureError
from posture_cv.paths import named_home

Kind = Literal["systemd", "xdg", "launchd", "run_key"]
UNIT_NAME: Final = "posture-cv.service"
DESKTOP_NAME: Final = "posture-cv.desktop"
LABEL: Final = "io.github.posture_cv.monitor"
RUN_KEY: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
RUN_VALUE: Final = "posture-cv"
_SYSTEMCTL_TIMEOUT_S: Final = 10.0
_BY_HAND: Final = "Let your session start it in its own way: posture-cv monitor --background"


class AutostartError(PostureError):
    """Autostart cannot be set."""


@dataclass(frozen=True, slots=True)
class Autostart:
    """How it stands: whether it is on, by what kind of entry, and where that is (or would be)."""

    enabled: bool
    kind: Kind
    where: str


def monitor_command() -> list[str]:
    """The command that an entry starts: this interpreter, the monitor, waiting for its camera.

    The desktop session does not know what a shell has set: files that are elsewhere are named.
    """
    home = named_home()
    elsewhere = [] if home is None else ["--home", str(home)]
    return [sys.executable, "-m", "posture_cv", "monitor", "--wait-for-camera", "--service", *elsewhere]


def systemd_unit(command: Sequence[str]) -> str:
    """A user unit: ends with the graphical session, may use no network.

    It is restarted after a crash, but not after an error that it has put into words (exit code 2): that would only
    come again.
    """
    line = " ".join(_systemd_word(word) for word in command)
    return f"""\
[Unit]
Description=Posture monitor (posture-cv)
PartOf=graphical-session.target
After=graphical-session.target

[Service]
ExecStart={line}
Restart=on-failure
RestartPreventExitStatus=2
RestartSec=30
Nice=5
RestrictAddressFamilies=AF_UNIX

[Install]
WantedBy=graphical-session.target
"""


def _systemd_word(word: str) -> str:
    """Quoted as systemd.service(5) reads it: backslash, quote, specifier and variable."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"' if plain != word or any(c.isspace() for c in word) or "'" in word else word


def desktop_entry(command: Sequence[str]) -> str:
    """An XDG autostart entry (Desktop Entry Specification 1.5)."""
    line = " ".join(_desktop_word(word) for word in command)
    return f"""\
[Desktop Entry]
Type=Application
Name=Posture monitor
Comment=Says when a poor posture lasts
Exec={line}
Terminal=false
X-GNOME-Autostart-enabled=true
"""


def _desktop_word(word: str) -> str:
    """Quoted as the specification asks: string escapes on top of the quoting of Exec."""
    reserved = set(" \t\n\"'\\><~|&;$*?#()`%")
    if not any(c in reserved for c in word):
        return word
    quoted = "".join(f"\\{c}" if c in '"`$\\' else c for c in word).replace("%", "%%")
    return '"' + quoted.replace("\\", "\\\\") + '"'


def launchd_plist(command: Sequence[str]) -> str:
    """A launch agent (launchd.plist(5))."""
    words = "\n".join(f"        <string>{escape(word)}</string>" for word in command)
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Label</key>
    <string>{LABEL}</string>
    <key>ProgramArguments</key>
    <array>
{words}
    </array>
    <key>RunAtLoad</key>
    <true/>
    <key>ProcessType</key>
    <string>Background</string>
    <key>LimitLoadToSessionType</key>
    <string>Aqua</string>
</dict>
</plist>
"""


def run_key_value(command: Sequence[str]) -> str:
    """The value of the Run key: a command line as Windows splits it, without a console window."""
    words = [
        word.removesuffix("python.exe") + "pythonw.exe" if word.endswith("python.exe") else word
        for word in command
    ]
    return subprocess.list2cmdline(words)


def kind_here() -> Kind:
    """What this system uses."""
    system = platform.system()
    if system == "Darwin":
        return "launchd"
    if system == "Windows":
        return "run_key"
    return "systemd" if _systemd_runs() else "xdg"


def _systemd_runs() -> bool:
    """Whether systemd manages this user's session."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return (
        bool(runtime)
        and Path(runtime, "systemd", "private").exists()
        and shutil.which("systemctl") is not None
    )


def file_of(kind: Kind) -> Path:
    """Where the entry of that kind is kept (not of `run_key`)."""
    if kind == "launchd":
        return Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return (
        config
        / ("systemd/user" if kind == "systemd" else "autostart")
        / (UNIT_NAME if kind == "systemd" else DESKTOP_NAME)
    )


def status() -> Autostart:
    """How it stands; an entry of either kind counts on Linux."""
    kind = kind_here()
    if kind == "run_key":
        return Autostart(_run_key_read() is not None, kind, f"HKEY_CURRENT_USER\\{RUN_KEY}\\{RUN_VALUE}")
    for known in _kinds(kind):
        if file_of(known).exists():
            return Autostart(True, known, str(file_of(known)))  # noqa: FBT003 - enabled
    return Autostart(False, kind, str(file_of(kind)))  # noqa: FBT003 - not enabled


def enable() -> Autostart:
    """Write the entry; the monitor starts with the next session. An entry stays where no other can be written.

    Raises:
        OutputError: it cannot be written. AutostartError: systemd refuses it.
    """
    kind, command = kind_here(), monitor_command()
    if kind == "run_key":
        _run_key_write(run_key_value(command))
        return status()
    texts = {"systemd": systemd_unit, "xdg": desktop_entry, "launchd": launchd_plist}
    path = file_of(kind)
    private_folder(path.parent)  # who may write there has programs of his started at this user's next login
    write_atomic(path, texts[kind](command))
    if kind == "systemd":
        _enable_unit(path)
    for other in _kinds(kind):
        if other != kind:
            _remove(file_of(other))
    return status()


def _kinds(kind: Kind) -> tuple[Kind, ...]:
    """All kinds of this kind's system: an entry of each starts a monitor."""
    return ("systemd", "xdg") if kind in ("systemd", "xdg") else (kind,)


def _enable_unit(path: Path) -> None:
    """A unit that systemd refuses does not stay: its file alone would look as if it were on."""
    try:
        _systemctl("daemon-reload")
        _systemctl("enable", UNIT_NAME)
    except AutostartError:
        _remove(path)
        raise


def disable() -> Autostart:
    """Remove the entry, of whatever kind, without a trace; harmless when there is none.

    Raises:
        OutputError: it cannot be removed.
    """
    kind = kind_here()
    if kind == "run_key":
        _run_key_write(None)
        return status()
    if kind == "systemd" and file_of("systemd").exists():
        _systemctl("disable", UNIT_NAME)
    for known in _kinds(kind):
        _remove(file_of(known))
    if kind == "systemd":
        _systemctl("daemon-reload")
    return status()


def _remove(path: Path) -> None:
    """The entry, and the folders of its own kind that are left empty: `enable` makes them where they are missing."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise output_error(path, error) from error
    with suppress(OSError):  # somebody else's entries are in it: it stays
        path.parent.rmdir()
        if path.parent.parts[-2:] == ("systemd", "user"):
            path.parent.parent.rmdir()


def _systemctl(*arguments: str) -> None:
    program = shutil.which("systemctl")
    if program is None:
        return
    try:
        done = subprocess.run(  # noqa: S603 - the system's own program with our words
            [program, "--user", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SYSTEMCTL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AutostartError("systemd does not answer.", f"{error}.", _BY_HAND) from error
    if done.returncode:
        title = f"systemctl --user {' '.join(arguments)} failed."
        raise AutostartError(title, done.stderr.strip(), _BY_HAND)


def _run_key_read() -> str | None:
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, RUN_KEY) as key:  # type: ignore[attr-defined,unused-ignore]
            return str(winreg.QueryValueEx(key, RUN_VALUE)[0])  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return None


def _run_key_write(value: str | None) -> None:
    import winreg

    try:
        with winreg.OpenKey(  # type: ignore[attr-defined,unused-ignore]
            winreg.HKEY_CURRENT_USER,  # type: ignore[attr-defined,unused-ignore]
            RUN_KEY,
            0,
            winreg.KEY_SET_VALUE,  # type: ignore[attr-defined,unused-ignore]
        ) as key:
            if value is not None:
                winreg.SetValueEx(key, RUN_VALUE, 0, winreg.REG_SZ, value)  # type: ignore[attr-defined,unused-ignore]
                return
            with suppress(FileNotFoundError):
                winreg.DeleteValue(key, RUN_VALUE)  # type: ignore[attr-defined,unused-ignore]
    except OSError as error:
        raise AutostartError("The registry cannot be written.", f"{error}.") from error
