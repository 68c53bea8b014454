"""A front and a side recording of one session, judged together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from posture_cv.assess.blocks import Assessed, BlockEngine
from posture_cv.assess.recording import whole
from posture_cv.assess.settings import AssessSettings
from posture_cv.atomic import private_folder
from posture_cv.capture import open_source
from posture_cv.errors import InputError, NobodyFoundError
from posture_cv.file_facts import sha256_of_file
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.landmarks.recording import SUFFIX, RecordingReader, is_recording
from posture_cv.landmarks.recording_writer import check_recording_target
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Reason, View
from posture_cv.replay.baselines import calibrated
from posture_cv.replay.calibration_watch import of_these_seconds
from posture_cv.replay.files import MOST_OF_ANOTHER_VIEW, ResultWriter
from posture_cv.replay.first_look import ViewCheck, against_view, view_check
from posture_cv.replay.kept import note_kept, require_noted, warnings_of_kept
from posture_cv.replay.measuring import Measured, measured_recording
from posture_cv.replay.pair_figures import columns_of, figures_of
from posture_cv.replay.pairing import Paired, pair, paired_baseline
from posture_cv.replay.pictures import of_pictures, require_times
from posture_cv.replay.plan import look_of, plan
from posture_cv.replay.progress import NoProgress, Progress
from posture_cv.replay.record import default_estimator, record
from posture_cv.replay.scan import scan
from posture_cv.replay.sync import Offset, find_offset
from posture_cv.replay.targets import check_results, drop_parts_of_results
from posture_cv.replay.types import BaselineUsed, Labels, Provenance, Replayed, ReplayOptions

_VIEWS: Final = View.FRONT, View.SIDE
LEAST_BOTH: Final = 0.02  # of the front's frames that the side must have seen too


@dataclass(frozen=True, slots=True)
class PairOptions:
    """Two recordings of one session and how to judge them.

    Attributes:
        front, side: videos or landmark recordings.
        out: folder for the results.
        offset_s: front's time = side's time + offset; None: find it.
        front_baseline, side_baseline: of profiles; None when `calibrate_s` says where to find them.
        front_profile, side_profile: names of these profiles, for the record.
        calibrate_s: (start, end) on the front's clock in which the person sits as they want to.
        labels: whose session it is, and under which condition.
        estimator, settings: see there.
    """

    front: str
    side: str
    out: Path
    offset_s: float | None = None
    front_baseline: Baseline | None = None
    side_baseline: Baseline | None = None
    front_profile: str | None = None
    side_profile: str | None = None
    calibrate_s: tuple[float, float] | None = None
    labels: Labels = field(default_factory=Labels)
    estimator: EstimatorOptions = field(default_factory=EstimatorOptions)
    settings: AssessSettings = field(default_factory=AssessSettings)

    def calibrated_s(self, name: str) -> tuple[float, float] | None:
        """The seconds to calibrate on, by the clock of `front` or `side`; None: there are none, or not known yet."""
        seconds, offset_s = self.calibrate_s, self.offset_s
        if name == "front" or seconds is None:
            return seconds
        return None if offset_s is None else (seconds[0] - offset_s, seconds[1] - offset_s)


def replay_pair(options: PairOptions, progress: Progress | None = None) -> Replayed:
    """Judge both recordings as one and write the results into `options.out`.

    `measurements.csv` has a row for each of the front camera's frames and, for every quantity, a column that names
    the view it comes from; `summary.json` has the offset, its uncertainty, and which view each quantity comes from.

    Landmarks of videos stay in `options.out` and are used again as long as video, models and versions are the same.

    Raises:
        InputError: baselines missing, recordings of the wrong view or of pictures without times, no common time.
        OffsetNotFoundError: the recordings do not tell their offset.
        NobodyFoundError: neither shows anybody.
        PostureError: a recording cannot be read, the results cannot be written.
    """
    progress = progress or NoProgress()
    _check(options)
    check_results(options.out, video=False)
    private_folder(options.out)
    drop_parts_of_results(options.out)
    (front_path, front_made), (side_path, side_made) = _both_landmarks(options, progress)
    paths = front_path, side_path
    offset = _offset(options, paths, progress)
    baselines = _baselines(options, paths, offset)
    progress.stage("Measuring", None)
    told = [
        measured_recording(path, used.baseline, progress=progress)
        for path, used in zip(paths, baselines, strict=True)
    ]
    paired = pair(told[0].measurements, told[1].measurements, offset)
    _require_common_time(paired, offset)
    both = paired_baseline(baselines[0].baseline, baselines[1].baseline, paired.preferred)
    with RecordingReader(front_path) as front, RecordingReader(side_path) as side:
        info, side_info = front.info, side.info
    engine = BlockEngine(both, options.settings)
    block, outcome = engine.push(paired.measurements), engine.finish()
    done = Replayed(
        options=ReplayOptions(options.front, options.out, settings=options.settings, labels=options.labels),
        recording=info,
        landmarks_path=front_path,
        baseline=BaselineUsed(both, {"front": baselines[0].origin, "side": baselines[1].origin}),
        outcome=outcome,
        frames=len(block.measured),
        frames_with_person=int(paired.measurements.somebody.sum()),
        warnings=(
            *_warnings("FRONT", front_made, told[0], baselines[0]),
            *_warnings("SIDE", side_made, told[1], baselines[1]),
        ),
        provenance=Provenance(source_sha256=front_made.source_sha256, of_landmarks=front_made.of_landmarks),
        figures={"pair": {"side_sha256": side_made.source_sha256, **figures_of(paired, offset, side_info)}},
        held=whole([block], outcome),
        side_baseline=baselines[1].baseline,
    )
    _write(done, block, columns_of(paired), progress)
    if done.frames_with_person == 0:
        raise NobodyFoundError.of(f"{options.front} and {options.side}")
    return done


def _warnings(name: str, made: Provenance, measured: Measured, used: BaselineUsed) -> Iterator[str]:
    """All that is said of one recording, with its name in front."""
    of_view = _hardly_judged(measured, used)
    for warning in (*made.landmarks_warnings, *measured.told.warnings, *used.warnings, *of_view):
        yield f"{name}: {warning}"


def _hardly_judged(measured: Measured, used: BaselineUsed) -> Iterator[str]:
    """Say so where a camera hardly ever sees its person from where its baseline is: the other one tells all then."""
    reason = measured.measurements.reason[measured.measurements.somebody]
    if len(reason) and np.mean(reason == Reason.WRONG_VIEW) > MOST_OF_ANOTHER_VIEW:
        yield f"Hardly anything can be judged: the baseline is a {used.baseline.view.label} view, the recording is not"


def _write(done: Replayed, block: Assessed, columns: Mapping[str, Sequence[str]], progress: Progress) -> None:
    with ResultWriter(done.options, done.baseline.baseline, tuple(columns)) as results:
        results.add(block, columns)
        results.finish(done, progress, lambda: iter([block]))


def _check(options: PairOptions) -> None:
    given = (options.front_baseline is not None) + (options.side_baseline is not None)
    if (given == 2) == (options.calibrate_s is not None) or given == 1:
        raise InputError(
            "Two baselines are needed, one for each camera.",
            "",
            "Give --profile and --side-profile, or --calibrate START:END, seconds of FRONT in which the person sits "
            "as they want to sit.",
        )
    profiles = (
        (options.front_baseline, "--profile", View.FRONT),
        (options.side_baseline, "--side-profile", View.SIDE),
    )
    for baseline, option, wanted in profiles:
        if baseline is not None and baseline.view is not wanted:
            raise InputError(
                f"{option} is of a {baseline.view.label} view, not of a {wanted.label} view.",
                "",
                "Give the front camera's profile with --profile and the side camera's with --side-profile.",
            )


def _both_landmarks(options: PairOptions, progress: Progress) -> list[tuple[Path, Provenance]]:
    """The landmarks of front and side, and what they are made of.

    Both are looked at before the models run over one of them, which may take hours.
    """
    sources = {"front": options.front, "side": options.side}
    looks = {
        name: _first_look(source, options, view)
        for (name, source), view in zip(sources.items(), _VIEWS, strict=True)
    }
    for name, source in sources.items():
        if not looks[name].made_of.of_landmarks:
            require_noted(options.out / f"{name}{SUFFIX}")
        _check_view(source, looks[name], options, name)
    return [
        _landmarks(source, looks[name].made_of, options, name, progress) for name, source in sources.items()
    ]


def _landmarks(
    source: str, made_of: Provenance, options: PairOptions, name: str, progress: Progress
) -> tuple[Path, Provenance]:
    """The recording itself, or the landmarks of a video, and what they are made of.

    Those of an earlier run are taken if they are still of the same.
    """
    if made_of.of_landmarks:
        return Path(source), made_of
    path = options.out / f"{name}{SUFFIX}"
    kept = _kept(path, made_of)
    if kept is not None:
        told = of_these_seconds(kept, options.calibrated_s(name))
        return path, replace(made_of, landmarks_warnings=told)
    check_recording_target(path, [options.front, options.side])
    with open_source(source) as frames:
        seconds = options.calibrated_s(name)
        warnings = record(frames, path, options.estimator, progress=progress, calibrate_s=seconds).warnings
    if made_of.source_sha256 is not None:  # a camera or a stream is never the same again
        note_kept(path, made_of.landmarks_key, warnings)
    return path, replace(made_of, landmarks_warnings=warnings)


def _kept(path: Path, made_of: Provenance) -> tuple[str, ...] | None:
    """What went wrong when the landmarks that are kept were made; None where none of this source are."""
    return None if made_of.source_sha256 is None else warnings_of_kept(path, made_of.landmarks_key)


@dataclass(frozen=True, slots=True)
class _FirstLook:
    """What a source's landmarks are made of, and which pictures tell its view; None where none can."""

    made_of: Provenance
    check: ViewCheck | None = None


