"""What `posture-cv doctor` looks at; each check returns findings and raises nothing."""

from __future__ import annotations

import os
import platform
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from posture_cv._version import __version__
from posture_cv.errors import PostureError

Level = Literal["ok", "note", "problem"]
DISTRIBUTION: Final = "posture-cv"
PACKAGES: Final = (
    "mediapipe",
    "opencv-python",
    "numpy",
    "av",
    "click",
    "rich",
    "pydantic",
    "desktop-notifier",
)
OPTIONAL: Final = ("PySide6-Essentials", "pyarrow", "distributed")
# pyproject.toml says the same; later releases report their use over the network or bring a second OpenCV.
MEDIAPIPE_FROM: Final = (0, 10, 30)
MEDIAPIPE_BELOW: Final = (0, 10, 32)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        group: heading, for example "models".
        name: what was looked at.
        level: ok; note: something that the program can do without; problem: something to repair.
        text: what was found.
        advice: what to do; empty when there is nothing to do.
    """

    group: str
    name: str
    level: Level
    text: str
    advice: str = ""


def all_findings() -> Iterator[Finding]:
    """Every check, in the order of the report."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        versions,
        import_names,
        models,
        cameras,
        display,
        notifications,
        folders,
        settings,
        profiles,
    )
    for check in checks:
        yield from check()


def versions() -> Iterator[Finding]:
    """Versions of the program, of Python and of what it is built on."""
    yield Finding("versions", DISTRIBUTION, "ok", __version__)
    yield Finding("versions", "python", "ok", f"{platform.python_version()} ({sys.executable})")
    yield Finding("versions", "system", "ok", platform.platform())
    for package in PACKAGES:
        yield _package(package, optional=False)
    for package in OPTIONAL:
        yield _package(package, optional=True)


def _package(package: str, *, optional: bool) -> Finding:
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        if optional:
            return Finding("versions", package, "ok", "not installed (optional)")
        advice = f"pip install {package}"
        return Finding("versions", package, "problem", "not installed", advice)
    if package == "mediapipe" and not MEDIAPIPE_FROM <= _numbers(version) < MEDIAPIPE_BELOW:
        advice = 'pip install "mediapipe>=0.10.30,<0.10.32": others are untested, and some report their use.'
        return Finding("versions", package, "problem", version, advice)
    return Finding("versions", package, "ok", version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdecimal())


def import_names() -> Iterator[Finding]:
    """Who owns `calibration` and `cv2`: names that other packages install too."""
    owners = metadata.packages_distributions()
    yield _calibration(owners.get("calibration", []))
    cv2_owners = sorted(set(owners.get("cv2", [])))
    if len(cv2_owners) > 1:
        advice = "Keep one: pip uninstall the others, then pip install --force-reinstall opencv-python"
        text = f"{' and '.join(cv2_owners)} both install it and overwrite each other"
        yield Finding("import names", "cv2", "problem", text, advice)
    else:
        yield Finding(
            "import names", "cv2", "ok", f"from {cv2_owners[0]}" if cv2_owners else "no owner known"
        )


def _calibration(owners: list[str]) -> Finding:
    from importlib.util import find_spec

    advice = "Install posture-cv in an environment of its own: pipx install posture-cv"
    foreign = sorted({owner for owner in owners if owner.lower().replace("_", "-") != DISTRIBUTION})
    if foreign:
        text = f"also installed by {', '.join(foreign)}, which overwrites ours"
        return Finding("import names", "calibration", "problem", text, advice)
    spec = find_spec("calibration")
    if spec is None or spec.origin is None:
        return Finding("import names", "calibration", "problem", "it cannot be found", advice)
    ours = Path(__file__).resolve().parents[2]
    found = Path(spec.origin).resolve().parent
    if found.parent != ours:
        text = f"Python finds another one first: {found}"
        return Finding("import names", "calibration", "problem", text, advice)
    return Finding("import names", "calibration", "ok", f"from {owners[0] if owners else 'this checkout'}")


def models() -> Iterator[Finding]:
    """The model files in use, with their sums."""
    from posture_cv.landmarks.model_files import FACE, POSE, resolve_model
    from posture_cv.settings import SettingsError, load_settings
    from posture_cv.settings_schema import ModelsSection

    try:
        own = load_settings().models
    except SettingsError:
        own = ModelsSection()  # said under "settings"
    for kind, path in ((POSE, own.pose), (FACE, own.face)):
        try:
            file = resolve_model(kind, path)
        except PostureError as error:
            yield _of_error("models", kind.title, error)
            continue
        origin = "included" if file.bundled else f"your own, {file.path}"
        yield Finding("models", kind.title, "ok", f"{file.name} ({origin}) sha256 {file.sha256}")


