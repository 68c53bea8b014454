"""Landmarks of photographs that people have labelled by eye: agreement with their opinion, not accuracy.

A folder of `.npz` files, each with `name`, `label`, `subject`, `size`, `pose` and `face` as in `landmarks.npz`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from calibration.fit import fit_baseline
from posture_cv.assess.naming import name_states
from posture_cv.assess.types import State
from posture_cv.errors import PostureError
from posture_cv.evaluate.errors import EvaluationError
from posture_cv.evaluate.judging import Judges, badness
from posture_cv.evaluate.landmark_file import points, read_arrays
from posture_cv.evaluate.metrics import area_under_curve
from posture_cv.evaluate.rivals import RIVALS
from posture_cv.landmarks.names import FACE_COUNT, POSE_COUNT
from posture_cv.landmarks.types import POSE_FIELDS, Landmarks
from posture_cv.measure.measure import measure
from posture_cv.measure.types import QUANTITIES, Float
from posture_cv.output.text import one_line

if TYPE_CHECKING:
    from rich.console import Console

# Labels that mean an upright posture (compared without regard to case); every other label is "bad".
GOOD_LABELS: Final = ("notslouching", "straight", "standard", "good", "upright")
MIN_BASELINE: Final = 3
_SHAPES: Final = {
    "name": (),
    "label": (),
    "subject": (),
    "size": (2,),
    "pose": (POSE_COUNT, len(POSE_FIELDS)),
    "face": (FACE_COUNT, 3),
}


class OpinionGroup(BaseModel):
    """One person of one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(description="of landmarks")
    subject: str = Field(description="as in the file")
    refusal: str | None = Field(description="why it could not be judged; null: it was")
    view: str | None = Field(description="the view that the program saw")
    baseline_frames: int = Field(
        description="the first frames with a good label, which make the baseline", ge=0
    )
    good: int = Field(description="other frames with a good label", ge=0)
    bad: int = Field(description="frames with another label", ge=0)
    flagged_good: float | None = Field(description="share of those good ones flagged")
    flagged_bad: float | None = Field(description="share of the bad ones flagged")
    untold_good: float | None = Field(description='share of those good ones for which it is "cannot tell"')
    untold_bad: float | None = Field(description="the same of the bad ones")
    auc: dict[str, float | None] = Field(
        description="chance that a bad frame has a larger value than a good one: quantity -> 0-1 "
        "(state: distance from the nearest alert)"
    )
    rivals: dict[str, float | None] = Field(description="the same for other rules")


class OpinionResult(BaseModel):
    """The whole document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = Field(description="of this document")
    dataset: str = Field(description="name of the folder")
    groups: list[OpinionGroup] = Field(description="every person of every file")


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Landmarks of one person's photographs and whether their author called each posture good."""

    file: str
    subject: str
    landmarks: Landmarks
    good: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def evaluate_opinions(folder: Path, judges: Judges) -> OpinionResult:
    """Judge every person of every file against the first photographs that were called good.

    Raises:
        EvaluationError: no such folder, no files, an unreadable file, no photographs.
    """
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise EvaluationError(f"No .npz files in {folder}", "", "Give a folder of labelled landmarks.")
    groups = [_group(labelled, judges) for file in files for labelled in read_labelled(file)]
    if not groups:
        raise EvaluationError(
            f"No photographs in {folder}", "Its files hold none.", "Give labelled landmarks."
        )
    return OpinionResult(schema_version=1, dataset=folder.resolve().name, groups=groups)


def read_labelled(file: Path) -> list[Labelled]:
    """The photographs of each person of one file, in the order of the file."""
    arrays = read_arrays(file, _SHAPES)
    labels = np.array([str(label).lower() for label in arrays["label"].tolist()], np.str_)
    subjects = np.array([str(subject) for subject in arrays["subject"].tolist()], np.str_)
    found = []
    for subject in dict.fromkeys(subjects.tolist()):
        mine = np.flatnonzero(subjects == subject)
        lm = points(file, arrays, mine)
        found.append(Labelled(file.name, subject, lm, np.isin(labels[mine], GOOD_LABELS)))
    return found


