"""What the answers to alerts have led to, for `posture-cv feedback show`."""

from __future__ import annotations

import time
from typing import Any


def precision_now() -> dict[str, Any]:
    """How often each posture and all were right in the last days, and what thresholds and pauses rose by."""
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

    now = pauses()
    postures = [
        {"cue": cue, **told(cue), "factor": round(factors.get(cue, 1.0), 3), "backoff": now[cue]}
        for cue in CUES
    ]
    return {"days": settings.days, **told(None), "postures": postures}


def pauses() -> dict[str, int]:
    """Multiples of each posture's pause: of the running monitor, or what the next one will go on with."""
    from posture_cv.assess.policy_state import PolicyState
    from posture_cv.monitor.backoff import multiples
    from posture_cv.monitor.control.channel import NotRunningError
    from posture_cv.monitor.control.client import ask
    from posture_cv.monitor.remembering import resumption, state_file

    try:
        found: dict[str, int] | None = ask("status")["status"].get("backoff")
    except NotRunningError:
        found = None
    if found is not None:
        return found
    return multiples(PolicyState(ledger=resumption(state_file()).lasting))


def lines(found: dict[str, Any]) -> list[str]:
    """That for people."""
    from posture_cv.assess.wording import plain

    head = f"Answers of the last {found['days']:g} days: {_share(found)}"
    postures = [
        f"  {plain(str(row['cue'])):<18} {_share(row):<30} {_led_to(row)}" for row in found["postures"]
    ]
    return [head, *postures]


def standing(cue: str) -> str:
    """What the answers about one posture come to now, as a sentence."""
    from posture_cv.assess.wording import plain

    found = precision_now()
    [row] = [one for one in found["postures"] if one["cue"] == cue]
    name = plain(cue)
    return f"{name[0].upper()}{name[1:]} in {found['days']:g} days: {_share(row)}; {_led_to(row)}."


def _led_to(row: dict[str, Any]) -> str:
    return f"threshold x{row['factor']:g}, pause x{row['backoff']}"


def _share(row: dict[str, Any]) -> str:
    if row["precision"] is None:
        return "none"
    return f"{row['right']} right, {row['wrong']} wrong ({row['precision']:.0%} right)"
