from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from posture_cv import paths
from posture_cv.errors import PostureError


def test_home_variable_relocates_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path / "x"))
    assert {paths.folder(kind).parent for kind in paths.FOLDER_KINDS} == {tmp_path / "x"}
    assert len({paths.folder(kind) for kind in paths.FOLDER_KINDS}) == 5
    assert not (tmp_path / "x").exists()


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POSTURE_CV_HOME", "here")
    assert paths.config_dir() == tmp_path / "here" / "config"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG is Linux's")
def test_xdg_variables_are_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTURE_CV_HOME", raising=False)
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    assert paths.settings_file() == tmp_path / "CONFIG" / "posture-cv" / "settings.toml"
    assert paths.profiles_dir() == tmp_path / "DATA" / "posture-cv" / "profiles"
    assert paths.state_dir() == tmp_path / "STATE" / "posture-cv"
    assert paths.cache_dir() == tmp_path / "CACHE" / "posture-cv"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG is Linux's")
def test_runtime_folder_never_falls_back_to_a_shared_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTURE_CV_HOME", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 987654)
    assert paths.runtime_dir() == paths.state_dir() / "runtime"
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/mine")
    assert paths.runtime_dir() == Path("/run/mine/posture-cv")


@pytest.mark.skipif(sys.platform != "linux", reason="XDG is Linux's")
@pytest.mark.parametrize("given", ["relative", "open to others", "another user's", "a link", "a file"])
def test_a_runtime_folder_that_is_not_safe_is_not_used(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is one in /tmp used in its place, whose name anybody can guess; and nothing is printed about it."""
    monkeypatch.delenv("POSTURE_CV_HOME", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "run"
    place.touch() if given == "a file" else place.mkdir()
    place.chmod(0o777 if given == "open to others" else 0o700)
    if given == "a link":
        place = tmp_path / "link"
        place.symlink_to(tmp_path / "run")
    uid = os.getuid()
    monkeypatch.setattr("os.getuid", lambda: uid + (given == "another user's"))
    usual = Path(f"/run/user/{os.getuid()}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "run" if given == "relative" else str(place))
    if usual.is_dir():
        assert paths.runtime_dir() == usual / "posture-cv"
    else:
        assert paths.runtime_dir() == tmp_path / "state" / "posture-cv" / "runtime"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG is Linux's")
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_runtime_folder_of_the_users_own_is_used(
    mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POSTURE_CV_HOME", raising=False)
    tmp_path.chmod(mode)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert paths.runtime_dir() == tmp_path / "posture-cv"


def test_a_tilde_that_names_nobody_is_part_of_a_file_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert paths.user_path("~/clip.mp4") == Path("/home/me/clip.mp4")
    assert paths.user_path("~nobody-of-that-name.mp4") == Path("~nobody-of-that-name.mp4")
    assert paths.user_path("./~/clip.mp4") == Path("~/clip.mp4")


@pytest.mark.skipif(sys.platform != "linux", reason="platformdirs asks each system in its own way")
def test_an_unknown_home_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", "~nobody-of-that-name")
    with pytest.raises(PostureError, match="POSTURE_CV_HOME=FOLDER"):
        paths.data_dir()
