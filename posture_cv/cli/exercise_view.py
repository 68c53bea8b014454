"""How an exercise shows itself: a live line in a terminal, plain lines elsewhere, the mirrored picture beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Protocol

import click

from posture_cv.cli.echo import echo_json, print_indented, reading_console
from posture_cv.exercise import wording
from posture_cv.exercise.guide import Cue, Stage
from posture_cv.exercise.plan import Plan
from posture_cv.exercise.types import ExerciseReport, Phase, Progress, Repetition
from posture_cv.guidance.entries import Catalogue, Entry
from posture_cv.output.window import NoDisplayError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from posture_cv.capture import Frame
    from posture_cv.landmarks.types import Landmarks
    from posture_cv.output.window import PreviewWindow

TITLE: Final = "posture-cv: exercise"
_STYLES: Final = {
    Stage.HOLD: "bold green",
    Stage.MOVE: "bold cyan",
    Stage.RELEASE: "bold cyan",
    Stage.DO: "bold cyan",
}
_BAR_COLUMNS: Final = 20
_LIST_WIDTH: Final = 60


class View(Protocol):
    """Shows a moment of an exercise; a context manager."""

    def update(
        self,
        cue: Cue,
        progress: Progress | None = None,
        frame: Frame | None = None,
        lm: Landmarks | None = None,
    ) -> bool:
        """Show it; False when the user wants to stop."""


@contextmanager
def view_for(plan: Plan, *, window: PreviewWindow | None, optional: bool, bell: bool) -> Iterator[View]:
    """A live line where stdout is a terminal, plain lines elsewhere; beside the picture where there is a window.

    An `optional` window that cannot be shown after all is left out; any other is an error.
    """
    console = reading_console()
    with ExitStack() as stack:
        shown: View
        if console.is_terminal and not console.is_dumb_terminal:
            shown = LiveView(stack, console, plan, bell=bell)
        else:
            shown = PlainView(plan)
        yield shown if window is None else PictureView(window, shown, plan, optional=optional)


class LiveView:
    """Two lines that are drawn over and over: what to do with the time left; where one is and what was seen."""

    def __init__(self, stack: ExitStack, console: Console, plan: Plan, *, bell: bool) -> None:
        from rich.live import Live

        self._plan = plan
        self._bell = bell
        self._console = console
        self._last: tuple[Stage, int] | None = None
        self._live: Live = stack.enter_context(Live(console=console, refresh_per_second=10, transient=True))

    def update(
        self,
        cue: Cue,
        progress: Progress | None = None,
        frame: Frame | None = None,  # noqa: ARG002 - see View
        lm: Landmarks | None = None,  # noqa: ARG002 - see View
    ) -> bool:
        """Draw it again."""
        self._live.update(live_text(cue, progress, self._plan, self._console.width))
        here = (cue.stage, cue.item.number if cue.item else -1)
        if self._bell and self._last not in (None, here):
            self._console.bell()
        self._last = here
        return True


def live_text(cue: Cue, progress: Progress | None, plan: Plan, width: int) -> Text:
    """Both lines; each is cut rather than wrapped, so that the picture does not jump."""
    from rich.text import Text

    first = Text(wording.instruction(cue, plan), style=_STYLES.get(cue.stage, "bold"), no_wrap=True)
    if cue.left_s is not None:
        first.append(f"  {cue.left_s:4.1f} s  ")
        first.append(_bar(cue), style="dim")
    where = wording.position(cue.item) if cue.item else ""
    seen = wording.seen_note(progress, cue, plan.check)
    second = Text("   ".join(part for part in (where, seen) if part), style="dim", no_wrap=True)
    for line in (first, second):
        line.truncate(width, overflow="ellipsis")
    return Text("\n").join([first, second])


def _bar(cue: Cue) -> str:
    whole_s = cue.item.hold_s if cue.stage is Stage.HOLD and cue.item else None
    if not whole_s or cue.left_s is None:
        return ""
    done = round(_BAR_COLUMNS * (1 - cue.left_s / whole_s))
    return "#" * done + "-" * (_BAR_COLUMNS - done)


class PlainView:
    """A line whenever there is something new to say."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._last_cue = ""
        self._last_seen = ""

    def update(
        self,
        cue: Cue,
        progress: Progress | None = None,
        frame: Frame | None = None,  # noqa: ARG002 - see View
        lm: Landmarks | None = None,  # noqa: ARG002 - see View
    ) -> bool:
        """Say what is new."""
        self._say_cue(cue)
        if progress is not None and progress.finished is not None:
            click.echo(f"  seen: {wording.repetition_line(progress.count, progress.finished).strip()}")
        elif progress is not None and progress.phase in (Phase.UNSEEN, Phase.WAITING):
            self._say_seen(f"  {wording.seen_note(progress, cue, self._plan.check)}")
        sys.stdout.flush()
        return True

    def _say_cue(self, cue: Cue) -> None:
        where = f" ({wording.position(cue.item)})" if cue.item and wording.position(cue.item) else ""
        hold = f", {cue.item.hold_s:g} s" if cue.stage is Stage.HOLD and cue.item and cue.item.hold_s else ""
        text = f"{wording.instruction(cue, self._plan)}{hold}{where}"
        if text != self._last_cue:
            self._last_cue = text
            click.echo(text)

    def _say_seen(self, text: str) -> None:
        if text != self._last_seen:
            self._last_seen = text
            click.echo(text)


