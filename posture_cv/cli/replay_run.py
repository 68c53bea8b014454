"""Runs one or many replays for the command line, and says how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from posture_cv.cli.progress import RichProgress
from posture_cv.cli.replay_summary import show
from posture_cv.cli.resolve import baseline_of_profile
from posture_cv.errors import InputError, NobodyFoundError
from posture_cv.processors import processors
from posture_cv.replay.inputs import Sight
from posture_cv.replay.items import Item
from posture_cv.replay.plan import check_options, look_of, plan
from posture_cv.replay.pool import Pool, ProcessPool
from posture_cv.replay.run import replay_told
from posture_cv.replay.scan import Scan, scan
from posture_cv.replay.types import Labels, ReplayOptions
from posture_cv.replay.workplace import finished, landmarks_are_kept

if TYPE_CHECKING:
    from posture_cv.replay.batch import Ended

SOME_FAILED: Final = 3
NOBODY: Final = NobodyFoundError.exit_code
ALL_FAILED: Final = 2
_MOST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class How:
    """Who does the work, and by which profile where an item names none."""

    workers: int | None
    scheduler: str | None
    profile: str | None
    settings_path: Path | None
    again: bool


def run_one(item: Item, common: ReplayOptions, how: How, pool: Pool) -> int:
    """One recording, its results straight in the folder; the exit code."""
    options = _judged_by(replace(common, source=item.file), item, how)
    check_options(options)
    if how.scheduler is not None:
        return _one_of_a_batch(options, how, pool)
    look = look_of(options)
    looked = scan(replace(look, calibrate_s=None))
    if not how.again and (summary := _finished(options, looked)) is not None:
        show(summary, options.out)
        click.echo("Finished by an earlier run; --again does it again.")
        return 0 if summary["frames_with_person"] else NOBODY
    made = plan(options, looked)
    if len(made.parts) > 1 and _workers(how) > 1 and not landmarks_are_kept(made):
        pool.get_ready()
        return _one_of_a_batch(options, how, pool, looked)
    if look.calibrate_s is not None and not looked.recording:
        looked = scan(replace(look, known=looked.known))
    with RichProgress() as progress:
        _, summary = replay_told(options, progress, looked=looked)
    show(summary, options.out)
    return 0


def _finished(options: ReplayOptions, looked: Scan) -> dict[str, Any] | None:
    """The summary of an earlier run, whatever view it may have found."""
    views = (replace(looked, profile_view=side) for side in (False, True))
    return next((told for view in views if (told := finished(plan(options, view))) is not None), None)


def _one_of_a_batch(options: ReplayOptions, how: How, pool: Pool, looked: Scan | None = None) -> int:
    from posture_cv.cli.replay_progress import ReplayBar
    from posture_cv.replay.batch import replay_many

    with ReplayBar(quiet=True) as bar:
        ended = replay_many([options], pool, again=how.again, progress=bar, looked=looked)[0]
    if ended.problem is not None:
        raise ended.problem
    show(ended.summary, options.out)
    return 0 if ended.status == "done" else NOBODY


def run_many(items: Sequence[Item], common: ReplayOptions, how: How, pool: Pool) -> int:
    """Many recordings, a folder each, and the table of all; the exit code."""
    from posture_cv.cli.replay_progress import ReplayBar
    from posture_cv.replay.batch import replay_many

    _check_baselines(items, common, how)
    recordings = [_of_item(item, common, how) for item in items]
    with ReplayBar() as bar:
        ended = replay_many(recordings, pool, table=common.out, again=how.again, progress=bar)
    return _said(ended, common.out)


def _check_baselines(items: Sequence[Item], common: ReplayOptions, how: How) -> None:
    """See that lines of a manifest without a baseline of their own find the one that holds for all."""
    without = [
        item.place for item in items if item.place and item.profile is None and item.calibrate_s is None
    ]
    if not without or how.profile is not None or common.calibrate_s is not None:
        return
    from posture_cv.profiles.types import ProfileError

    try:
        baseline_of_profile(None, how.settings_path)
    except ProfileError as error:
        more = [f"and {len(without) - _MOST_SHOWN} more"] if len(without) > _MOST_SHOWN else []
        raise InputError(
            "Lines of the manifest name no baseline, and there is none for all.",
            "\n".join([*without[:_MOST_SHOWN], *more, error.title]),
            "Fill in the column profile or calibrate, or give --calibrate START:END or --profile NAME for all.",
        ) from error


def _of_item(item: Item, common: ReplayOptions, how: How) -> ReplayOptions:
    options = replace(
        common,
        source=item.file,
        out=common.out / item.name,
        capture=replace(common.capture, start_s=item.start_s, end_s=item.end_s),
        labels=Labels(item.name, item.participant, item.condition),
    )
    return _judged_by(options, item, how)


def _judged_by(options: ReplayOptions, item: Item, how: How) -> ReplayOptions:
    """With the item's own baseline, or else the one that is given for all."""
    if item.calibrate_s is not None:
        return replace(options, calibrate_s=item.calibrate_s, baseline=None, baseline_name=None)
    if item.profile is None and options.calibrate_s is not None and how.profile is None:
        return options
    baseline, name = baseline_of_profile(item.profile or how.profile, how.settings_path)
    calibrate_s = options.calibrate_s if item.profile is None else None
    return replace(options, baseline=baseline, baseline_name=name, calibrate_s=calibrate_s)


def _workers(how: How) -> int:
    return processors() if how.workers is None else how.workers


def a_pool(how: How) -> Pool:
    """Who does the work; nothing starts before there is some.

    Raises:
        ClusterError: the cluster cannot be reached or used.
    """
    if how.scheduler is None:
        return ProcessPool(_workers(how))
    from posture_cv.replay.cluster import ClusterPool

    return ClusterPool(how.scheduler, judges=_workers(how), tell=lambda said: click.echo(said, err=True))


def sight_of(pool: Pool) -> Sight | None:
    """Who sees the videos: the cluster's workers, or (None) this machine."""
    if isinstance(pool, ProcessPool):
        return None
    from posture_cv.replay.cluster import ClusterPool

    return pool if isinstance(pool, ClusterPool) else None


def _said(ended: Sequence[Ended], out: Path) -> int:
    """Say how all ended, the failures last and by name; the exit code."""
    from posture_cv.output.text import one_line
    from posture_cv.replay.table import problem_line

    failed = [one for one in ended if one.status == "failed"]
    nobody = [one for one in ended if one.status == "nobody"]
    earlier = sum(one.earlier for one in ended)
    counts = [
        f"{len(ended)} recording{'' if len(ended) == 1 else 's'}",
        f"{len(ended) - len(failed) - len(nobody)} done",
    ]
    counts += [f"{len(nobody)} with nobody in the picture"] if nobody else []
    counts += [f"{len(failed)} failed"] if failed else []
    counts += [f"{earlier} of them finished by an earlier run"] if earlier else []
    click.echo(", ".join(counts))
    click.echo(f"Results: {one_line(str(out))}")
    for one in failed:
        assert one.problem is not None
        # With the folder's name: a manifest may name several stretches of one file.
        failure = f"Failed: {one.options.source}: {problem_line(one.problem)} ({one.options.out.name})"
        click.echo(one_line(failure), err=True)
    if failed:
        return ALL_FAILED if len(failed) == len(ended) else SOME_FAILED
    return NOBODY if len(nobody) == len(ended) else 0
