"""Which model file to run: the bundled one or the user's own, checked before the C library sees it.

A `.task` bundle is a zip of TensorFlow Lite networks. The C library answers a bad one with a message about
its own insides, so what a user can get wrong is found here and said in words.
"""

from __future__ import annotations

import codecs
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from posture_cv import models
from posture_cv.errors import PostureError
from posture_cv.file_facts import sha256_of_file
from posture_cv.paths import user_path

if TYPE_CHECKING:
    import os

_NETWORK_IDENTIFIER = b"TFL3"  # bytes 4 to 8 of every TensorFlow Lite file


class ModelFileError(PostureError):
    """A model file is missing, damaged or not what was asked for."""


@dataclass(frozen=True, slots=True)
class ModelKind:
    """What a bundle must hold to serve as the pose or as the face model."""

    title: str
    """"pose" or "face"."""
    bundled_file: str
    """File name of the bundled model inside `posture_cv.models`."""
    members: tuple[str, ...]
    """Networks that must be in the zip."""
    accepted: str
    """What a user may bring instead, by Google's file names."""

    @property
    def option(self) -> str:
        """The command line option that names a file of this kind."""
        return f"--{self.title}-model"


POSE = ModelKind(
    title="pose",
    bundled_file=models.POSE_MODEL_FILE,
    members=("pose_detector.tflite", "pose_landmarks_detector.tflite"),
    accepted="pose_landmarker_lite.task, pose_landmarker_full.task or pose_landmarker_heavy.task",
)
FACE = ModelKind(
    title="face",
    bundled_file=models.FACE_MODEL_FILE,
    members=("face_detector.tflite", "face_landmarks_detector.tflite"),
    accepted="face_landmarker.task",
)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A checked model bundle."""

    path: Path
    """Absolute path."""
    name: str
    """Short name for recordings and reports: the file name without its suffix."""
    sha256: str
    """SHA-256 of the file, 64 lower-case hex digits."""
    bundled: bool
    """Whether its content is the model that the package brings (wherever the file lies)."""


def bundled_path(kind: ModelKind) -> Path:
    """Where the installed package keeps its own model of this kind (the file need not exist)."""
    return Path(models.__file__).resolve().parent / kind.bundled_file


def resolve_pose_model(path: str | os.PathLike[str] | None = None) -> ModelFile:
    """The pose model at `path`, or the bundled one; raises `ModelFileError` when it cannot be used."""
    return resolve_model(POSE, path)


def resolve_face_model(path: str | os.PathLike[str] | None = None) -> ModelFile:
    """The face model at `path`, or the bundled one; raises `ModelFileError` when it cannot be used."""
    return resolve_model(FACE, path)


def resolve_model(kind: ModelKind, path: str | os.PathLike[str] | None = None) -> ModelFile:
    """Check a model file completely (members, checksums inside the zip) and return it.

    Args:
        kind: `POSE` or `FACE`.
        path: the user's own `.task` file; None for the bundled one, which must have its pinned sum.

    Raises:
        ModelFileError: missing, unreadable, truncated, damaged, or another kind of file.
    """
    if path is None:
        return _bundled(kind)
    own = user_path(path).absolute()
    advice = f"Give {kind.accepted} from MediaPipe, or leave {kind.option} out to use the included model."
    _check_bundle(kind, own, advice)
    return _described(kind, own)


def _bundled(kind: ModelKind) -> ModelFile:
    expected_at = bundled_path(kind)
    advice = (
        "Reinstall the package (pip install --force-reinstall posture-cv); in a source checkout run "
        f"python -m buildtools. Or give your own file with {kind.option}."
    )
    _check_bundle(kind, expected_at, advice)
    found = _described(kind, expected_at)
    if not found.bundled:
        raise ModelFileError(
            f"The included {kind.title} model has been changed: {expected_at}",
            f"Its SHA-256 is {found.sha256}, expected {models.BUNDLED_SHA256[kind.bundled_file]}.",
            advice,
        )
    return found


def _described(kind: ModelKind, path: Path) -> ModelFile:
    digest = sha256_of_file(path)
    return ModelFile(
        path=path, name=path.stem, sha256=digest, bundled=digest == models.BUNDLED_SHA256[kind.bundled_file]
    )


def _check_bundle(kind: ModelKind, path: Path, advice: str) -> None:
    _check_is_file(kind, path, advice)
    try:
        _check_is_zip(kind, path, advice)
        _check_members(kind, path, advice)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelFileError(
            f"The {kind.title} model is damaged: {path}", f"It cannot be unpacked ({error}).", advice
        ) from error
    except OSError as error:
        raise ModelFileError(
            f"The {kind.title} model cannot be read: {path}", f"{error.strerror or error}.", advice
        ) from error


def _check_is_file(kind: ModelKind, path: Path, advice: str) -> None:
    if path.is_dir():
        raise ModelFileError(f"The {kind.title} model is a folder, not a file: {path}", "", advice)
    if not path.exists():
        raise ModelFileError(f"No {kind.title} model at {path}", "The file was expected there.", advice)


def _check_is_zip(kind: ModelKind, path: Path, advice: str) -> None:
    if zipfile.is_zipfile(path):
        return
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        what = "The file is empty."
    elif head.startswith(b"PK"):
        what = f"It begins like a bundle and breaks off after {size:,} bytes: an incomplete download or copy."
    elif head[4:8] == _NETWORK_IDENTIFIER:
        what = "It is a single network (.tflite); a .task bundle of two networks is needed."
    elif _is_text(head):
        what = "It is a text file (an error page instead of a download, perhaps)."
    else:
        what = f"It is no .task bundle: {size:,} bytes of another kind of file."
    raise ModelFileError(f"The {kind.title} model cannot be used: {path}", what, advice)


def _is_text(head: bytes) -> bool:
    try:
        # incremental, because the end of `head` may split a character
        return "\0" not in codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False


def _check_members(kind: ModelKind, path: Path, advice: str) -> None:
    with zipfile.ZipFile(path) as archive:
        _check_names(kind, path, archive.namelist(), advice)
        broken = archive.testzip()
        if broken is not None:
            raise ModelFileError(
                f"The {kind.title} model is damaged: {path}",
                f"{broken} inside it has a wrong checksum.",
                advice,
            )
        for name in kind.members:
            with archive.open(name) as network:
                if network.read(8)[4:] != _NETWORK_IDENTIFIER:
                    raise ModelFileError(
                        f"The {kind.title} model cannot be used: {path}",
                        f"{name} inside it is no TensorFlow Lite network.",
                        advice,
                    )


def _check_names(kind: ModelKind, path: Path, present: list[str], advice: str) -> None:
    absent = [name for name in kind.members if name not in present]
    if not absent:
        return
    for other in (POSE, FACE):
        if set(other.members) <= set(present):
            raise ModelFileError(
                f"This is a {other.title} model, and a {kind.title} model is needed: {path}",
                "",
                f"Give it with {other.option}. {advice}",
            )
    holds = ", ".join(present[:6]) or "nothing"
    raise ModelFileError(
        f"The {kind.title} model cannot be used: {path}",
        f"It lacks {' and '.join(absent)}; it holds {holds}.",
        advice,
    )