def _first_look(source: str, options: PairOptions, view: View) -> _FirstLook:
    """Of a landmark recording, or of a video as `replay` sees it: its landmarks are kept, and found in one go.

    Raises:
        InputError: it is of pictures without times.
        SourceError: as `scan`.
    """
    given = Path(source)
    if is_recording(given):
        with RecordingReader(given) as reader:
            require_times(source, unrelated=of_pictures(reader.info))
        return _FirstLook(Provenance(source_sha256=sha256_of_file(given), of_landmarks=True))
    alone = ReplayOptions(
        source, options.out, estimator=options.estimator, keep_landmarks=True, segment_s=0.0
    )
    looked = scan(look_of(alone))
    require_times(source, unrelated=looked.unrelated)
    return _FirstLook(plan(alone, looked).provenance, view_check(view, 0.0, None, looked))


def _check_view(source: str, look: _FirstLook, options: PairOptions, name: str) -> None:
    """See by a few pictures, before the models run over all of them, that the cameras were not confused."""
    if look.check is None or _kept(options.out / f"{name}{SUFFIX}", look.made_of) is not None:
        return
    if against_view(source, look.check, options.estimator, default_estimator):
        found = View.SIDE if look.check.view is View.FRONT else View.FRONT
        raise _of_another_view(name.upper(), source, found, look.check.view)