def _group(labelled: Labelled, judges: Judges) -> OpinionGroup:
    """The first half of the good ones (at most 8) is the baseline; the rest is judged."""
    good = np.flatnonzero(labelled.good)
    count = min(8, len(good) // 2)
    calibration = labelled.landmarks[good[:count]]
    rest = np.setdiff1d(np.arange(len(labelled.landmarks)), good[:count])
    is_bad = ~labelled.good[rest]
    blank = OpinionGroup(
        file=labelled.file,
        subject=labelled.subject,
        refusal=None,
        view=None,
        baseline_frames=count,
        good=int((~is_bad).sum()),
        bad=int(is_bad.sum()),
        flagged_good=None,
        flagged_bad=None,
        untold_good=None,
        untold_bad=None,
        auc={},
        rivals={},
    )
    if count < MIN_BASELINE:
        refusal = f"Photographs with a good label: {len(good)}; {2 * MIN_BASELINE} are needed"
        return blank.model_copy(update={"refusal": refusal})
    coefficients = judges.coefficients_for(labelled.subject)
    try:
        baseline = fit_baseline(calibration, coefficients, refuse=False).baseline
    except PostureError as error:
        return blank.model_copy(update={"refusal": str(error)})
    frames = labelled.landmarks[rest]
    measured = measure(frames, baseline, coefficients)
    states = name_states(measured, judges.thresholds)
    untold = states.state == State.CANNOT_TELL
    scores: dict[str, Float] = {"state": badness(states)}
    # the craniovertebral angle falls when the head goes forward; every other quantity grows
    scores |= {
        name: measured.value(name) * (-1.0 if name == "cva_change_deg" else 1.0) for name in QUANTITIES
    }
    with np.errstate(all="ignore"):
        rivals = {rival.key: rival.score(frames, calibration) for rival in RIVALS}
    return blank.model_copy(
        update={
            "view": baseline.view.label,
            "flagged_good": _share(states.flagged[~is_bad]),
            "flagged_bad": _share(states.flagged[is_bad]),
            "untold_good": _share(untold[~is_bad]),
            "untold_bad": _share(untold[is_bad]),
            "auc": {name: area_under_curve(score, is_bad) for name, score in scores.items()},
            "rivals": {name: area_under_curve(score, is_bad) for name, score in rivals.items()},
        }
    )


def _share(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float | None:
    return float(mask.mean()) if len(mask) else None


def print_opinions(console: Console, result: OpinionResult) -> None:
    """A table: one column for each person."""
    from rich.table import Table

    from posture_cv.evaluate.tables import number, percent

    judged = [group for group in result.groups if group.refusal is None]
    table = Table(
        title="agreement with the authors' labels (area under the curve)", title_justify="left", box=None
    )
    table.add_column("bad if larger", no_wrap=True)
    for group in judged:
        table.add_column(
            "\n".join(map(one_line, (group.file, f"{group.subject} ({group.view})"))), justify="right"
        )
    table.add_row("good / bad photographs", *[f"{g.good} / {g.bad}" for g in judged])
    table.add_row("flagged: good", *[percent(g.flagged_good) for g in judged])
    table.add_row("flagged: bad", *[percent(g.flagged_bad) for g in judged])
    table.add_row("cannot tell: good", *[percent(g.untold_good) for g in judged])
    table.add_row("cannot tell: bad", *[percent(g.untold_bad) for g in judged])
    for name in ("state", *(n for n in QUANTITIES if any(g.auc[n] is not None for g in judged))):
        table.add_row(name, *[number(g.auc[name]) for g in judged])
    for rival in RIVALS:
        table.add_row(f"({rival.key})", *[number(g.rivals[rival.key]) for g in judged], style="dim")
    if judged:
        console.print(table)
    for group in result.groups:
        if group.refusal is not None:
            console.print(f"{one_line(f'{group.file}, {group.subject}')}: not judged. {group.refusal}")
    console.print("Labels are opinions and the postures are staged: agreement, not accuracy.", style="dim")
