from __future__ import annotations

import errno
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli_runner import Cli
from posture_cv.atomic import (
    OutputError,
    atomic_path,
    check_target,
    output_error,
    private_folder,
    write_atomic,
)
from posture_cv.file_facts import json_object


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


def test_written_whole_for_the_owner_only(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", "größer")
    assert (tmp_path / "a").read_bytes() == "größer".encode()
    assert names_in(tmp_path) == ["a"]
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_half_a_character_is_written_as_an_escape_that_json_reads_back(tmp_path: Path) -> None:
    """Such as stands for a byte of a file's name that is no UTF-8."""
    write_atomic(tmp_path / "a", '{"ö": "bjo\udcf8rn"}')
    assert json_object(tmp_path / "a") == {"ö": "bjo\udcf8rn"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_after_an_error_the_old_content_stands_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    write_atomic(tmp_path / "a", "old")

    def interrupted() -> None:
        with atomic_path(tmp_path / "a") as part:
            part.write_text("half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert (tmp_path / "a").read_text() == "old"
    assert names_in(tmp_path) == ["a"]


@posix
def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "a").symlink_to(tmp_path / "victim")
    write_atomic(tmp_path / "a", "new")
    assert (tmp_path / "victim").read_text() == "precious"
    assert not (tmp_path / "a").is_symlink()


@pytest.mark.parametrize("place", ["missing/a", "file/a", "n" * 300])
def test_what_cannot_be_written_is_said(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError) as caught:
        write_atomic(tmp_path / place, "x")
    assert str(tmp_path / place) in caught.value.title
    assert caught.value.detail
    assert caught.value.what_to_do
    assert names_in(tmp_path) == ["file"]


@pytest.fixture(params=["pipe", "socket", "device", "link to a device"])
def no_file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    place = tmp_path / "out.html"
    if request.param == "pipe":
        os.mkfifo(place)
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(place.name)
    elif request.param == "device":
        try:
            os.mknod(place, stat.S_IFCHR | 0o600, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("making a device takes root")
    else:
        place.symlink_to(os.devnull)
    return place


@posix
def test_what_is_no_file_is_not_replaced_by_one(no_file: Path) -> None:
    """`--out /dev/null`, said by root, took the system's device away."""
    before = no_file.lstat()
    with pytest.raises(OutputError, match="Cannot write"):
        write_atomic(no_file, "text")
    with pytest.raises(OutputError, match="Cannot write"):
        check_target(no_file, kind="an HTML page", is_kind=lambda _: True)
    assert no_file.lstat() == before
    assert [path.name for path in no_file.parent.iterdir()] == [no_file.name]


def test_a_folder_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError):
        write_atomic(tmp_path / "a", "x")
    assert names_in(tmp_path) == ["a"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="may write to"):
        write_atomic(tmp_path / "locked" / "a", "x")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EIO])
def test_where_the_programs_own_folders_cannot_be_written_the_way_to_name_others_is_said(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path / "home"))
    error = OSError(code, os.strerror(code))
    own = output_error(tmp_path / "home" / "data" / "profiles" / "desk.json", error)
    assert "name another place with POSTURE_CV_HOME=FOLDER." in own.what_to_do
    assert ("Make room on the disk" in own.what_to_do) == (code == errno.ENOSPC)
    for theirs in (tmp_path / "out.csv", tmp_path / "home2" / "data", tmp_path / "home"):
        assert "POSTURE_CV_HOME" not in output_error(theirs, error).what_to_do


def test_a_home_that_cannot_be_made_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("in the way")
    Cli().fails("settings", "init", said="POSTURE_CV_HOME=FOLDER")


@posix
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the full disk: the same call fails in the same place."""
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from posture_cv.atomic import OutputError, write_atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    write_atomic(Path(sys.argv[1]) / 'a', b'x' * 5000)\n"
        "except OutputError as error:\n    print(error.what_to_do)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "Make room on the disk" in done.stdout
    assert names_in(tmp_path) == []


def test_an_error_of_the_callers_own_is_not_blamed_on_the_output(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        (tmp_path / "elsewhere").read_bytes()
    assert names_in(tmp_path) == []


def test_private_folder_makes_its_parents_private_too(tmp_path: Path) -> None:
    private_folder(tmp_path / "a" / "b")
    private_folder(tmp_path / "a" / "b")
    if os.name == "posix":
        assert {stat.S_IMODE((tmp_path / p).stat().st_mode) for p in ("a", "a/b")} == {0o700}
    (tmp_path / "file").write_text("")
    for place in ("file", "file/x"):
        with pytest.raises(OutputError):
            private_folder(tmp_path / place)


@pytest.mark.parametrize("text", ["", "{", "[1]", "\xff", "[" * 100_000, '{"a":' * 100_000])
def test_what_is_no_json_object_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="latin-1")
    assert json_object(tmp_path / "a.json") is None
    assert json_object(tmp_path / "missing.json") is None
