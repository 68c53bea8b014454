"""`posture-cv feedback right|wrong|snooze [ALERT]`: the answer that tunes the thresholds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

import click

from posture_cv.cli.options import json_option

if TYPE_CHECKING:
    from posture_cv.history.read import AlertRow


@click.command(short_help="Say whether an alert was right; repeated wrong ones raise its threshold.")
@click.argument("answer", type=click.Choice(["right", "wrong", "snooze", "show", "reset"]))
@click.argument("alert", type=click.IntRange(1), required=False)
@json_option
def command(answer: str, alert: int | None, as_json: bool) -> None:
    """Answer ALERT (its number; without one, the last, for right and wrong the last about a posture).

    \b
    right, wrong   below 75 % right of the last two weeks a posture's threshold rises by a step
    snooze         the running monitor keeps silent for a while; after a break prompt it prompts again later, once
    show           how often each posture was right, and what its threshold was raised by
    reset          thresholds back to where they were, answers forgotten
    """
    import json

    if answer == "show":
        found = _precision()
        click.echo(json.dumps(found, indent=2) if as_json else "\n".join(_lines(found)))
        return
    if answer == "reset":
        text = _reset()
    elif answer == "snooze":
        text = _snoozed(alert)
    else:
        text = _judged(answer, alert)
    click.echo(json.dumps({"done": text}) if as_json else text)


def _snoozed(number: int | None) -> str:
    """The running monitor is told; where it has written nothing down there is still silence to ask for."""
    from posture_cv.assess.explain import duration
    from posture_cv.errors import InputError
    from posture_cv.history.read import Reader
    from posture_cv.history.schema import HistoryError, history_file
    from posture_cv.monitor.control.client import ask
    from posture_cv.settings import load_settings

    ask("ping")
    try:
        with Reader(history_file()) as reader:
            row = reader.alert(number)
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
    ask("answer", {"alert": row.number, "response": "snooze"})
    return _noted(row, "snooze")


def _judged(answer: str, number: int | None) -> str:
    from posture_cv.assess.answers import Response
    from posture_cv.assess.settings import CUES
    from posture_cv.errors import InputError
    from posture_cv.history.read import Reader
    from posture_cv.history.schema import history_file
    from posture_cv.history.store import History
    from posture_cv.monitor.control.channel import NotRunningError
    from posture_cv.monitor.control.client import ask
    from posture_cv.monitor.words import plain
    from posture_cv.settings import load_settings

    with Reader(history_file()) as reader:
        row = reader.alert(number, CUES)
    if row.cue not in CUES:
        raise InputError(
            f"Alert #{row.number} ({plain(row.cue)}) is not about a posture.",
            "Only what is measured can be right or wrong.",
            "List the alerts: posture-cv history show",
        )
    try:
        ask("answer", {"alert": row.number, "response": answer})
    except NotRunningError:
        history = History(history_file(), load_settings().feedback.plain())
        try:
            history.answer(row.number, cast("Response", answer), time.time())
            history.factors(time.time())
        finally:
            history.close()
    return _noted(row, answer)


def _noted(row: AlertRow, answer: str) -> str:
    from posture_cv.monitor.words import plain

    return f"Noted: alert #{row.number} ({plain(row.cue)}) was answered with {answer}."


def _reset() -> str:
    from posture_cv.history.schema import history_file
    from posture_cv.history.store import History

    history = History(history_file())
    try:
        history.reset_factors()
    finally:
        history.close()
    return "Thresholds are back to where they were; a running monitor follows when it is started anew."


def _precision() -> dict[str, object]:
    """How often each posture and all together were right in the last days, and what thresholds rose by."""
    from posture_cv.assess.feedback import Answer, precision
    from posture_cv.assess.settings import CUES
    from posture_cv.history.read import Reader
    from posture_cv.history.schema import history_file
    from posture_cv.settings import load_settings

    with Reader(history_file()) as reader:
        _, alerts = reader.table("alerts")
        _, answers = reader.table("answers")
        _, thresholds = reader.table("thresholds")
    settings = load_settings().feedback.plain()
    cue_of = {row[0]: row[4] for row in alerts}
    factors = {row[0]: row[1] for row in thresholds}
    given = [
        Answer(row[2], cue_of[row[1]], right=row[3] == "right")
        for row in answers
        if row[3] in ("right", "wrong") and row[1] in cue_of
    ]
    now_s = time.time()

    def told(cue: str | None) -> dict[str, object]:
        found = precision(given, now_s, settings, cue=cue)
        return {"right": found.right, "wrong": found.wrong, "precision": found.share}

    postures = [{"cue": cue, **told(cue), "factor": round(factors.get(cue, 1.0), 3)} for cue in CUES]
    return {"days": settings.days, **told(None), "postures": postures}


def _lines(found: dict[str, Any]) -> list[str]:
    from posture_cv.monitor.words import plain

    head = f"Answers of the last {found['days']:g} days: {_share(found)}"
    postures = [
        f"  {plain(str(row['cue'])):<18} {_share(row):<28} threshold times {row['factor']:g}"
        for row in found["postures"]
    ]
    return [head, *postures]


def _share(row: dict[str, Any]) -> str:
    if row["precision"] is None:
        return "none"
    return f"{row['right']} right, {row['wrong']} wrong ({row['precision']:.0%} right)"
