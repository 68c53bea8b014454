"""Small pictures of the moments that matter, only when they are asked for: they show the person."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from posture_cv.errors import InputError
from posture_cv.exposure.epochs import HOLD_MAX_S
from posture_cv.file_facts import sha256_of_file
from posture_cv.opendata.folder import Result
from posture_cv.report.look import words
from posture_cv.report.words import span

WIDTH_PX: Final = 240
MOST: Final = 12
_QUALITY: Final = 70
_SAME_LENGTH_S: Final = 0.5  # ours: containers state the length of one video a little differently


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture as a `data:` address, and what it shows."""

    uri: str
    caption: str


def moments(result: Result) -> list[tuple[float, str]]:
    """(time, caption) of at most twelve moments: the alerts, else the middle of the longest episodes."""
    alerts = [(float(a["t_s"]), f"{span(float(a['t_s']))}: {words(a['cue'])}") for a in result.alerts]
    if alerts:
        step = max(1, -(-len(alerts) // MOST))
        return alerts[::step]
    episodes = sorted(result.summary.get("episodes", []), key=lambda e: e["start_s"] - e["end_s"])
    chosen = sorted(episodes[:MOST], key=lambda e: e["start_s"])
    middles = [((e["start_s"] + e["end_s"]) / 2.0, words(e["state"])) for e in chosen]
    return [(t, f"{span(t)}: {name}") for t, name in middles]


def source_in(folder: Path, result: Result) -> Path:
    """The source of a recording in a folder of videos.

    Raises:
        InputError: it is not there.
    """
    name = str(result.source.get("name", ""))
    path = folder / name if folder.is_dir() else folder
    if not name or not path.is_file():
        raise InputError(
            f"The source of {result.name} is not there: {path}",
            "Pictures can only be taken from the video itself.",
            "Give --thumbnails the folder that holds the videos, or leave it away.",
        )
    return path


def check_source(result: Result, video: Path) -> None:
    """See that a video can be the source of a result: by checksum, or size and length where landmarks were replayed.

    Args:
        result: of a replay.
        video: from which pictures are to be taken.

    Raises:
        InputError: other content, another size in pixels or another length in seconds. SourceError: it cannot be read.
    """
    run = result.run
    if run.get("source_sha256") and run.get("of_landmarks") is False:
        if sha256_of_file(video) != run["source_sha256"]:
            raise _not_source(result, video, "Its content is not that of the file that was replayed.")
        return
    from posture_cv.capture import open_source

    with open_source(str(video)) as frames:
        info = frames.info
    source = result.source
    size = (source.get("width_px"), source.get("height_px"))
    length_s = source.get("duration_s")
    longer_s = 0.0 if length_s is None or info.duration_s is None else abs(float(length_s) - info.duration_s)
    if size not in ((None, None), (info.width_px, info.height_px)) or longer_s > _SAME_LENGTH_S:
        raise _not_source(
            result,
            video,
            f"The source was {size[0]} x {size[1]} pixels and lasted {length_s} s; this is {info.width_px} x "
            f"{info.height_px} and lasts {info.duration_s} s.",
        )


def _not_source(result: Result, video: Path, why: str) -> InputError:
    return InputError(
        f"This is not the source of {result.name}: {video}",
        why,
        "Give --video the very file that was replayed or recorded.",
    )


def thumbnails(result: Result, source: Path) -> list[Thumbnail]:
    """Pictures of the moments; moments that the source does not hold are left out."""
    found = []
    for t_s, caption in moments(result):
        jpeg = picture(source, t_s)
        if jpeg is not None:
            found.append(
                Thumbnail(f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}", caption)
            )
    return found


def picture(source: Path, t_s: float, width_px: int = WIDTH_PX) -> bytes | None:
    """The frame that is shown at a time as JPEG; None where the source has none there.

    Raises:
        SourceError: the source cannot be read.
    """
    import cv2

    from posture_cv.capture import open_source
    from posture_cv.capture.types import CaptureOptions

    options = CaptureOptions(start_s=max(t_s - HOLD_MAX_S, 0.0), end_s=t_s + 1e-3)
    frame = None
    with open_source(str(source), options=options) as frames:
        for frame in frames.frames():  # noqa: B007 - the last one is wanted
            pass
    if frame is None:
        return None
    height, width = frame.image_bgr.shape[:2]
    size = (min(width_px, width), max(1, round(height * min(width_px, width) / width)))
    small = cv2.resize(frame.image_bgr, size, interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return jpeg.tobytes() if done else None
