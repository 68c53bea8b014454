"""How one recording is replayed: its parts, where they will lie, and the keys of what will come of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from posture_cv.atomic import check_no_input
from posture_cv.errors import InputError
from posture_cv.landmarks.recording import SUFFIX
from posture_cv.measure.types import View
from posture_cv.opendata.files import LANDMARKS
from posture_cv.paths import user_path
from posture_cv.replay.baselines import no_frame_to_calibrate_on
from posture_cv.replay.earlier import ANNOTATED
from posture_cv.replay.keys import baseline_key, digest, models_key, versions
from posture_cv.replay.parts import Part, cut
from posture_cv.replay.remembered import estimators_digest
from posture_cv.replay.scan import Look, Scan
from posture_cv.replay.types import Provenance, ReplayOptions

PARTS_FOLDER: Final = ".parts"
CALIBRATION: Final = -1  # the number of the part that is calibrated on, where it lies outside the stretch
_VIEWS_WITHOUT_FACE: Final = frozenset({View.SIDE})


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One recording's work.

    Attributes:
        options: as asked.
        scan: of the source.
        parts: by number; a landmark recording has none.
        provenance: keys of what will come of it.
    """

    options: ReplayOptions
    scan: Scan
    parts: dict[int, Part]
    provenance: Provenance

    @property
    def folder(self) -> Path:
        """Where the parts are kept until all are there."""
        return self.options.out / PARTS_FOLDER

    @property
    def source_path(self) -> Path:
        """Of the source, where it is a file."""
        return user_path(self.options.source)

    @property
    def kept_path(self) -> Path:
        """Where the landmarks of the whole recording lie."""
        return self.options.out / LANDMARKS

    def part_path(self, number: int) -> Path:
        """Of the recording of a part."""
        name = "calibration" if number == CALIBRATION else f"{number:05d}"
        return self.folder / f"{name}{SUFFIX}"


def check_options(options: ReplayOptions) -> None:
    """See that a recording can be judged as asked.

    Raises:
        InputError: not exactly one of a profile and a calibration interval is given, or the interval is none; looks so
            rare that a picture does not speak for the time until the next one; faces are to be hidden in a video that
            is not asked for.
    """
    _check_rate(options)
    _check_interval(options.calibrate_s)
    if options.blur_faces and not options.video:
        raise InputError(
            "Faces can be hidden in the annotated video only, and none is asked for.",
            "",
            "Ask for the video too (--video; in Python: video=True).",
        )
    if (options.baseline is None) == (options.calibrate_s is None):
        raise InputError(
            "A baseline is needed to judge by." if options.baseline is None else "Two baselines were given.",
            "",
            "Give either --profile NAME or --calibrate START:END, the seconds of this recording in which the "
            "person sits as they want to sit.",
        )


def _check_rate(options: ReplayOptions) -> None:
    rate_hz, hold_s = options.capture.max_rate_hz, options.settings.ticks.hold_max_s
    if rate_hz is not None and rate_hz * hold_s < 1.0 - 1e-9:
        raise InputError(
            f"A look every {1.0 / rate_hz:g} s is too rare to judge by.",
            f"A picture says nothing about what comes more than {hold_s:g} s later: the time between would be lost.",
            f"Look more often, for example --every {hold_s:g}s; the setting is hold_max_s in [ticks].",
        )


def _check_interval(interval_s: tuple[float, float] | None) -> None:
    if interval_s is not None and not 0.0 <= interval_s[0] < interval_s[1]:  # nan, too
        raise InputError(
            f"There is nothing to calibrate on from {interval_s[0]:g} to {interval_s[1]:g} s.",
            "",
            "Give the start and, after it, the end in seconds of the recording, for example 0:8 (in Python: (0, 8)).",
        )


def look_of(options: ReplayOptions) -> Look:
    """What to look at before the work is planned."""
    capture = options.capture
    return Look(
        source=options.source,
        start_s=capture.start_s,
        end_s=capture.end_s,
        rate_hz=capture.max_rate_hz,
        calibrate_s=options.calibrate_s if options.estimator.face and not options.keep_landmarks else None,
        estimator=options.estimator,
    )


