"""Results of the sample recordings, made as `replay --alert-after 5` makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from once import made_once
from posture_cv.assess.settings import AssessSettings
from posture_cv.replay.run import replay
from posture_cv.replay.types import Labels, ReplayOptions
from source_tree import ROOT

SAMPLES = ROOT / "samples"


def replayed(out: Path, clip: str, calibrate_s: tuple[float, float], labels: Labels) -> Path:
    """Replay one of the sample landmark recordings; the folder of its results."""
    plain = AssessSettings()
    settings = AssessSettings(
        smoothing=plain.smoothing.alert_after(5.0), policy=plain.policy.alert_after(5.0)
    )
    options = ReplayOptions(
        source=str(SAMPLES / f"{clip}.landmarks"),
        out=out,
        calibrate_s=calibrate_s,
        settings=settings,
        labels=labels,
    )
    replay(options)
    return out


def sample_folders(factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A front and a side recording of one participant in two conditions, made once in a run; to be read only."""

    def make(out: Path) -> None:
        replayed(out / "front", "desk-front", (0.0, 8.0), Labels("front", "P 01", "laptop"))
        replayed(out / "side", "desk-side", (0.0, 6.0), Labels("side", "P 01", "screen"))

    made = made_once(factory, "sample-results", make)
    return made / "front", made / "side"
