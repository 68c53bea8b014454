"""The figures as plain values for JSON, and as a table for people. The schema: docs/bench-schema.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from posture_cv._version import __version__
from posture_cv.bench.delays import Delays
from posture_cv.bench.figures import Spread
from posture_cv.bench.hour import Hour, Share, longest_delay_s
from posture_cv.bench.stages import STAGES, Stages
from posture_cv.bench.startup import Started

SCHEMA_VERSION: Final = 1


def machine() -> dict[str, Any]:
    """What it was measured on."""
    return {
        "program": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load_1_min": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def hour_as_plain(hour: Hour) -> dict[str, Any]:
    """For JSON, where infinity has no name: an alert that did not come has the delay null."""
    plain = asdict(hour)
    plain["delays_s"] = [delay if delay < float("inf") else None for delay in hour.delays_s]
    return plain


Row = tuple[str, str, str]


def stage_rows(stages: Stages) -> Iterator[Row]:
    """Name, median and 95th percentile."""
    for name in STAGES:
        yield _row(name, stages.stages[name])
    yield _row("all", stages.total)
    yield _row("all but decoding", stages.without_decoding)
    yield _row("the bare models", stages.bare)
    yield "above the bare models", f"{100.0 * stages.above_bare:+.1f} %", ""
    yield _row("processor, all but decoding", stages.cpu)
    yield _row("processor, the bare models", stages.cpu_bare)
    yield "above the bare models", f"{100.0 * stages.cpu_above_bare:+.1f} %", ""


def _row(name: str, figures: Spread) -> Row:
    return name, f"{figures.median_ms:.2f}", f"{figures.p95_ms:.2f}"


def start_rows(started: dict[str, Started]) -> Iterator[tuple[str, str, str, str]]:
    """Name, median wall and processor time in ms, peak memory in MB."""
    for name, figures in started.items():
        cpu = "-" if figures.cpu is None else f"{figures.cpu.median_ms:.0f}"
        peak = "-" if figures.peak_mb is None else f"{figures.peak_mb:.0f}"
        yield name, f"{figures.wall.median_ms:.0f}", cpu, peak


def hour_rows(hour: Hour) -> Iterator[tuple[str, str, str, str]]:
    """Name, share of a core, looks and model runs a minute."""
    for name, share in (
        (f"economy on, where nothing moves ({hour.still.minutes:g} minutes)", hour.still),
        ("economy on", hour.economy),
        (f"economy off, 10 a second ({hour.every_picture.minutes:g} minutes)", hour.every_picture),
        ("plain loop, 30 a second", hour.plain_loop),
    ):
        yield _share_row(name, share)


def _share_row(name: str, share: Share) -> tuple[str, str, str, str]:
    looks, runs = f"{share.looks_a_minute:.1f}", f"{share.model_runs_a_minute:.1f}"
    return name, f"{share.core_percent:.2f} %", looks, runs


def delay_text(hour: Hour) -> str:
    """What economy delays, in words."""
    longest_s = longest_delay_s(hour)
    if longest_s is None:
        return "No alert came in this time: nothing is known of delays."
    missed = sum(delay == float("inf") for delay in hour.delays_s)
    if missed:
        return f"Of {len(hour.delays_s)} alerts with economy off, {missed} did not come with economy."
    return f"Economy delayed the {len(hour.delays_s)} alerts that came with economy off by at most {longest_s:+.1f} s."


def delays_as_plain(found: Delays) -> dict[str, Any]:
    """For JSON; the longest delay is null where an alert did not come."""
    plain = asdict(found)
    plain["worst_s"] = found.worst_s if found.worst_s < float("inf") else None
    return {"schema_version": SCHEMA_VERSION, "machine": machine(), "delays": plain}


def delay_rows(found: Delays) -> Iterator[tuple[str, str]]:
    """For people."""
    yield "desk hours, half of the lasting postures at their limit", f"{found.hours}"
    yield "alerts of postures with every picture", f"{found.alerts}"
    yield "delay by economy, mean and at most", f"{found.mean_s:+.1f} s, {found.worst_s:+.1f} s"
    yield "delayed by more than two seconds", f"{found.late}, of them did not come: {found.missing}"
    yield "came with economy only", f"{found.extra}"
    yield (
        "looks and runs of the models a minute",
        f"{found.looks_a_minute:.1f}, {found.model_runs_a_minute:.1f}",
    )