class PictureView:
    """The camera's picture as in a mirror, with the instruction on it, beside another view."""

    def __init__(self, window: PreviewWindow, beside: View, plan: Plan, *, optional: bool = False) -> None:
        self._window: PreviewWindow | None = window
        self._optional = optional
        self._beside = beside
        self._plan = plan

    def update(
        self,
        cue: Cue,
        progress: Progress | None = None,
        frame: Frame | None = None,
        lm: Landmarks | None = None,
    ) -> bool:
        """Show both; False once the window was closed."""
        self._beside.update(cue, progress)
        if frame is None or self._window is None:
            return True
        left = "" if cue.left_s is None else f"  {cue.left_s:.0f} s"
        where = wording.position(cue.item) if cue.item else ""
        seen = wording.seen_note(progress, cue, self._plan.check)
        lines = [part for part in (where, seen) if part]
        picture = mirrored_picture(frame, lm, lines, wording.instruction(cue, self._plan) + left, progress)
        try:
            return self._window.show(picture)
        except NoDisplayError:
            if not self._optional:
                raise
            self._window = None
            return True


def preview_window(stack: ExitStack) -> PreviewWindow:
    """A window that the stack closes; raises NoDisplayError where there is no display.

    To be called before a video is opened: PyAV brings its own libxcb, and a cv2 that is imported after it never
    returns from showing a picture (PyAV issue 978; seen with av 18.1 and opencv-python 5.0).
    """
    import cv2  # noqa: F401 - see above

    from posture_cv.output.window import PreviewWindow

    return stack.enter_context(PreviewWindow(TITLE))


def counted_picture(frame: Frame, lm: Landmarks, progress: Progress, plan: Plan) -> NDArray[np.uint8]:
    """A picture of a recording with what was counted up to it."""
    cue = Cue(Stage.DONE, None, None, by_clock=False)
    note = wording.seen_note(progress, cue, plan.check)
    return mirrored_picture(frame, lm, [note], plan.entry.title, progress)


def mirrored_picture(
    frame: Frame, lm: Landmarks | None, lines: list[str], label: str, progress: Progress | None
) -> NDArray[np.uint8]:
    """The picture with the skeleton, left and right exchanged, and text that still reads."""
    import numpy as np

    from posture_cv.landmarks.types import Landmarks
    from posture_cv.output.draw import AMBER, GREEN, GREY, draw_overlay

    drawn = frame.image_bgr if lm is None else draw_overlay(frame.image_bgr, lm)
    colours = {Phase.ACTIVE: GREEN, Phase.UNSEEN: AMBER, Phase.WAITING: AMBER, Phase.REST: GREY}
    colour = GREY if progress is None else colours[progress.phase]
    mirrored = np.ascontiguousarray(drawn[:, ::-1])
    return draw_overlay(mirrored, Landmarks.empty(1), lines, label, colour)


