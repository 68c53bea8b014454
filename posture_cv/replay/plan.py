"""How one recording is replayed: its parts, where they lie, and which of all that is there already."""

from __future__ import annotations

import filecmp
import json
import math
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from posture_cv.atomic import (
    OutputError,
    atomic_path,
    check_no_input,
    output_error,
    private_folder,
    refuse_laid,
    write_atomic,
)
from posture_cv.errors import InputError
from posture_cv.file_facts import sha256_of_file
from posture_cv.landmarks.joining import join_recordings
from posture_cv.landmarks.recording import SUFFIX
from posture_cv.measure.types import View
from posture_cv.opendata.files import LANDMARKS
from posture_cv.paths import user_path
from posture_cv.replay.baselines import no_frame_to_calibrate_on
from posture_cv.replay.earlier import ANNOTATED, read_summary, set_summary_aside
from posture_cv.replay.kept import warnings_of_kept
from posture_cv.replay.keys import baseline_key, digest, models_key, versions
from posture_cv.replay.parts import Part, PartDone, cut
from posture_cv.replay.remembered import estimators_digest
from posture_cv.replay.scan import Look, Scan
from posture_cv.replay.targets import check_results, drop_parts_of_results
from posture_cv.replay.types import Provenance, ReplayOptions

PARTS_FOLDER: Final = ".parts"
_OF_PARTS: Final = re.compile(
    r"\.?(?:\d{5,}|calibration|landmarks)\.(?:landmarks|json)(?:\.part|\.[a-z0-9_]{8}\.part)?"
)
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


def finished(made: Plan) -> dict[str, Any] | None:
    """The summary of an earlier run with just these inputs, if all its files are still what they were."""
    if made.scan.sha256 is None:
        return None
    summary = read_summary(made.options.out)
    run = summary.get("run", {}) if summary else {}
    if summary is None or run.get("key") != made.provenance.run_key:
        return None
    try:
        whole = all(sha256_of_file(made.options.out / name) == sha for name, sha in run["files"].items())
    except (OSError, KeyError, AttributeError):
        return None
    return summary if whole else None


def landmarks_are_kept(made: Plan) -> bool:
    """Whether an earlier run, with other settings, has left the very landmarks that are needed."""
    return CALIBRATION not in made.parts and _holds_these(made)


def _holds_these(made: Plan) -> bool:
    """Whether the landmarks that are kept are of this plan, whatever has been asked in between."""
    return kept_warnings(made) is not None


def kept_warnings(made: Plan) -> tuple[str, ...] | None:
    """What went wrong when the landmarks that are kept were made; None where none of this plan are kept."""
    if made.scan.sha256 is None:
        return None
    return warnings_of_kept(made.kept_path, made.provenance.landmarks_key)


def _check_kept(made: Plan) -> None:
    """See, before the models run, that landmarks which took hours are not replaced by others.

    Where all parts are there, a run was cut off at its end, maybe behind the landmarks: `join_parts` compares them.
    """
    if not made.options.keep_landmarks or not made.parts or not made.kept_path.exists():
        return
    if not _holds_these(made) and set(made.parts) - set(noted_parts(made)):
        raise _others_are_kept(made.kept_path)


def _others_are_kept(path: Path) -> InputError:
    return InputError(
        f"Other landmarks are kept already: {path}",
        "They are of another file, stretch, rate, model or version, and would be lost.",
        "Give another --out, move that file away, or leave out --record: then it stays as it is.",
    )


def note_part(made: Plan, number: int, done: PartDone) -> None:
    """Write down that a part is whole, once its recording lies at `part_path`. Raises OutputError."""
    refuse_laid(made.folder)
    path = made.part_path(number)
    size = path.stat().st_size if path.exists() else 0
    note = {"key": made.provenance.landmarks_key, "size": size, **asdict(done)}
    write_atomic(path.with_suffix(".json"), json.dumps(note))


def noted_parts(made: Plan) -> dict[int, PartDone]:
    """The parts that an interrupted run has left whole, and that still are what is needed."""
    found: dict[int, PartDone] = {}
    for number in made.parts if made.scan.sha256 is not None else ():
        path = made.part_path(number)
        with suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(path.with_suffix(".json").read_bytes())
            size = path.stat().st_size if path.exists() else 0
            if note["key"] == made.provenance.landmarks_key and note["size"] == size:
                found[number] = PartDone(
                    int(note["frames"]), int(note["frames_with_person"]), tuple(note["warnings"])
                )
    return found


def begin(made: Plan) -> None:
    """Make the folders, once it is certain that the results will take nothing away from the user.

    Raises:
        InputError: another file has the name of a result, or other landmarks than these are kept there.
        OutputError: the folder cannot be made.
    """
    check_results(made.options.out, video=made.options.video)
    _check_kept(made)
    private_folder(made.options.out)
    drop_parts_of_results(made.options.out)
    if made.parts:
        private_folder(made.folder)
        _drop_stale_parts(made)


def _drop_stale_parts(made: Plan) -> None:
    """Delete parts of a run that was asked something else.

    One of the same number would be joined where this run finds no frame, as in the gap of a camera that slept.
    """
    fresh = {made.part_path(number).stem for number in noted_parts(made)}
    try:
        for file in _files_of_parts(made.folder):
            if file.stem not in fresh:
                file.unlink()
    except OSError as error:
        raise output_error(made.folder, error) from error


def _files_of_parts(folder: Path) -> list[Path]:
    """What runs have written there; all else is somebody's own."""
    return [file for file in folder.iterdir() if _OF_PARTS.fullmatch(file.name)]


def join_parts(made: Plan) -> Path:
    """All parts as one landmark recording, which takes its name when it is whole.

    It lies among the results only where it is to be kept: one that an earlier run has kept there is left alone.

    Raises:
        InputError: other landmarks are kept there.
        RecordingError: a part is not whole. OutputError: it cannot be written, or the parts' folder is a link now.
    """
    refuse_laid(made.folder)  # hours later: somebody may have put a link in its place
    paths = [made.part_path(number) for number in sorted(made.parts) if number != CALIBRATION]
    keep = made.options.keep_landmarks
    target = made.kept_path if keep else made.folder / LANDMARKS
    labels = {k: v for k, v in asdict(made.options.labels).items() if v is not None}
    with atomic_path(target) as part:
        join_recordings([path for path in paths if path.exists()], part, notes=labels)
        if keep:
            if target.exists() and not (_holds_these(made) or filecmp.cmp(part, target, shallow=False)):
                raise _others_are_kept(target)
            set_summary_aside(made.options.out)
    return target


def clear(made: Plan) -> None:
    """Delete what only the work at hand needed; parts that it had none of are another run's, or its own input."""
    if not made.parts:
        return
    with suppress(OSError, OutputError):  # it holds something else, or there were no parts
        refuse_laid(made.folder)
        for file in _files_of_parts(made.folder):
            file.unlink()
        made.folder.rmdir()
