"""Accept, warn or refuse a calibration, with reasons and what to do. Pure.

Every limit is ours. They were chosen on the rendered ground truth, where the error of the measurements that
follow from a calibration is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from calibration.quality import Quality
from posture_cv.measure.types import View

_KEEP_STILL: Final = "Sit still, in one posture, while it is recorded."
_FACELESS: Final = "This recording holds no face: from in front only what pose points show can be told."
# Of 41 rendered people who sat upright before cameras up to 22 degrees beside their faces, none seemed to lean by more
# than 5.1; of 65 photographs of real ones, good and bad, one in twenty by more than 6.5; of 12 pictures of people who
# lean by 9 degrees, eight by more than 7.
MOST_LEAN_DEG: Final = 7.0
# A baseline is the median of its frames: who passes by within a second or two changes little (ours).
COMPANY_SHARE: Final = 0.25
COMPANY: Final = "Somebody else was in the picture, or a portrait, and may have been taken for a part of you."
_LIGHT: Final = "Put more light on your face, from in front of you."


class Grade(StrEnum):
    """What to do with a calibration."""

    ACCEPT = "accept"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against a calibration: what was found, and what to do."""

    code: str
    grade: Grade
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The worst grade of all findings; accept when there are none."""

    grade: Grade
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, findings: list[Finding]) -> Self:
        """The verdict that these findings amount to."""
        grades = {finding.grade for finding in findings}
        worst = next((g for g in (Grade.REFUSE, Grade.WARN) if g in grades), Grade.ACCEPT)
        return cls(worst, tuple(sorted(findings, key=lambda f: f.grade is not Grade.REFUSE)))

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was found, the gravest first, in sentences."""
        return tuple(finding.text for finding in self.findings)

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do about it, each once."""
        return tuple(dict.fromkeys(finding.advice for finding in self.findings if finding.advice))


def assess_quality(q: Quality) -> Verdict:
    """The verdict on a calibration."""
    return Verdict.of([*_amount(q), *_face_and_outline(q), *_camera(q), *_steadiness(q)])


def about_company(share: float) -> Iterator[Finding]:
    """What speaks against a calibration when somebody else was in the picture in a share of the looks, 0-1."""
    if share >= COMPANY_SHARE:  # NaN is not: nobody looked
        yield Finding("company", Grade.WARN, COMPANY, "Calibrate again when nobody is beside or behind you.")


def _amount(q: Quality) -> Iterator[Finding]:
    share = q.frames_used / q.frames_given
    if share < 0.4:
        text = f"Only {q.frames_used} of {q.frames_given} frames show you in one posture."
        yield Finding("few_agree", Grade.REFUSE, text, _KEEP_STILL)
    elif share < 0.7:
        text = f"{q.frames_given - q.frames_used} of {q.frames_given} frames were left out."
        yield Finding("some_left_out", Grade.WARN, text, _KEEP_STILL)
    if q.frames_used < 10:
        text = f"It rests on {q.frames_used} frames only."
        yield Finding("few_frames", Grade.WARN, text, "Calibrate for five seconds or longer.")


def _face_and_outline(q: Quality) -> Iterator[Finding]:
    if q.view is View.FRONT and q.face_share <= 0.5 and not q.face_expected:
        yield Finding("faceless", Grade.WARN, _FACELESS, "Record the video itself with posture-cv record.")
    elif q.view is View.FRONT and q.face_share <= 0.5:
        text = f"The face was found in {q.face_share:.0%} of the frames, and a front view needs it."
        yield Finding("no_face", Grade.REFUSE, text, _LIGHT)
    elif q.view is not View.SIDE and q.face_share < 0.8:
        text = f"The face was found in {q.face_share:.0%} of the frames only."
        yield Finding("face_gaps", Grade.WARN, text, _LIGHT)
    if q.contour_share < 0.7:
        text = f"Your outline is known for {q.contour_share:.0%} of its height only."
        advice = "Clear what hides neck and shoulders, or use another background."
        yield Finding("contour_gaps", Grade.WARN, text, advice)
    if q.measured_share < 0.6:
        grade = Grade.REFUSE if q.measured_share < 0.2 and q.face_expected else Grade.WARN
        text = f"The forward-head angle could be told in {q.measured_share:.0%} of the frames."
        yield Finding(
            "unmeasured", grade, text, "Let the camera see head, neck and both shoulders, in good light."
        )


def _camera(q: Quality) -> Iterator[Finding]:
    least, what = (
        (40.0, "from ear to shoulder") if q.view is View.SIDE else (90.0, "from shoulder to shoulder")
    )
    if q.body_px < least:
        text = f"You are small in the picture: {q.body_px:.0f} pixels {what}."
        yield Finding("small", Grade.WARN, text, "Move the camera nearer or choose a larger picture.")
    if q.person_luma < 0.08:
        text = f"It was dark: your brightness is {q.person_luma:.0%}."
        yield Finding("dark", Grade.WARN, text, _LIGHT)
    if q.view_margin < 0.15:
        text = f"The camera stands at an angle between two views; you are taken as seen {SEEN_FROM[q.view]}."
        yield Finding("view_unsure", Grade.WARN, text, "Put it clearly in front of you or at your side.")
    if abs(q.camera_pitch_deg) > 25.0:
        way = "up" if q.camera_pitch_deg > 0 else "down"
        text = f"The camera looks steeply {way}, by about {abs(q.camera_pitch_deg):.0f} degrees."
        yield Finding("steep_camera", Grade.WARN, text, "Bring it nearer to the height of your eyes.")
    if abs(q.lean_deg) > MOST_LEAN_DEG:
        text = f"You lean to one side by about {abs(q.lean_deg):.0f} degrees, or the camera is tilted."
        yield Finding("leaning", Grade.WARN, text, "Sit upright, or put the camera level.")
    if q.camera_shift > 0.015:
        text = f"The camera moved during the calibration, by {q.camera_shift:.1%} of the picture."
        yield Finding("camera_moved", Grade.REFUSE, text, "Put the camera where it stays.")


SEEN_FROM: Final = {View.FRONT: "from the front", View.SIDE: "from the side", View.OBLIQUE: "from an angle"}


def _steadiness(q: Quality) -> Iterator[Finding]:
    expected = q.expected_error.get("cva_change_deg", 0.0)
    if expected > 2.5:
        grade = Grade.REFUSE if expected > 6.0 else Grade.WARN
        text = f"The forward-head angle will be off by about {expected:.1f} degrees in a single look."
        yield Finding(
            "uncertain", grade, text, "Sit nearer, in good light, with neck and shoulders uncovered."
        )
    for name, what in (("cva_change_deg", "Your neck"), ("head_pitch_deg", "Your head")):
        spread = q.spread.get(name, 0.0)
        error = max(spread / 2.0, q.baseline_error.get(name, 0.0))
        if error > 2.0:
            grade = Grade.REFUSE if error > 4.0 else Grade.WARN
            text = f"{what} moved during the calibration: its angle is known to {error:.1f} degrees only."
            yield Finding(f"unsteady_{name}", grade, text, _KEEP_STILL)
