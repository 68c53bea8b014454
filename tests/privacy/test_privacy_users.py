"""Other users of this machine: what they may not read, say, or lay in the way; and what is stored is all told."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from damage_material import sitting, write
from limited import NOBODY, environment, run_limited
from monitor.monitor_material import Desk, stretches
from once import made_once
from posture_cv.errors import PostureError
from posture_cv.history.store import History
from posture_cv.monitor import commands as cmd
from posture_cv.monitor import traces
from posture_cv.monitor.background import open_log
from posture_cv.monitor.control.channel import SOCKET_NAME
from posture_cv.monitor.control.client import ask
from posture_cv.monitor.control.server import ControlServer
from posture_cv.monitor.instance import LOCK_NAME, SingleInstance
from posture_cv.monitor.keeping import HistorySink
from posture_cv.monitor.status import StatusBoard
from posture_cv.paths import HOME_VARIABLE
from posture_cv.profiles.store import save_profile
from profile_material import a_profile
from source_tree import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="users and links of POSIX")
CLIP = ROOT / "samples" / "desk-front.mp4"
RECORDING = ROOT / "samples" / "desk-front.landmarks"
CONNECT = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(5)
try:
    client.connect(sys.argv[1])
    client.sendall(b'{"verb": "status"}\\n')
    print("answer", client.recv(1000))
except PermissionError:
    print("refused")
except ConnectionError:
    print("hung up on")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[tuple[Path, cmd.Commands]]:
    """A running control channel at a place that everybody can reach, but for the channel's own folder."""
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o011)
    folder = tmp_path / "runtime"
    folder.mkdir()
    commands = cmd.Commands()
    with ControlServer(folder, StatusBoard(), commands, lambda: 0.0, "unix"):
        yield folder, commands


def as_nobody(code: str, *arguments: str) -> str:
    """What a program of another user prints."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("it takes root to become another user")
    command = [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        sys.executable,
        "-I",
        "-c",
        code,
    ]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        pytest.skip(f"this Python cannot be run by another user: {done.stderr[-200:]}")
    return done.stdout.strip()


def test_another_user_cannot_reach_the_control_channel(folder: tuple[Path, cmd.Commands]) -> None:
    assert as_nobody(CONNECT, str(folder[0] / SOCKET_NAME)) == "refused"
    assert ask("ping", folder=folder[0], transport="unix")["ok"]


def test_another_user_who_gets_there_is_not_answered(folder: tuple[Path, cmd.Commands]) -> None:
    """Even where the rights of folder and socket were opened: the kernel says who is at the other end."""
    folder[0].chmod(0o777)
    (folder[0] / SOCKET_NAME).chmod(0o666)
    assert as_nobody(CONNECT, str(folder[0] / SOCKET_NAME)) in ("answer b''", "hung up on")
    assert folder[1].take() is None


def test_links_laid_in_the_way_are_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may write into a folder before us gains nothing over our other files."""
    home = tmp_path / "home"
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    victim = tmp_path / "victim"
    victim.write_text("precious")
    places = [
        home / "runtime" / LOCK_NAME,
        home / "runtime" / SOCKET_NAME,
        home / "state" / "monitor.log",
        home / "state" / "monitor-state.json",
        home / "data" / "history.sqlite3",
        home / "data" / "profiles" / "desk.json",
    ]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(victim)

    attempts: list[Callable[[], object]] = [
        lambda: SingleInstance(home / "runtime").__enter__().__exit__(None, None, None),
        lambda: os.close(open_log()),
        lambda: History(home / "data" / "history.sqlite3"),
        lambda: save_profile(a_profile("desk")),
    ]
    for attempt in attempts:
        with suppress(PostureError):
            attempt()
    with ControlServer(home / "runtime", StatusBoard(), cmd.Commands(), lambda: 0.0, "unix"):
        assert stat.S_ISSOCK((home / "runtime" / SOCKET_NAME).lstat().st_mode)
    assert victim.read_text() == "precious"
    assert stat.S_IMODE(victim.stat().st_mode) == 0o644 & ~_umask()


def _umask() -> int:
    old = os.umask(0)
    os.umask(old)
    return old


@pytest.mark.skipif(not RECORDING.exists(), reason="the samples are not in this tree")
def test_links_in_a_shared_output_folder_are_not_followed(tmp_path: Path) -> None:
    victim, out, home = tmp_path / "victim", tmp_path / "shared", tmp_path / "h"
    victim.write_text("precious")
    out.mkdir(mode=0o777)
    home.mkdir()
    for name in (
        "measurements.csv",
        "alerts.jsonl",
        "summary.json",
        "landmarks.landmarks",
        "landmarks.landmarks.part",
    ):
        (out / name).symlink_to(victim)
    done = run_limited(
        ["replay", str(RECORDING), "--calibrate", "0:8", "--every", "1hz", "--out", str(out)], home
    )
    assert done.returncode in (0, 2), done.stderr
    assert victim.read_text() == "precious"
    assert done.returncode == 2 or not (out / "summary.json").is_symlink()