def cameras() -> Iterator[Finding]:
    """The webcams, whether they may be opened, and who uses them."""
    from posture_cv.capture import list_cameras
    from posture_cv.capture.cameras import camera_users

    found = list_cameras()
    if not found:
        advice = "Connect one, or switch it on. Recordings can be judged without one."
        yield Finding("cameras", "cameras", "note", "none found", advice)
    for camera in found:
        node = camera.path
        if node is not None and not os.access(node, os.R_OK | os.W_OK):
            advice = "Let your user open it: sudo usermod -aG video $USER, then log in again."
            yield Finding(
                "cameras", str(camera.number), "problem", f"{camera.name} ({node}): no permission", advice
            )
            continue
        users = camera_users(node) if node is not None else []
        used = f", in use by {', '.join(users)}" if users else ""
        place = f" ({node})" if node is not None else ""
        yield Finding("cameras", str(camera.number), "note" if users else "ok", f"{camera.name}{place}{used}")


def display() -> Iterator[Finding]:
    """Whether a preview window can be shown."""
    from posture_cv.output.window import display_problem

    problem = display_problem()
    if problem:
        yield Finding("desktop", "display", "note", problem, "Previews are left out; everything else works.")
    else:
        yield Finding("desktop", "display", "ok", os.environ.get("DISPLAY") or "there is one")


def notifications() -> Iterator[Finding]:
    """Whether a notification would be shown; the server is asked."""
    from posture_cv.output.notification_server import find_notification_server

    server = find_notification_server()
    if server.problem:
        advice = "Alerts then appear in the terminal only."
        yield Finding("desktop", "notifications", "note", server.problem, advice)
    else:
        yield Finding("desktop", "notifications", "ok", server.name)


def folders() -> Iterator[Finding]:
    """The program's folders, whether they can be written, and who else may read them."""
    from posture_cv.paths import FOLDER_KINDS, folder

    for kind in FOLDER_KINDS:
        yield _folder(kind, folder(kind))


def _folder(name: str, path: Path) -> Finding:
    from posture_cv.paths import ELSEWHERE

    existing = next((p for p in (path, *path.parents) if p.exists()), None)
    advice = f"Make it writable, or {ELSEWHERE}."
    if existing is None or not existing.is_dir():
        return Finding("folders", name, "problem", f"{path}: {existing} is no folder", advice)
    if not os.access(existing, os.W_OK | os.X_OK):
        return Finding("folders", name, "problem", f"{path}: cannot be written ({existing})", advice)
    if existing != path:
        return Finding("folders", name, "ok", f"{path} (not made yet)")
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        text = f"{path} ({mode:04o}): others on this machine may look into it"
        return Finding("folders", name, "note", text, f"chmod 700 {path}")
    return Finding("folders", name, "ok", f"{path} ({mode:04o})")


def settings() -> Iterator[Finding]:
    """Whether the settings file is free of faults."""
    from posture_cv.paths import settings_file
    from posture_cv.settings import SettingsError, load_settings

    path = settings_file()
    try:
        load_settings()
    except SettingsError as error:
        yield _of_error("settings", "file", error)
        return
    yield Finding("settings", "file", "ok", str(path) if path.exists() else f"none at {path}: defaults")


def profiles() -> Iterator[Finding]:
    """Whether every profile can be read."""
    from posture_cv.profiles.store import list_profiles
    from posture_cv.profiles.types import ProfileError

    try:
        stored = list(list_profiles())
    except ProfileError as error:
        yield _of_error("profiles", "folder", error)
        return
    yield from _chosen_profile(any_stored=bool(stored))
    for entry in stored:
        if entry.problem is not None:
            yield _of_error("profiles", entry.name, entry.problem)
        elif entry.profile is not None:
            view, grade = entry.profile.baseline.view.label, entry.profile.quality.grade
            yield Finding("profiles", entry.name, "ok", f"{view}, {grade}, {entry.profile.created}")


def _chosen_profile(*, any_stored: bool) -> Iterator[Finding]:
    """Nothing, unless there is none to judge by, or the one that the settings name is missing."""
    from posture_cv.profiles.store import existing_path, is_path, load_profile
    from posture_cv.profiles.types import ProfileError
    from posture_cv.settings import SettingsError, load_settings

    try:
        chosen = load_settings().general.profile
    except SettingsError:  # said under settings
        chosen = ""
    if not (any_stored or is_path(chosen)):
        yield Finding("profiles", "profiles", "note", "none yet", "posture-cv calibrate")
        return
    if not chosen:
        return
    try:
        _ = load_profile(chosen) if is_path(chosen) else existing_path(chosen)
    except ProfileError as error:
        advice = "Name one with --profile, or in the settings: general.profile"
        text = f"general.profile: {error.title} {error.detail}"
        # Instead of a stored one the monitor takes another, instead of a file that was named nobody does.
        yield Finding("profiles", "settings", "problem" if is_path(chosen) else "note", text, advice)


def _of_error(group: str, name: str, error: PostureError) -> Finding:
    text = f"{error.title.rstrip('.')}: {error.detail_line}" if error.detail else error.title
    return Finding(group, name, "problem", text, error.what_to_do)
