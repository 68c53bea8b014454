"""The command line: a table of commands, each imported when it is called, and one place that prints errors.

Importing this module imports click and nothing else that is heavy, so that `posture-cv --help` is quick.
"""

from __future__ import annotations

import errno
import importlib
import keyword
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

import click

from posture_cv._version import __version__
from posture_cv.errors import INTERRUPTED, PostureError, ShortageError

DEBUG_VARIABLE: Final = "POSTURE_CV_DEBUG"  # set: errors keep their traceback
PIPE_CLOSED: Final = 128 + 13  # as the shell reports a program whose reader went away

# A command NAME is `command` in the module posture_cv.cli.NAME (an underscore for a dash, and after a Python
# keyword). The texts stand here so that --help imports none.
COMMANDS: Final[Mapping[str, str]] = {
    "calibrate": "Make a profile of how you want to sit.",
    "monitor": "Watch through the camera and say when a poor posture lasts.",
    "status": "What the running monitor sees now.",
    "pause": "Pause the running monitor: 30m, until 14:00, tomorrow.",
    "resume": "End a pause.",
    "recalibrate": "Make the running monitor's baseline anew.",
    "stop": "End the running monitor.",
    "check": "Show every quantity now: how near the limits you are.",
    "explain": "Why an alert came.",
    "feedback": "Say whether an alert was right.",
    "report": "One page about today, the week, the month, or about results.",
    "history": "See, export or delete what the monitor has written down.",
    "autostart": "Start the monitor with your desktop session.",
    "tray": "Show the running monitor's state in the tray (extra: desktop).",
    "profiles": "List, show or delete profiles.",
    "replay": "Replay a recording and write what was seen.",
    "record": "Record landmarks of a source, without pictures.",
    "replay-pair": "Judge a front and a side recording together.",
    "import": "Bring in landmarks that other programs made.",
    "sweep": "Alerts an hour, precision and recall for many settings.",
    "study": "From videos and a manifest to the page of a study.",
    "export": "Write results as open data: CSV, Parquet, Motion-BIDS, OpenSim.",
    "agree": "Compare a rater's labels with the program's answers.",
    "evaluate": "Measure the accuracy on a labelled data set.",
    "guidance": "Read what to do, from the five documents.",
    "exercise": "Be led through an exercise, counted by the camera.",
    "privacy": "See what is stored where, or delete it.",
    "settings": "Show the settings, or begin a settings file.",
    "bench": "Measure what it costs on this machine.",
    "doctor": "Check cameras, models, display, notifications and folders.",
}


def module_of(command_name: str) -> str:
    """The module of a command, below this package."""
    plain = command_name.replace("-", "_")
    return f"{plain}_" if keyword.iskeyword(plain) else plain


class LazyGroup(click.Group):
    """Knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of the table, which is the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"posture_cv.cli.{module_of(cmd_name)}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a wrong name is answered with what is near."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=2)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table itself, so that help imports no command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - click has several signatures
        """Run and leave with the exit code; see `leave_with`."""
        extra["standalone_mode"] = False
        leave_with(lambda: click.Group.main(self, *args, **extra))


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="posture-cv", message="%(prog)s %(version)s")
def cli() -> None:
    """Watch your sitting posture through a webcam or in recorded video, on your own machine.

    \b
    Begin with:  posture-cv calibrate     sit as you want to sit
    Then:        posture-cv monitor       be told when you do not
    No picture leaves your machine, and none is kept unless you ask for it.
    """


def main() -> None:
    """The command `posture-cv`."""
    cli.main(prog_name="posture-cv")


def run(name: str, *, prog_name: str) -> NoReturn:
    """Run one command as a program of its own (`python -m calibration`)."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    leave_with(lambda: command.main(prog_name=prog_name, standalone_mode=False, **cli.context_settings))


def leave_with(call: Callable[[], object]) -> NoReturn:
    """Call, print what went wrong in one way, and leave with the exit code: the one place that prints errors.

    0 it worked; 1 it worked and found nobody, or something to report; 2 a fault, which is printed as what,
    where and what to do; 3 some of many failed; 130 Ctrl-C; 141 the reader of the output went away.
    """
    _ready_streams()
    code = _outcome(call)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _output_failed(error)
    try:
        sys.stderr.flush()
    except OSError:  # the terminal is gone: nobody is left to be told
        from posture_cv.output.streams import discard_rest

        discard_rest(sys.stderr)
    sys.exit(code)


def _outcome(call: Callable[[], object]) -> int:
    try:
        result = call()
    except (PostureError, click.ClickException) as error:
        return _reported(error)
    except (click.Abort, KeyboardInterrupt) as error:
        return _aborted(error)
    except SystemExit as error:
        if _reader_went_away(error):
            return _output_failed(BrokenPipeError())
        raise
    except Exception as error:
        said = ShortageError.of(error) or error
        if not isinstance(said, PostureError | OSError):
            raise
        return _reported(said)
    return result if isinstance(result, int) else 0


def _reader_went_away(error: SystemExit) -> bool:
    """Rich and click answer a closed pipe by leaving with 1; click lets a wrapper swallow what follows."""
    return isinstance(error.__context__, BrokenPipeError) or "PacifyFlush" in type(sys.stdout).__name__


def _reported(error: PostureError | click.ClickException | OSError) -> int:
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if os.environ.get(DEBUG_VARIABLE):
        raise error
    if isinstance(error, OSError):
        return _output_failed(error)
    _print_error(error)
    return error.exit_code


def _aborted(error: click.Abort | KeyboardInterrupt) -> int:
    """Ctrl-C leaves quietly; a question without anybody to answer it says so."""
    if isinstance(error.__context__, EOFError):
        click.echo("Error: a question was asked and there is nobody to answer it.", err=True)
        return 2
    return INTERRUPTED


def _output_failed(error: OSError) -> int:
    """A closed pipe is no fault; anything else that the system refuses is said in its own words."""
    from posture_cv.output.streams import discard_rest

    if isinstance(error, BrokenPipeError) or (error.errno == errno.EINVAL and os.name == "nt"):
        discard_rest(sys.stdout)
        return PIPE_CLOSED
    discard_rest(sys.stdout)
    where = f": {error.filename}" if error.filename else " while writing to the terminal or its redirection"
    _print_error(
        PostureError(
            f"{error.strerror or error}{where}",
            "",
            f"Check that place. {DEBUG_VARIABLE}=1 shows where it happened.",
        )
    )
    return PostureError.exit_code


def _print_error(error: PostureError) -> None:
    from posture_cv.output.text import lines_for, one_line

    colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    click.echo(click.style("Error: ", fg="red", bold=True) + one_line(error.title), err=True, color=colour)
    for part in (error.detail, error.what_to_do):
        for line in filter(None, part.splitlines()):
            for words in lines_for(sys.stderr, f"  {one_line(line)}"):
                click.echo(words, err=True, color=colour)


def _ready_streams() -> None:
    """A terminal that cannot show a character shows a question mark; where there is none, text goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed before the start, or a program without a console
            from pathlib import Path

            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - to the end
        reconfigure = getattr(getattr(sys, name), "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
