"""All recordings of a study, their exposure by recording, participant and condition, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from posture_cv.exposure.groups import (
    Cell,
    Difference,
    condition_rows,
    differences,
    pooled,
    rows_of,
    rows_of_cell,
    view_of,
)
from posture_cv.exposure.measures import Exposure, exposure
from posture_cv.exposure.types import Row
from posture_cv.opendata.folder import Result
from posture_cv.opendata.frames import ResultError
from posture_cv.opendata.tables import Table, Whose, exposure_rows, exposure_table


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """Recordings with their exposure.

    Attributes:
        results, exposures: R recordings, in the order given.
        participants, conditions: names, sorted; recordings without one count in neither.
        cells: (participant, condition) -> pooled recordings.
        people: participant -> all recordings pooled.
        by_condition: condition -> rows over its participants.
        compared: differences of every pair of conditions.
    """

    results: tuple[Result, ...]
    exposures: tuple[Exposure, ...]
    participants: tuple[str, ...]
    conditions: tuple[str, ...]
    cells: dict[tuple[str, str], Cell]
    people: dict[str, Cell]
    by_condition: dict[str, list[Row]]
    compared: list[Difference]


def gather(results: Sequence[Result], told: Callable[[str], None] | None = None) -> Study:
    """Compute everything.

    Args:
        results: of the recordings.
        told: is given the name of each recording before it is computed.

    Raises:
        ResultError: see `check`.
    """
    check(results)
    found = []
    for result in results:
        if told is not None:
            told(result.name)
        found.append(exposure(result.series()))
    people = sorted({r.participant for r in results} - {""})
    conditions = sorted({r.condition for r in results} - {""})
    cells = {
        (who, condition): pooled(who, condition, chosen)
        for who in people
        for condition in conditions
        if (chosen := _of(found, who, condition))
    }
    by_condition = {c: [cell for (_, name), cell in cells.items() if name == c] for c in conditions}
    return Study(
        results=tuple(results),
        exposures=tuple(found),
        participants=tuple(people),
        conditions=tuple(conditions),
        cells=cells,
        people={who: pooled(who, "", _of(found, who, None)) for who in people},
        by_condition={c: condition_rows(chosen) for c, chosen in by_condition.items()},
        compared=[
            d for a, b in combinations(conditions, 2) for d in differences(by_condition[a], by_condition[b])
        ],
    )


def _of(found: Sequence[Exposure], who: str, condition: str | None) -> list[Exposure]:
    return [e for e in found if e.participant == who and condition in (None, e.condition)]


def check(results: Sequence[Result]) -> None:
    """See that the recordings can stand in one study; all faults at once.

    Raises:
        ResultError: two recordings of one name; the same stretch of the same source twice, or overlapping
            stretches of it; participants or conditions given for some recordings only, or in two spellings.
    """
    faults = [
        *_same_names(results),
        *_overlaps(results),
        *_half_labelled(results, "participant", [r.participant for r in results]),
        *_half_labelled(results, "condition", [r.condition for r in results]),
    ]
    if faults:
        raise ResultError(
            "These recordings do not make one study.",
            "\n".join(faults),
            "Correct the manifest and replay, or give only the folders that belong together.",
        )


def _same_names(results: Sequence[Result]) -> list[str]:
    first: dict[str, Result] = {}
    faults = []
    for result in results:
        twin = first.setdefault(result.name, result)
        if twin is not result:
            faults.append(f"Two recordings are called {result.name!r}: {twin.folder} and {result.folder}.")
    return faults


def _overlaps(results: Sequence[Result]) -> list[str]:
    """Time that would count twice."""
    by_source: dict[str, list[Result]] = {}
    for result in results:
        digest = result.run.get("source_sha256")
        if digest:
            by_source.setdefault(digest, []).append(result)
    faults = []
    for chosen in by_source.values():
        spans = {id(r): _span(r) for r in chosen} if len(chosen) > 1 else {}
        for one, other in combinations(chosen, 2):
            start = max(spans[id(one)][0], spans[id(other)][0])
            end = min(spans[id(one)][1], spans[id(other)][1])
            if start < end:
                faults.append(
                    f"{one.name} and {other.name} show the same {end - start:.1f} s of one source "
                    f"({start:g} to {end:g} s): that time would count twice."
                )
    return faults


def _span(result: Result) -> tuple[float, float]:
    """Time of the first and of the last frame."""
    t_s = result.measured.t_s
    return (float(t_s[0]), float(t_s[-1])) if len(t_s) else (0.0, 0.0)


def _half_labelled(results: Sequence[Result], what: str, given: Sequence[str]) -> list[str]:
    faults = []
    if any(given) and not all(given):
        missing = [r.name for r, text in zip(results, given, strict=True) if not text]
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        faults.append(f"No {what} is given for {', '.join(missing[:3])}{more}, but for others it is.")
    spellings: dict[str, set[str]] = {}
    for text in given:
        spellings.setdefault(text.strip().casefold(), set()).add(text)
    faults += [
        f"The {what} is spelt in several ways: {', '.join(map(repr, sorted(ways)))}."
        for ways in spellings.values()
        if len(ways) > 1
    ]
    return faults


def study_exposure_table(study: Study) -> Table:
    """The exposure of every recording, participant, participant in a condition, and condition."""
    rows: list[tuple[Any, ...]] = []
    for e in study.exposures:
        whose = Whose("recording", e.name, e.participant, e.condition, view_of([e]))
        rows += exposure_rows(whose, rows_of(e))
    for who, cell in study.people.items():
        whose = Whose("participant", "", who, "", view_of(cell.exposures))
        rows += exposure_rows(whose, rows_of_cell(cell))
    for (who, condition), cell in study.cells.items():
        whose = Whose("participant_condition", "", who, condition, view_of(cell.exposures))
        rows += exposure_rows(whose, rows_of_cell(cell))
    for condition, found in study.by_condition.items():
        chosen = [e for (_, name), cell in study.cells.items() if name == condition for e in cell.exposures]
        rows += exposure_rows(Whose("condition", "", "", condition, view_of(chosen)), found)
    return exposure_table(rows)