def plan(options: ReplayOptions, scan: Scan) -> Plan:
    """Divide a recording's work.

    Raises:
        InputError: a video is asked for and there are no pictures, the seconds to calibrate on are not in the
            video, the source is the annotated video that the results would replace, this machine would have to read
            what only a cluster's workers see.
        ModelFileError: a model file is missing or damaged.
    """
    check_no_input(options.out / ANNOTATED, [user_path(options.source)])
    _check_seen_from_here(options, scan)
    if scan.recording:
        _check_pictures(options)
        return Plan(options, scan, {}, _provenance(options, scan, []))
    if options.calibrate_s is not None and 0.0 < scan.last_s < options.calibrate_s[0]:
        # Said before the models run over all of it.
        raise no_frame_to_calibrate_on(options.source, options.calibrate_s, (0.0, scan.last_s))
    estimator = replace(options.estimator, face=options.estimator.face and _asks_for_face(options, scan))
    capture, calibrate = options.capture, options.calibrate_s
    outside = calibrate is not None and not _inside(calibrate, capture.start_s, capture.end_s)
    origin_s = min(capture.start_s, calibrate[0]) if calibrate is not None and outside else capture.start_s
    common = Part(
        options.source,
        origin_s=origin_s,
        rate_hz=capture.max_rate_hz,
        estimator=estimator,
        calibrate_s=calibrate,
    )
    segment_s = options.segment_s if scan.cuttable else 0.0
    stretches = cut(capture.start_s, capture.end_s, scan.last_s, segment_s)
    parts = {k: replace(common, start_s=a, end_s=b) for k, (a, b) in enumerate(stretches)}
    if options.baseline is not None:  # said before the models run over all of it
        from posture_cv.replay.first_look import view_check

        check = view_check(options.baseline.view, capture.start_s, capture.end_s, scan)
        parts[0] = replace(parts[0], view=check)
    if calibrate is not None and outside:
        end_s = calibrate[1] if math.isfinite(calibrate[1]) else None
        parts[CALIBRATION] = replace(common, start_s=calibrate[0], end_s=end_s)
    return Plan(options, scan, parts, _provenance(options, scan, list(parts.values())))


def _check_seen_from_here(options: ReplayOptions, scan: Scan) -> None:
    """Said before a cluster's models run: its workers find landmarks, this machine draws and judges."""
    path = user_path(options.source)
    if scan.sha256 is None or path.exists() or not (scan.recording or options.video):
        return
    what = "A landmark recording is judged" if scan.recording else "The annotated video is drawn"
    raise InputError(
        f"{what} on this machine, which does not see {options.source}",
        "Only the cluster's workers see it.",
        "Give the command where it is seen" + ("." if scan.recording else ", or without --video."),
    )


def _check_pictures(options: ReplayOptions) -> None:
    if options.video:
        raise InputError(
            "An annotated video needs the pictures.",
            f"{options.source} is a landmark recording and holds none.",
            "Replay the video itself with --video.",
        )


def _asks_for_face(options: ReplayOptions, scan: Scan) -> bool:
    """Whether the view needs the face model. A recording that is kept holds all, for any later question."""
    if options.keep_landmarks:
        return True
    if options.baseline is not None:
        return options.baseline.view not in _VIEWS_WITHOUT_FACE
    return not scan.profile_view


def _inside(interval: tuple[float, float], start_s: float, end_s: float | None) -> bool:
    return interval[0] >= start_s and (end_s is None or interval[1] <= end_s)


def _provenance(options: ReplayOptions, scan: Scan, parts: list[Part]) -> Provenance:
    landmarks = {
        "source": scan.sha256,
        "parts": [(p.start_s, p.end_s, p.origin_s, p.rate_hz) for p in parts],
        "models": models_key(parts[0].estimator) if parts else None,
        "versions": dict(versions()),
    }
    landmarks_key = digest(landmarks)
    run = {
        "landmarks": landmarks_key,
        "stretch": (options.capture.start_s, options.capture.end_s, options.capture.max_rate_hz),
        "estimators": estimators_digest().hex(),
        "settings": asdict(options.settings),
        "baseline": None if options.baseline is None else baseline_key(options.baseline),
        "baseline_name": options.baseline_name,
        "calibrate_s": options.calibrate_s,
        "labels": asdict(options.labels),
        "outputs": (options.keep_landmarks, options.video, options.blur_faces, options.remember),
    }
    return Provenance(digest(run), landmarks_key, scan.sha256, scan.recording)
