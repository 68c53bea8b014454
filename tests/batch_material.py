"""A small run over several recordings, and what it leaves."""

from __future__ import annotations

from pathlib import Path

from posture_cv.capture.types import CaptureOptions
from posture_cv.replay.types import Labels, ReplayOptions

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SEGMENT_S = 10.75
RATE_HZ = 0.5
SIDE_END_S = 13.0


def recordings(out: Path, rate_hz: float = RATE_HZ) -> list[ReplayOptions]:
    """A front clip in four parts, a side clip in two, a landmark recording, and one that is not there."""
    sources = {
        "front": (SAMPLES / "desk-front.mp4", (0.0, 8.0), None),
        "side": (SAMPLES / "desk-side.mp4", (0.0, 5.0), SIDE_END_S),
        "landmarks": (SAMPLES / "desk-side.landmarks", (0.0, 5.0), None),
        "missing": (SAMPLES / "missing.mp4", (0.0, 5.0), None),
    }
    return [
        ReplayOptions(
            str(source),
            out / name,
            calibrate_s=interval,
            capture=CaptureOptions(end_s=end_s, max_rate_hz=rate_hz),
            labels=Labels(name),
            segment_s=SEGMENT_S,
        )
        for name, (source, interval, end_s) in sources.items()
    ]


def results(out: Path) -> dict[str, bytes]:
    """Every file of a run but its caches, by its path."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
