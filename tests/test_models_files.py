"""Bundled and user-given model files: what is accepted, and what is said about the rest."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from posture_cv import models
from posture_cv.errors import PostureError
from posture_cv.landmarks import model_files
from posture_cv.landmarks.model_files import FACE, POSE, ModelFileError, ModelKind, resolve_model

KINDS = pytest.mark.parametrize("kind", [POSE, FACE], ids=lambda kind: kind.title)


@KINDS
def test_bundled_model_has_its_pinned_sum(kind: ModelKind) -> None:
    found = resolve_model(kind)
    assert found.bundled
    assert found.sha256 == models.BUNDLED_SHA256[kind.bundled_file]
    assert found.path == model_files.bundled_path(kind)
    assert found.name == kind.bundled_file.removesuffix(".task")


@KINDS
def test_own_file_is_taken_with_its_own_name(kind: ModelKind, tmp_path: Path) -> None:
    own = tmp_path / "mine heavy.task"
    with zipfile.ZipFile(model_files.bundled_path(kind)) as source, zipfile.ZipFile(own, "w") as target:
        for name in kind.members:
            target.writestr(name, source.read(name))
        target.writestr("face_blendshapes.tflite", b"an extra member, as in Google's own bundle")
    found = resolve_model(kind, own)
    assert (found.path, found.name, found.bundled) == (own, "mine heavy", False)
    assert found.sha256 not in models.BUNDLED_SHA256.values()


def test_relative_path_and_tilde_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(model_files.bundled_path(FACE), tmp_path / "face.task")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert resolve_model(FACE, "face.task").path == tmp_path / "face.task"
    assert resolve_model(FACE, "~/face.task").path == tmp_path / "face.task"
    assert resolve_model(FACE, "face.task").bundled


def _absent(path: Path) -> None:
    assert not path.exists()


def _cut(path: Path) -> None:
    path.write_bytes(model_files.bundled_path(POSE).read_bytes()[:300_000])


def _flipped(path: Path) -> None:
    data = bytearray(model_files.bundled_path(POSE).read_bytes())
    data[5_000_000] ^= 0xFF
    path.write_bytes(data)


def _network(path: Path) -> None:
    with zipfile.ZipFile(model_files.bundled_path(POSE)) as bundle:
        path.write_bytes(bundle.read(POSE.members[0]))


def _other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("document.xml", "<x/>")


def _hollow_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in POSE.members:
            archive.writestr(name, "not a network")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_absent, "expected there"),
        (lambda path: path.mkdir(), "folder"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_text("<html>Error 403: zugriff verweigert ü</html>" * 30), "text file"),
        (lambda path: path.write_bytes(bytes(range(256)) * 40), "10,240 bytes of another kind"),
        (_cut, "breaks off after 300,000 bytes"),
        (_flipped, "wrong checksum"),
        (_network, "single network"),
        (_other_zip, "lacks pose_detector.tflite and pose_landmarks_detector.tflite; it holds document.xml"),
        (_hollow_zip, "no TensorFlow Lite network"),
        (lambda path: shutil.copy(model_files.bundled_path(FACE), path), "--face-model"),
    ],
    ids=(
        *("absent", "folder", "empty", "text", "binary", "cut", "flipped"),
        *("network", "other-zip", "hollow-zip", "face"),
    ),
)
def test_bad_file_is_named_and_explained(make: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.task"
    make(path)
    with pytest.raises(ModelFileError) as caught:
        resolve_model(POSE, path)
    error = caught.value
    assert isinstance(error, PostureError)
    assert str(path) in error.title
    assert said in str(error)
    assert "--pose-model" in error.what_to_do
    assert "pose_landmarker_heavy.task" in error.what_to_do


@pytest.fixture
def empty_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models package whose folder holds nothing, as in a checkout where nothing was built."""
    monkeypatch.setattr(models, "__file__", str(tmp_path / "__init__.py"))
    return tmp_path


def test_missing_bundled_model_says_where_and_how_to_get_it(empty_package: Path) -> None:
    with pytest.raises(ModelFileError) as caught:
        resolve_model(POSE)
    assert str(empty_package / "pose_landmarker_full.task") in caught.value.title
    assert "Reinstall" in caught.value.what_to_do
    assert "python -m buildtools" in caught.value.what_to_do


def test_changed_bundled_model_is_refused_though_it_is_a_valid_bundle(empty_package: Path) -> None:
    with zipfile.ZipFile(empty_package / FACE.bundled_file, "w") as archive:
        for name in FACE.members:
            archive.writestr(name, b"\x1c\0\0\0TFL3")
    with pytest.raises(ModelFileError, match="has been changed"):
        resolve_model(FACE)
