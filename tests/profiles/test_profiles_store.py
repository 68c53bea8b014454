from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture_cv.atomic import OutputError
from posture_cv.paths import profiles_dir
from posture_cv.profiles import store
from posture_cv.profiles.store import (
    check_name,
    delete_profile,
    list_profiles,
    load_profile,
    profile_names,
    save_profile,
)
from posture_cv.profiles.types import ProfileError
from profile_material import a_profile


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_saved_for_the_owner_only_and_loaded_again() -> None:
    path = save_profile(a_profile("desk"))
    assert path == profiles_dir() / "desk.json"
    assert load_profile("desk").baseline.view == a_profile().baseline.view
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["desk.json"], "nothing temporary is left"


def test_saving_again_replaces() -> None:
    save_profile(a_profile("desk"))
    save_profile(a_profile("desk", reasons=("second",)))
    assert load_profile("desk").quality.reasons == ("second",)


def test_a_copied_file_is_a_profile_of_its_own_name() -> None:
    path = save_profile(a_profile("desk"))
    path.with_name("home office.json").write_bytes(path.read_bytes())
    assert load_profile("home office").name == "home office"


def test_a_path_is_loaded_from_there(tmp_path: Path) -> None:
    path = save_profile(a_profile("desk")).rename(tmp_path / "moved.json")
    assert load_profile(str(path)).name == "moved"


def test_list_shows_the_damaged_one_too() -> None:
    save_profile(a_profile("b"))
    (save_profile(a_profile("a"))).write_text("{}")
    entries = list(list_profiles())
    assert [(entry.name, entry.profile is None) for entry in entries] == [("a", True), ("b", False)]
    assert entries[0].problem is not None


def test_no_folder_means_no_profiles(home: Path) -> None:
    assert profile_names() == []
    assert not home.exists(), "asking makes nothing"


def test_missing_profile_names_what_there_is() -> None:
    save_profile(a_profile("laptop"))
    with pytest.raises(ProfileError, match="no profile 'labtop'") as caught:
        load_profile("labtop")
    assert "laptop" in caught.value.detail
    assert "calibrate --name labtop" in caught.value.what_to_do


def test_delete() -> None:
    path = save_profile(a_profile("desk"))
    assert delete_profile("desk") == path
    assert profile_names() == []
    with pytest.raises(ProfileError):
        delete_profile("desk")


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", ".", "..", "../desk", "a/b", "a\\b", "/etc/passwd", "~", "~root", ".hidden", "-x", "a\0b"),
        *("a\nb", "con", "CON", "nul.desk", "COM1", "lpt9", "a*", "a?", "a:b", "a|b", "a ", "a.", "x" * 101),
        *("é" * 60, "desk;rm", "$HOME", "%PATH%", "\u202edesk", "desk.json", "v1.JSON"),
    ],
)
def test_names_that_no_file_may_have(name: str) -> None:
    with pytest.raises(ProfileError) as caught:
        check_name(name)
    assert caught.value.what_to_do


@pytest.mark.parametrize("name", ["desk", "Büro", "home office", "desk-2", "v1.2", "机", "a" * 100, "x_"])
def test_names_that_may_be(name: str) -> None:
    assert check_name(name) == name


def test_a_name_is_one_however_its_letters_are_put_together() -> None:
    save_profile(a_profile("Bu\u0308ro"))
    assert profile_names() == ["B\u00fcro"]
    assert load_profile("Bu\u0308ro").name == "B\u00fcro"


@given(name=st.text(min_size=1, max_size=60))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    try:
        path = store.profile_path(name)
    except ProfileError:
        return
    assert path.resolve().parent == profiles_dir().resolve()
    assert path.name.endswith(".json")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no valid JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b" " * (store.MAX_BYTES + 1), "larger than"),
        (b"not json", "no valid JSON"),
    ],
)
def test_files_that_are_no_profile(content: bytes, said: str) -> None:
    path = save_profile(a_profile("desk"))
    path.write_bytes(content)
    with pytest.raises(ProfileError) as caught:
        load_profile("desk")
    assert str(path) in caught.value.title
    assert said in caught.value.detail


def test_a_folder_of_that_name() -> None:
    (profiles_dir() / "desk.json").mkdir(parents=True)
    with pytest.raises(ProfileError, match="folder"):
        load_profile("desk")


def test_unwritable_folder_is_said(home: Path) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="Cannot write"):
        save_profile(a_profile("desk"))


def test_a_link_in_the_way_is_replaced_and_its_target_untouched(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    profiles_dir().mkdir(parents=True)
    (profiles_dir() / "desk.json").symlink_to(victim)
    save_profile(a_profile("desk"))
    assert victim.read_text() == "precious"
    assert load_profile("desk").name == "desk"
