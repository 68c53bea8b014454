"""A small run over several recordings, and what it leaves."""

from __future__ import annotations

from pathlib import Path

from posture_cv.capture.types import CaptureOptions
from posture_cv.replay.types import Labels, ReplayOptions

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SEGMENT_S = 10.0


def recordings(out: Path, rate_hz: float = 1.0) -> list[ReplayOptions]:
    """A front clip in five parts, a side clip in three, a landmark recording, and one that is not there."""
    sources = {
        "front": (SAMPLES / "desk-front.mp4", (0.0, 8.0)),
        "side": (SAMPLES / "desk-side.mp4", (0.0, 5.0)),
        "landmarks": (SAMPLES / "desk-side.landmarks", (0.0, 5.0)),
        "missing": (SAMPLES / "missing.mp4", (0.0, 5.0)),
    }
    return [
        ReplayOptions(
            str(source),
            out / name,
            calibrate_s=interval,
            capture=CaptureOptions(max_rate_hz=rate_hz),
            labels=Labels(name),
            segment_s=SEGMENT_S,
        )
        for name, (source, interval) in sources.items()
    ]


def results(out: Path) -> dict[str, bytes]:
    """Every file of a run but its caches, by its path."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