def print_exercise(catalogue: Catalogue, plan: Plan, *, leading: bool) -> None:
    """The safety line first; then the exercise, its steps and its dose."""
    console = reading_console()
    _print_safety(console, catalogue)
    entry = plan.entry
    print_indented(console, entry.title, 0, style="bold")
    if leading:
        print_indented(console, entry.text, 2)
        for number, step in enumerate(entry.steps, start=1):
            print_indented(console, step, 2, mark=f"{number}. ")
    if entry.dose:
        print_indented(console, f"Dose: {entry.dose.as_sentence()}", 2)
    print_indented(console, f'"{entry.quotation}" ({catalogue.citation(entry)})', 2, style="dim")


def print_camera_note(plan: Plan, *, with_camera: bool) -> None:
    """What the camera can do for the exercise; to be printed when it is known whether there is one."""
    console = reading_console()
    print_indented(console, wording.camera_note(plan, with_camera=with_camera), 2, style="yellow")
    console.print()


def _print_safety(console: Console, catalogue: Catalogue) -> None:
    ours, document = wording.safety_lines(catalogue)
    print_indented(console, ours, 0, style="bold yellow")
    print_indented(console, document, 2, style="dim")
    print_indented(console, catalogue.entry("stop_and_ask").text, 0)
    console.print()


def print_list(catalogue: Catalogue, *, as_json: bool) -> None:
    """Every exercise: name, title, dose, and whether the camera counts."""
    entries = catalogue.of_kind("exercise")
    if as_json:
        echo_json(
            {"safety_line": catalogue.safety_line, "exercises": [_entry_json(catalogue, e) for e in entries]}
        )
        return
    from rich.table import Table

    console = reading_console()
    _print_safety(console, catalogue)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("NAME", no_wrap=True, style="cyan")
    table.add_column("dose")
    wide = console.width >= _LIST_WIDTH  # a narrow terminal leaves out the camera, not the dose
    if wide:
        table.add_column("camera", no_wrap=True, style="dim")
    for entry in entries:
        dose = entry.dose.as_text() if entry.dose else ""
        table.add_row(entry.id, dose, *([_camera_word(entry)] if wide else []))
    console.print(table)
    console.print()
    console.print("Begin one with: [bold]posture-cv exercise NAME[/]")


def _camera_word(entry: Entry) -> str:
    if entry.camera_can_see is None:
        return "timed only"
    return "hardly sees it" if entry.camera_can_see == "shoulder_blade_squeeze" else "counts"


def print_repetition(number: int, repetition: Repetition) -> None:
    """One repetition of a recording, as soon as it was found."""
    click.echo(wording.repetition_line(number, repetition))


def print_lines(lines: Iterable[str]) -> None:
    """Sentences, wrapped."""
    console = reading_console()
    for line in lines:
        print_indented(console, line, 0)


def print_json(catalogue: Catalogue, plan: Plan, report: ExerciseReport) -> None:
    """What was seen, as JSON; times in seconds."""
    reasons = {reason.label: round(s, 3) for reason, s in report.unseen_by_reason().items()}
    unseen = [{**asdict(u), "reason": u.reason.label} for u in report.unseen]
    echo_json(
        {
            "safety_line": catalogue.safety_line,
            "exercise": _entry_json(catalogue, plan.entry),
            "check": report.check,
            "start_s": report.start_s,
            "end_s": report.end_s,
            "count": report.count,
            "repetitions": [asdict(r) for r in report.repetitions],
            "partly_seen": [asdict(r) for r in report.partly_seen],
            "unseen": unseen,
            "unseen_s": reasons,
            "strongest": round(report.strongest, 3),
            "every_s": round(report.every_s, 3),
            "summary": wording.report_lines(report, plan),
        }
    )


def _entry_json(catalogue: Catalogue, entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "dose": asdict(entry.dose) if entry.dose else None,
        "camera_can_see": entry.camera_can_see,
        "citation": catalogue.citation(entry),
    }
