from __future__ import annotations

import ast
import errno
import importlib
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import click
import cv2
import pytest
from click.testing import CliRunner

import posture_cv.cli
from cli_runner import Cli
from posture_cv._version import __version__
from posture_cv.cli import COMMANDS, leave_with, module_of
from posture_cv.cli import cli as root
from posture_cv.cli.options import UserPath
from posture_cv.errors import NobodyFoundError, PostureError
from posture_cv.paths import HOME_VARIABLE
from posture_cv.profiles.store import save_profile
from profile_material import a_profile
from source_tree import ROOT

PROGRAM = ("-m", "posture_cv")
HEAVY = ("pydantic", "rich", "cv2", "numpy", "mediapipe", "platformdirs", "av", "jinja2", "asyncio")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["nonsense"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom posture_cv.cli import cli\n"
        f"try:\n    cli({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print('loaded', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded []"


def test_version(cli: Cli) -> None:
    done = cli("--version", program=PROGRAM)
    assert (done.returncode, done.stdout) == (0, f"posture-cv {__version__}\n")


def test_help_lists_every_command_of_the_table(cli: Cli) -> None:
    text = cli("--help", program=PROGRAM).stdout
    for name, short_help in COMMANDS.items():
        assert any(line.split()[:1] == [name] and short_help in line for line in text.splitlines()), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_and_helps(name: str) -> None:
    command = importlib.import_module(f"posture_cv.cli.{module_of(name)}").command
    assert isinstance(command, click.Command)
    result = CliRunner().invoke(root, [name, "--help"])
    assert result.exit_code == 0
    assert "Usage: " in result.output


def test_no_command_is_left_out_of_the_table() -> None:
    folder = Path(posture_cv.cli.__file__).parent
    defining = {
        path.stem
        for path in folder.glob("[a-z]*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "command"
    }
    assert defining == {module_of(name) for name in COMMANDS}


def test_a_wrong_command_is_answered_with_what_is_near(cli: Cli) -> None:
    done = cli("calibrat", program=PROGRAM)
    assert done.returncode == 2
    assert "Did you mean calibrate" in done.stderr


def left_with(error: BaseException, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    def fail() -> None:
        raise error

    with pytest.raises(SystemExit) as caught:
        leave_with(fail)
    return caught.value.code, capsys.readouterr().err


def test_an_error_is_title_detail_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    error = PostureError("No camera 3", "There are: 0, 1.\nNone is busy.", "Choose one.")
    assert left_with(error, capsys) == (
        2,
        "Error: No camera 3\n  There are: 0, 1.\n  None is busy.\n  Choose one.\n",
    )


def test_a_name_in_an_error_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    error = PostureError("Cannot find a\nb\x1b[31m日本.mp4", "It is\r none.\nNor \u202ewas it.")
    assert left_with(error, capsys) == (
        2,
        "Error: Cannot find a?b?[31m日本.mp4\n  It is\n   none.\n  Nor ?was it.\n",
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NobodyFoundError("Nobody"), 1),
        (click.UsageError("no"), 2),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (BrokenPipeError(), 141),
        (OSError(28, "No space left on device"), 2),
        (PermissionError(13, "Permission denied", "/x"), 2),
    ],
)
def test_exit_codes(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    found, said = left_with(error, capsys)
    assert found == code
    assert ("Error" in said) == (code in {1, 2})


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "not enough memory"),
        (cv2.error("std::bad_alloc"), "not enough memory"),
        (RuntimeError("can't start new thread"), "no further thread"),
    ],
)
def test_a_shortage_is_said_in_words(
    error: Exception, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = left_with(error, capsys)
    assert (code, words in said) == (2, True), said


def test_a_programming_error_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        leave_with(lambda: 1 // 0)


def test_debug_variable_keeps_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTURE_CV_DEBUG", "1")

    def fail() -> None:
        raise PostureError("x")

    with pytest.raises(PostureError):
        leave_with(fail)


@pytest.mark.skipif(os.name != "posix", reason="a shell's pipe")
def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from posture_cv.cli import main; main()", "settings", "show"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert said == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("arguments", [["--help"], ["settings", "show"], ["guidance", "all"]])
def test_a_full_disk_behind_stdout_is_said(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "posture_cv", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell's redirections")
@pytest.mark.parametrize("arguments", ["--help", "settings show", "guidance shrug", "status"])
def test_closed_streams_are_no_error(arguments: str) -> None:
    command = f"{sys.executable} -m posture_cv {arguments}"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(f"{command} >&-", shell=True, capture_output=True, text=True, check=False, env=env)
    assert "Traceback" not in done.stderr
    code = 3 if arguments == "status" else 0
    assert done.returncode == code, done.stderr
    silent = subprocess.run(f"{command} >&- 2>&-", shell=True, capture_output=True, check=False, env=env)
    assert silent.returncode == code


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_leaves_quietly() -> None:
    code = (
        "import sys, time\nfrom posture_cv.cli import leave_with\n"
        "def wait():\n    print('waiting', flush=True)\n    time.sleep(60)\n"
        "leave_with(wait)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said == ""


def test_ctrl_c_during_the_imports_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")  # found first: the signal comes just then
    for code in ("import runpy; runpy.run_module('posture_cv', run_name='__main__')", console_command()):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (130, "")


def console_command() -> str:
    """What the installed command does."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        module, name = tomllib.load(file)["project"]["scripts"]["posture-cv"].split(":")
    return f"import sys; from {module} import {name}; sys.exit({name}())"


def test_text_that_the_terminal_cannot_show_is_replaced() -> None:
    code = "from posture_cv.cli import leave_with\nleave_with(lambda: print('B\\xfcro \\u673a'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert done.stdout.strip() == b"B?ro ?"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--at", "nan"),
        ("monitor", "--duration", "nan"),
        ("calibrate", "--start", "nan"),
        ("agree", "results", "labels.csv", "--edge", "nan"),
        ("bench", "--minutes", "nan"),
        ("import", "marks.csv", "--fps", "nan", "--out", "marks.landmarks"),
        ("replay", "desk.mp4", "--alert-after", "nan"),
    ],
    ids=lambda words: words[0],
)
def test_nan_is_no_number(arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(root, arguments)
    assert done.exit_code == 2
    assert "nan is no number" in done.output


def _commands(command: click.Command) -> list[click.Command]:
    context = click.Context(command)
    below = (
        [command.get_command(context, name) for name in command.list_commands(context)]
        if isinstance(command, click.Group)
        else []
    )
    return [command, *(found for sub in below if sub is not None for found in _commands(sub))]


def test_every_path_may_begin_at_a_home_folder() -> None:
    """`--out=~/x` is left as it is by a shell; no command may make a folder called `~` of it."""
    commands = _commands(root)
    paths = [
        (command.name, param.name, param.type)
        for command in commands
        for param in command.params
        if isinstance(param.type, click.Path) and not getattr(param, "hidden", False)
    ]
    assert len(paths) > 20
    assert [(command, param) for command, param, kind in paths if not isinstance(kind, UserPath)] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", ""),
        ("export", "", "--format", "csv", "--out", "o"),
        ("replay", "a.landmarks", "--calibrate", "0:5", "--out", ""),
        ("replay", "", "--calibrate", "0:5", "--out", "o"),
    ],
)
def test_an_empty_path_is_not_the_folder_one_is_in(
    cli: Cli, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--out "$RESULTS"` of a variable that is not set must not lay results about."""
    monkeypatch.chdir(tmp_path)
    Path("a.landmarks").write_bytes((ROOT / "samples" / "desk-side.landmarks").read_bytes())
    done = cli.here(*arguments)
    assert (done.returncode, "path is empty" in done.stderr) == (2, True), done.stderr
    assert [file.name for file in Path().iterdir()] == ["a.landmarks"]


ADDRESS = "rtsp://me:1234/hunter2@cam.local/x"


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", ADDRESS),
        ("report", "r", "--out", ADDRESS),
        ("report", "r", "--thumbnails", ADDRESS),
        ("export", ADDRESS, "--out", "o"),
        ("export", "r", "--out", ADDRESS),
        ("agree", ADDRESS, "labels.csv"),
        ("agree", "r", ADDRESS),
        ("agree", "r", "labels.csv", "--frames", "f", "--video", ADDRESS),
        ("import", ADDRESS, "--out", "x.landmarks"),
        ("import", "x.csv", "--out", ADDRESS),
        ("sweep", ADDRESS, "--calibrate", "0:8", "--out", "o"),
        ("sweep", "x.landmarks", "--labels", ADDRESS, "--out", "o"),
        ("evaluate", ADDRESS),
        ("evaluate", "x", "--page", ADDRESS),
        ("replay", "x.landmarks", "--calibrate", "0:8", "--out", ADDRESS),
        ("replay", ADDRESS.replace("rtsp", "rtmp"), "--calibrate", "0:8", "--out", "o"),
        ("replay", str(ROOT / "samples" / "desk-side.landmarks"), "--profile", ADDRESS, "--out", "o"),
        ("bench", ADDRESS),
        ("profiles", "show", ADDRESS),
        ("settings", "init", "--out", ADDRESS),
        ("guidance", ADDRESS),
        (ADDRESS,),
    ],
)
def test_an_address_where_something_else_belongs_is_refused_without_its_password(
    cli: Cli, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli.here(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Error: " in done.stderr
    assert not [word for word in ("hunter2", "1234") if word in done.stdout + done.stderr], done.stderr
    assert not list(tmp_path.rglob("*hunter2*"))


STEERING = "\x1b]0;mine\x07\x1b[31m\u202e"


def says_nothing_that_steers(cli: Cli, arguments: tuple[str, ...]) -> None:
    """A command that goes well prints no character that the terminal would obey."""
    done = cli.here(*arguments)
    assert done.returncode == 0, done.stderr
    assert not set("\x1b\x07\u202e") & set(done.stdout + done.stderr), arguments


@pytest.mark.skipif(os.name != "posix", reason="other systems allow no such names")
def test_the_name_of_a_file_does_not_steer_the_terminal(cli: Cli, tmp_path: Path) -> None:
    """Where all goes well, too: somebody else may have named the recording or the folder."""
    recording = tmp_path / f"a{STEERING}.landmarks"
    recording.write_bytes((ROOT / "samples" / "desk-side.landmarks").read_bytes())
    out = tmp_path / f"o{STEERING}"
    for arguments in (
        ("replay", str(recording), "--calibrate", "0:6", "--out", str(out)),
        ("export", str(out), "--format", "csv", "--out", str(tmp_path / f"e{STEERING}")),
        ("settings", "init", "--out", str(tmp_path / f"s{STEERING}.toml")),
        ("agree", str(out), str(tmp_path / f"q{STEERING}.csv"), "--ask", "1"),
    ):
        says_nothing_that_steers(cli, arguments)


@pytest.mark.skipif(os.name != "posix", reason="other systems allow no such names")
def test_a_place_or_an_origin_does_not_steer_the_terminal(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is deleted, exported and read is named, too; each line is one, whatever a name holds."""
    home = tmp_path / f"h{STEERING}\n"
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    save_profile(a_profile("me"))
    recordings = [tmp_path / f"{name}{STEERING}\n.landmarks" for name in "ab"]
    for recording in recordings:
        recording.write_bytes((ROOT / "samples" / "desk-side.landmarks").read_bytes())
    for arguments in (
        ("export", *map(str, recordings), "--format", "trc", "--out", str(tmp_path / "out")),
        ("settings", "show"),
        ("privacy", "show"),
        ("profiles", "delete", "me", "--yes"),
        ("profiles", "list"),
    ):
        says_nothing_that_steers(cli, arguments)


@pytest.mark.skipif(os.name != "posix", reason="other systems allow no such names")
def test_what_an_interrupted_recording_has_left_does_not_steer_the_terminal(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("posture_cv.replay.record.record", interrupt)
    out = tmp_path / f"o{STEERING}.landmarks"
    out.write_bytes((ROOT / "samples" / "desk-side.landmarks").read_bytes())
    done = cli.here("record", str(ROOT / "samples" / "desk-side.mp4"), "--out", str(out))
    assert done.returncode == 130
    assert "Interrupted" in done.stderr
    assert not set("\x1b\x07\u202e") & set(done.stderr)