def _of_another_view(name: str, source: str, found: View, wanted: View) -> InputError:
    return InputError(
        f"{name} is seen from the {found.label}, not from the {wanted.label}.",
        f"{name} is {source}.",
        "Give the front camera's recording first and the side camera's second.",
    )


def _offset(options: PairOptions, paths: tuple[Path, ...], progress: Progress) -> Offset:
    if options.offset_s is not None:
        return Offset(options.offset_s)
    progress.stage("Finding the offset", None)
    with RecordingReader(paths[0]) as front, RecordingReader(paths[1]) as side:
        return find_offset(front.blocks(), side.blocks())


def _baselines(
    options: PairOptions, paths: tuple[Path, ...], offset: Offset
) -> tuple[BaselineUsed, BaselineUsed]:
    if options.calibrate_s is None:
        assert options.front_baseline is not None  # `_check` has seen to both, and to their views
        assert options.side_baseline is not None
        return (
            BaselineUsed(options.front_baseline, {"profile": options.front_profile}),
            BaselineUsed(options.side_baseline, {"profile": options.side_profile}),
        )
    start, end = options.calibrate_s
    shifted = max(0.0, start - offset.offset_s), end - offset.offset_s
    if shifted[1] <= 0.0:
        raise InputError(
            "SIDE had not begun in the seconds to calibrate on.",
            f"It begins at {offset.offset_s:.2f} s of FRONT; the seconds are {start:g} to {end:g}.",
            "Choose seconds of FRONT that both recordings show.",
        )
    used = (
        calibrated(paths[0], (start, end), source=options.front),
        calibrated(paths[1], shifted, source=options.side),
    )
    for one, source, wanted in zip(used, (options.front, options.side), _VIEWS, strict=True):
        if one.baseline.view is not wanted:
            raise _of_another_view(wanted.label.upper(), source, one.baseline.view, wanted)
    return used


def _require_common_time(paired: Paired, offset: Offset) -> None:
    if paired.both_share < LEAST_BOTH:
        raise InputError(
            "The two recordings hardly have any time in common.",
            f"At an offset of {offset.offset_s:+.2f} s {paired.both_share:.1%} of the front camera's frames have a "
            "counterpart.",
            "Check --offset: it is the front camera's clock when the side recording begins.",
        )
