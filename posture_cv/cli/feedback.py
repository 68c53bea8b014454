"""`posture-cv feedback right|wrong|snooze [ALERT]`: the answer that tunes thresholds and pauses, and the way back."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, cast

import click

from posture_cv.cli.options import Whole, json_option
from posture_cv.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from posture_cv.assess.answers import Response
    from posture_cv.assess.policy_state import PolicyState
    from posture_cv.history.read import AlertRow


@click.command(short_help="Say whether an alert was right; repeated wrong ones raise its threshold.")
@click.argument("answer", type=click.Choice(["right", "wrong", "snooze", "show", "sooner", "reset"]))
@click.argument("alert", type=Whole(1), required=False)
@click.option("--posture", metavar="NAME", help='With sooner: of this posture only, such as "forward head".')
@json_option
def command(answer: str, alert: int | None, posture: str | None, as_json: bool) -> None:
    """Answer ALERT (its number; without one, the last, for right and wrong the last about a posture).

    The pause until the next alert about a posture doubles when two in a row were wrong, dismissed or ignored:
    they were shown, and expired or had no answer for a minute (settings: policy.backoff_after). Only sooner and
    reset shorten it again, on later days too. Who leaves the posture within a minute of an alert has not ignored
    it. A running monitor follows at once; without one they hold for the next.

    \b
    right, wrong  below 75 % right of two weeks the posture's threshold rises
    snooze        silence for a while; a break prompt comes again later, once
    show          how often each posture was right, its threshold, its pause
    sooner        halve the pauses that were lengthened
    reset         thresholds and pauses as at the beginning, answers forgotten
    """
    import json

    if alert is not None and answer in ("show", "sooner", "reset"):
        raise click.UsageError(f"{answer} is not about a single alert: leave the number out.")
    if posture is not None and answer != "sooner":
        raise click.UsageError("--posture goes with sooner.")
    if answer == "show":
        from posture_cv.cli.feedback_show import lines, precision_now

        found = precision_now()
        click.echo(json.dumps(found, indent=2) if as_json else "\n".join(lines(found)))
        return
    if answer == "reset":
        text = _reset()
    elif answer == "sooner":
        text = _sooner(posture)
    elif answer == "snooze":
        text = _snoozed(alert)
    else:
        text = _judged(answer, alert)
    click.echo(json.dumps({"done": text}) if as_json else text)


def _snoozed(number: int | None) -> str:
    """The running monitor is told; where it has written nothing down there is still silence to ask for."""
    from posture_cv.assess.explain import duration
    from posture_cv.history.read import Reader
    from posture_cv.history.schema import HistoryError, history_file
    from posture_cv.monitor.control.client import ask, ask_and_wait
    from posture_cv.monitor.pause_text import silence_text
    from posture_cv.settings import load_settings

    ask("ping")
    try:
        with Reader(history_file()) as reader:
            row = reader.alert(number)
            if number is None and row.record.get("with_break"):  # one message, which was about the break
                row = reader.alert(None, ("break",))
    except HistoryError:
        if number is not None:
            raise
        seconds = load_settings().policy.snooze_s
        ask("snooze", {"seconds": seconds})
        return f"Silent for {duration(seconds)}."
    if row.cue == "break" and not row.record.get("can_postpone"):
        raise InputError(
            f"Alert #{row.number} (break) was put off once already.", "", "For silence: posture-cv pause 30m"
        )
    ask_and_wait("answer", {"alert": row.number, "response": "snooze"})
    silent = silence_text(ask("status")["status"].get("snoozed_s", 0.0))
    if silent:
        return f"{_noted(row, 'snooze')} From now on: {silent}; posture-cv resume ends it."
    return (
        f"{_noted(row, 'snooze')} The prompt comes again later."
        if row.cue == "break"
        else _noted(row, "snooze")
    )


def _judged(answer: str, number: int | None) -> str:
    from posture_cv.assess.settings import CUES
    from posture_cv.assess.wording import plain
    from posture_cv.cli.feedback_show import standing
    from posture_cv.history.read import Reader
    from posture_cv.history.schema import history_file
    from posture_cv.monitor.control.channel import NotRunningError
    from posture_cv.monitor.control.client import ask_and_wait

    with Reader(history_file()) as reader:
        row = reader.alert(number, CUES)
    if row.cue not in CUES:
        raise InputError(
            f"Alert #{row.number} ({plain(row.cue)}) is not about a posture.",
            "Only what is measured can be right or wrong.",
            "List the alerts: posture-cv history show",
        )
    try:
        obeyed = ask_and_wait("answer", {"alert": row.number, "response": answer})
    except NotRunningError:
        obeyed = True
        _kept_for_the_next(row.number, cast("Response", answer))
    return f"{_noted(row, answer)} {standing(row.cue)}" if obeyed else _noted(row, answer)


def _kept_for_the_next(number: int, response: Response) -> None:
    """Without a monitor, thresholds and pauses follow all the same: the next one goes on with them."""
    from posture_cv.history.schema import history_file
    from posture_cv.history.store import History
    from posture_cv.monitor import remembering
    from posture_cv.monitor.instance import SingleInstance
    from posture_cv.paths import runtime_dir
    from posture_cv.settings import load_settings

    settings = load_settings().assess()
    with SingleInstance(runtime_dir()), closing(History(history_file(), settings.feedback)) as history:
        history.answer(number, response, time.time())
        history.factors(time.time())
        remembering.answer(remembering.state_file(), number, response, settings)


def _noted(row: AlertRow, answer: str) -> str:
    from posture_cv.assess.wording import plain

    return f"Noted: alert #{row.number} ({plain(row.cue)}) was answered with {answer}."


def _reset() -> str:
    from posture_cv.history.schema import history_file
    from posture_cv.history.store import History
    from posture_cv.monitor.backoff import undone

    history = History(history_file())
    try:
        history.reset_factors()
    finally:
        history.close()
    _told("reset_feedback", {}, undone)
    return "Thresholds and the pauses between alerts are back to where they were."


def _sooner(posture: str | None) -> str:
    from posture_cv.assess.settings import CUES
    from posture_cv.assess.wording import label_of, plain
    from posture_cv.cli.feedback_show import pauses
    from posture_cv.monitor.backoff import halved

    named = None if posture is None else label_of(posture, CUES)
    if posture is not None and named is None:
        raise click.BadParameter(
            f"{posture!r} is none of {', '.join(map(plain, CUES))}.", param_hint="'--posture'"
        )
    cues = CUES if named is None else (named,)
    before = pauses()
    lengthened = [cue for cue in cues if before[cue] > 1]
    if not lengthened:
        return "No pause between alerts is lengthened."
    _told("sooner", {"cues": lengthened}, lambda state: halved(state, lengthened))
    now = ", ".join(f"{plain(cue)} x{before[cue] // 2}" for cue in lengthened)
    return f"Pauses between alerts are halved: {now}."


def _told(verb: str, args: dict[str, list[str]], change: Callable[[PolicyState], PolicyState]) -> None:
    """The running monitor is told; without one, what the last one has left for the next is changed."""
    from posture_cv.monitor import remembering
    from posture_cv.monitor.control.channel import NotRunningError
    from posture_cv.monitor.control.client import ask
    from posture_cv.monitor.instance import SingleInstance
    from posture_cv.paths import runtime_dir

    try:
        ask(verb, args)
    except NotRunningError:
        with SingleInstance(runtime_dir()):
            remembering.change(remembering.state_file(), change)
