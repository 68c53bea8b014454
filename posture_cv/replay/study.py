"""What a study asks of its recordings before hours are spent on replaying them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from posture_cv.errors import InputError
from posture_cv.opendata.files import TABLE
from posture_cv.replay.items import Item


class StudyError(InputError):
    """Recordings do not make one study."""


def check_study(items: Sequence[Item], conditions: Sequence[str], *, calibrated: bool) -> None:
    """See that participants and conditions are given throughout, in one spelling, and are among those expected.

    And that no two participants are judged by one profile: a baseline is one person's.

    Args:
        items: the recordings.
        conditions: all that there are; empty: whatever the manifest says.
        calibrated: recordings of which the manifest says nothing are calibrated from their own seconds; otherwise
            the default profile judges them.

    Raises:
        StudyError: all faults at once.
    """
    faults = [
        *_labels("participant", items, [item.participant for item in items]),
        *_labels("condition", items, [item.condition for item in items]),
        *_unknown(items, conditions),
        *_of_others(items, calibrated=calibrated),
    ]
    if faults:
        raise StudyError(
            "These recordings do not make one study.",
            "\n".join(faults),
            "Correct the manifest: the columns participant, condition, profile and calibrate.",
        )


def _labels(what: str, items: Sequence[Item], given: Sequence[str | None]) -> Iterable[str]:
    if any(given) and not all(given):
        for item, text in zip(items, given, strict=True):
            if not text:
                yield f"No {what} is given for {item.file}, but for others it is."
    spellings: dict[str, set[str]] = {}
    for text in given:
        if text:
            spellings.setdefault("".join(text.split()).casefold(), set()).add(text)
    for ways in spellings.values():
        if len(ways) > 1:
            yield f"The same {what} in several spellings: {', '.join(map(repr, sorted(ways)))}."


def _unknown(items: Sequence[Item], conditions: Sequence[str]) -> Iterable[str]:
    if not conditions:
        return
    for item in items:
        if item.condition not in conditions:
            found = "no condition" if item.condition is None else f"the unknown condition {item.condition!r}"
            yield f"{item.file} has {found}; expected: {', '.join(conditions)}."
    for name in conditions:
        if not any(item.condition == name for item in items):
            yield f"No recording has the condition {name!r}."


def _of_others(items: Sequence[Item], *, calibrated: bool) -> Iterable[str]:
    people: dict[str, set[str]] = {}
    for item in items:
        own = item.calibrate_s is not None or (calibrated and item.profile is None)
        if item.participant and not own:
            people.setdefault(item.profile or "", set()).add(item.participant)
    for profile, names in people.items():
        if len(names) > 1:
            judge = f"the profile {profile!r}" if profile else "the default profile, as no baseline is given"
            yield f"{', '.join(sorted(names))} would all be judged by {judge}; a baseline is one person's."


@dataclass(frozen=True, slots=True)
class Recordings:
    """What a run of many has left: names of recordings that are done, and of those that are not."""

    done: tuple[str, ...]
    failed: tuple[str, ...]


def recordings_in(out: Path) -> Recordings:
    """Read `recordings.csv` of a run; recordings that show nobody are not done."""
    with (out / TABLE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    done = tuple(row["recording"] for row in rows if row["status"] == "done")
    failed = tuple(f"{row['recording']} ({row['status']})" for row in rows if row["status"] != "done")
    return Recordings(done, failed)
