"""Wheel, sdist and editable install, built without any network from a checkout that has its models."""

from __future__ import annotations

import email
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from email.message import Message
from pathlib import Path

import pytest
from hatchling.builders.plugin.interface import IncludedFile
from hatchling.builders.sdist import SdistBuilder

from once import made_once
from posture_cv._version import __version__
from posture_cv.models import BUNDLED_SHA256
from source_tree import NO_INDEX, ROOT

OFFLINE = {**os.environ, **NO_INDEX, "PIP_FIND_LINKS": ""}


def _run(*command: str, cwd: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run a build step that can reach no index and finds no cached models."""
    environment = {**OFFLINE, "XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache)}
    return subprocess.run(
        [sys.executable, *command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(out: Path) -> None:
        done = _run(
            *("-m", "build", "--sdist", "--no-isolation", "--outdir", str(out), str(ROOT)),
            cwd=out,
            cache=tmp_path_factory.mktemp("cache"),
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return made_once(tmp_path_factory, "sdist", make) / f"posture_cv-{__version__}.tar.gz"


@pytest.fixture(scope="module")
def unpacked_sdist(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"posture_cv-{__version__}"


@pytest.fixture(scope="module")
def wheel(unpacked_sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as pip builds it from an sdist: on a machine with no network and no cache."""

    def make(out: Path) -> None:
        done = _run(
            *("-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(unpacked_sdist)),
            cwd=out,
            cache=tmp_path_factory.mktemp("cache"),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "download" not in done.stdout

    return made_once(tmp_path_factory, "wheel", make) / f"posture_cv-{__version__}-py3-none-any.whl"


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        return email.message_from_bytes(archive.read(f"posture_cv-{__version__}.dist-info/METADATA"))


def _source_modules() -> set[str]:
    files = [path for package in ("posture_cv", "calibration") for path in (ROOT / package).rglob("*")]
    return {
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
    }


def test_wheel_holds_both_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == _source_modules()
    assert {"posture_cv/py.typed", "calibration/py.typed"} <= names


def test_wheel_holds_the_pinned_models(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name, expected in BUNDLED_SHA256.items():
            assert hashlib.sha256(archive.read(f"posture_cv/models/{name}")).hexdigest() == expected


def test_metadata_states_licence_python_and_mediapipe(wheel: Path) -> None:
    metadata = _metadata(wheel)
    assert metadata["Name"] == "posture-cv"
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE", "NOTICE", "THIRD-PARTY.md"]
    assert metadata["Requires-Python"] == "<3.14,>=3.11"
    assert "mediapipe<0.10.32,>=0.10.30" in (metadata.get_all("Requires-Dist") or [])


def test_command_is_installed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        entry_points = archive.read(f"posture_cv-{__version__}.dist-info/entry_points.txt").decode()
    assert "posture-cv = posture_cv.__main__:main" in entry_points


def test_sdist_can_build_and_test_itself(unpacked_sdist: Path) -> None:
    for name in (
        "hatch_build.py",
        "buildtools/make_models.py",
        "tests/conftest.py",
        "NOTICE",
        "pyproject.toml",
    ):
        assert (unpacked_sdist / name).is_file(), name
    for name in BUNDLED_SHA256:
        assert (unpacked_sdist / "posture_cv" / "models" / name).is_file()


def test_an_sdist_leaves_out_what_a_reader_made_in_the_checkout(tmp_path: Path) -> None:
    for name in ("pyproject.toml", ".gitignore", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    theirs = (
        *("out/summary.json", "study/study.html", "desk.landmarks", "me.mp4"),
        *("samples/desk-front.landmarks.known.json", "samples/desk-front.landmarks.1.measured"),
    )
    ours = ("samples/desk-front.landmarks", "posture_cv/_version.py", "docs/import.md")
    for name in (*theirs, *ours):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = {Path(file.path).relative_to(tmp_path).as_posix() for file in _files_of_sdist(tmp_path)}
    assert set(ours) <= found
    assert not found & set(theirs)


def _files_of_sdist(tree: Path) -> Iterable[IncludedFile]:
    """Those that are taken from the tree; nothing is built."""
    return SdistBuilder(str(tree)).recurse_included_files()


@pytest.fixture
def tree_without_models(unpacked_sdist: Path, tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    shutil.copytree(unpacked_sdist, tree, ignore=shutil.ignore_patterns("*.task", "samples", "tests", "docs"))
    return tree


EDITABLE = ("-c", "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])")


def test_editable_install_takes_models_into_the_tree(
    tree_without_models: Path, unpacked_sdist: Path, tmp_path: Path
) -> None:
    cache, out = tmp_path / "cache", tmp_path / "out"
    out.mkdir()
    kept = _cache_folder_under(cache)
    kept.mkdir(parents=True)
    for name in BUNDLED_SHA256:
        shutil.copy(unpacked_sdist / "posture_cv" / "models" / name, kept)
    done = _run(*EDITABLE, str(out), cwd=tree_without_models, cache=cache)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {p.name for p in (tree_without_models / "posture_cv" / "models").iterdir()} >= set(BUNDLED_SHA256)
    (wheel,) = out.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        paths = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".pth")]
    assert [str(tree_without_models)] == [path.strip() for path in paths]


def _cache_folder_under(cache: Path) -> Path:
    """Where a process with its cache variables set to `cache` keeps made bundles."""
    code = "from buildtools.project import cache_folder; print(cache_folder())"
    done = _run("-c", f"import sys; sys.path.append({str(ROOT)!r}); {code}", cwd=ROOT, cache=cache)
    return Path(done.stdout.strip())


def test_build_without_models_and_network_ends_with_words(tree_without_models: Path, tmp_path: Path) -> None:
    done = _run(*EDITABLE, str(tmp_path), cwd=tree_without_models, cache=tmp_path / "cache")
    assert done.returncode != 0
    assert "The models could not be fetched" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(tmp_path.glob("*.whl"))