@pytest.mark.skipif(not CLIP.exists(), reason="the samples are not in this tree")
@pytest.mark.parametrize("theirs", [True, False])
def test_a_folder_s_name_that_leads_elsewhere_costs_nobody_a_file(tmp_path: Path, theirs: bool) -> None:
    """In a shared folder anybody may lay a link called as a folder of ours is, and a list of what an export wrote."""
    if theirs and os.geteuid() != 0:
        pytest.skip("it takes root to lay another user's link")
    diary, shared, home = tmp_path / "diary", tmp_path / "shared", tmp_path / "h"
    for folder in (diary, shared, home):
        folder.mkdir()
    (diary / "2026.txt").write_text("precious")
    (shared / ".exported.json").write_text('{"csv": ["2026.txt"]}')
    run_limited(["replay", str(RECORDING), "--calibrate", "0:8", "--out", str(tmp_path / "out")], home)
    for name in (".parts", "csv", "figures"):
        (shared / name).symlink_to(diary)
        if theirs:
            os.lchown(shared / name, NOBODY, NOBODY)
    profile = str(ROOT / "samples" / "desk-front.profile.json")
    commands = [
        ["replay", str(clip_of_a_second(tmp_path)), "--profile", profile, "--out", str(shared)],
        *([["export", str(tmp_path / "out"), "--format", "csv", "--out", str(shared)]] if theirs else []),
        ["report", str(tmp_path / "out"), "--no-open", "--out", str(shared)],
    ]
    for command in commands:
        done = run_limited(command, home)
        assert done.returncode == (2 if theirs else 0), done.stderr
        assert ("It is a link of another user" in done.stderr) is theirs
    assert (diary / "2026.txt").read_text() == "precious"
    assert not theirs or [path.name for path in diary.iterdir()] == ["2026.txt"]


def clip_of_a_second(folder: Path) -> Path:
    return write(folder / "clip.mp4", sitting(10))


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """After some days of use of every command that keeps something."""
    home = tmp_path / "h"
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    shutil.copytree(made_once(tmp_path_factory, "used_home", _use) / "h", home)
    return home


def _use(folder: Path) -> None:
    home = folder / "h"
    home.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(HOME_VARIABLE, str(home))
        _use_home(home)


def _use_home(home: Path) -> None:
    desk = Desk(stretches(("good", 1.0)), 20.0)
    parts = desk.parts()
    save_profile(a_profile("desk"))
    with HistorySink(
        History(home / "data" / "history.sqlite3"), lambda _: None, source="s", profile="p", days=9
    ) as sink:
        parts.sinks = [sink]
        desk.run(parts)
    with SingleInstance(home / "runtime"):
        os.close(open_log())
    for command in (["settings", "init"], ["report", "month", "--no-open"]):
        assert run_limited(command, home).returncode == 0
    if RECORDING.exists():
        profile = str(ROOT / "samples" / "desk-front.profile.json")
        played = ["monitor", str(RECORDING), "--profile", profile, "--speed", "max", "--no-notifications"]
        assert run_limited(played, home).returncode == 0
        assert (
            run_limited(
                ["calibrate", "--from", str(RECORDING), "--end", "8", "--name", "mine"], home
            ).returncode
            == 0
        )


def test_privacy_lists_every_file_and_deletes_it(home: Path) -> None:
    shown = json.loads(run_limited(["privacy", "show", "--json"], home).stdout)["stored"]
    listed = {part["part"]: (Path(part["path"]), part["files"]) for part in shown}
    files = {path for path in home.rglob("*") if path.is_file() or path.is_socket()}
    assert len(files) >= 6
    companions = {
        place.with_name(place.name + end) for place, _ in listed.values() for end in ("-wal", "-shm")
    }
    for path in files:
        belongs = any(path == place or path.is_relative_to(place) for place, _ in listed.values())
        assert belongs or path in companions, f"{path} is not told of"
    assert sum(count for _, count in listed.values()) == len(files)
    assert all(part["mode"] in ("", "0600", "0700") for part in shown), shown
    said = run_limited(["privacy"], home).stdout
    assert all(str(place) in said for place, _ in listed.values())
    assert "yours to delete" in said, "what was written elsewhere is not passed over in silence"
    cut_off = home / "config" / ".settings.toml.abc123.part"
    cut_off.write_text("half")
    done = run_limited(["privacy", "delete", "--all", "--yes"], home)
    assert done.returncode == 0, done.stderr
    assert not list(home.iterdir()), "no empty folder is left either"


def test_deleting_takes_nothing_that_the_program_did_not_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """POSTURE_CV_HOME may name a folder in which the user keeps a `cache` or a `state` of their own."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    own = [tmp_path / name for name in ("cache/thesis.db", "state/plan.txt", "runtime/writing/draft.odt")]
    own += [tmp_path / "data" / "reports" / "1999.pdf", tmp_path / "state" / "deep" / "monitor.log"]
    ours = [tmp_path / "state" / "monitor.log", tmp_path / "data" / "profiles" / "me.json"]
    ours += [tmp_path / "data" / "profiles" / ".me.json.abcdefgh.part"]
    ours += [tmp_path / "data" / f"history.sqlite3{end}" for end in ("", "-wal", "-shm", "-journal")]
    for file in (*own, *ours):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    assert sum(trace.files for trace in traces.traces()) == len(ours)
    for part in traces.PARTS:
        traces.delete(part)
    traces.remove_empty_folders()
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(own)
    assert not (tmp_path / "data" / "profiles").exists()


def test_everything_is_for_its_owner_only_whatever_the_umask(home: Path, tmp_path: Path) -> None:
    for path in home.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    open_home = tmp_path / "open"
    open_home.mkdir()
    code = (
        "import os, runpy, sys; os.umask(0); sys.argv = ['posture-cv', 'settings', 'init'];"
        "runpy.run_module('posture_cv', run_name='__main__')"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(open_home), capture_output=True, check=False)
    made = list(open_home.rglob("*"))
    assert made
    assert not [path for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077]
