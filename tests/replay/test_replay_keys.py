"""What a result is made with is told as the installers of it tell it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from posture_cv.replay.keys import versions

LIBRARIES = ("mediapipe", "opencv-python", "av", "numpy")


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    versions.cache_clear()
    yield
    versions.cache_clear()


def test_versions_are_those_of_the_installed_packages() -> None:
    found = dict(versions())
    assert {name: found.pop(name) for name in LIBRARIES} == {
        name: metadata.version(name) for name in LIBRARIES
    }
    assert list(found) == ["posture-cv"]


def test_a_package_written_down_in_another_way_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "av.egg-info"
    older.mkdir()
    (older / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: av\nVersion: 9.1\n")
    monkeypatch.setattr("sys.path", [str(tmp_path / "missing"), str(tmp_path)])
    assert versions()["av"] == "9.1"
    assert versions()["numpy"] == "unknown"
