"""Pictures in a folder, or a single one, as a frame source."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from posture_cv.capture.base import PulledSource, RateGate, Warnings
from posture_cv.capture.picture_header import (
    HEAD_BYTES,
    SUFFIXES,
    PictureError,
    picture_format,
    picture_size,
)
from posture_cv.capture.quiet import quiet_stderr
from posture_cv.capture.types import CaptureOptions, Frame, SourceError, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from numpy.typing import NDArray

UNRELATED_RATE_HZ = 1.0  # times of pictures that have none: one after the other
_MOST_BYTES_PER_PIXEL = 8  # 16 bits in four channels; a file larger than that holds something else


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key that puts `frame_10` after `frame_9`; letters' case counts only between equals.

    >>> sorted(["b10", "b9", "B1"], key=natural_key)
    ['B1', 'b9', 'b10']
    """
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(1, int(p), "") if p.isdecimal() else (0, 0, p) for p in parts if p], name


def is_picture(path: Path) -> bool:
    """Whether a file starts like a picture, whatever its name."""
    with path.open("rb") as file:
        return picture_format(file.read(HEAD_BYTES)) is not None


def read_picture(path: Path, max_pixels: int) -> NDArray[np.uint8]:
    """Decode one picture, turned as its EXIF entry says.

    Returns:
        Shape `(height, width, 3)`, uint8, blue first.

    Raises:
        PictureError: not a picture, cut off, damaged, or larger than `max_pixels`; the message completes
            "it …". Its size is checked before anything is decoded.
    """
    import cv2
    import numpy as np

    data = _read(path, max_pixels * _MOST_BYTES_PER_PIXEL)
    width, height = picture_size(data)
    if width * height > max_pixels:
        size = f"{width} x {height} pixels ({width * height / 1e6:.0f} million"
        raise PictureError(f"has {size}; at most {max_pixels / 1e6:.0f} million are read)")
    try:
        with quiet_stderr():
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise PictureError(f"is damaged ({str(error).strip().splitlines()[-1][:80]})") from error
    if image is None:
        raise PictureError("is damaged")
    return np.ascontiguousarray(image, dtype=np.uint8)


def _read(path: Path, most_bytes: int) -> bytes:
    try:
        if path.stat().st_size > most_bytes:
            raise PictureError(f"has {path.stat().st_size:,} bytes, too many for a picture")
        return path.read_bytes()
    except OSError as error:
        raise PictureError(f"cannot be read ({error.strerror})") from error


class ImageFolder(PulledSource):
    """The pictures of a folder in natural order, or a single picture.

    A picture that cannot be used is left out, with a warning that names it. Subfolders are not entered.

    Args:
        path: folder or picture.
        name: for people.
        options: `frame_rate_hz` makes the pictures a sequence; otherwise they are unrelated.

    Raises:
        SourceError: there is no picture, or none that can be used in the chosen stretch of time.
    """

    def __init__(self, path: Path, name: str, options: CaptureOptions) -> None:
        self._options = options
        self._rate_hz = options.frame_rate_hz or UNRELATED_RATE_HZ
        self._gate = RateGate(options.max_rate_hz if options.frame_rate_hz else None)
        self._paths = _list_pictures(path, name) if path.is_dir() else [path]
        warnings = Warnings()
        self._stream = self._decode(self._paths, warnings)
        self._first = next(self._stream, None)
        if self._first is None:
            raise _no_readable(name, len(self._paths), warnings.texts())
        height, width = self._first.image_bgr.shape[:2]
        count = len(self._paths)
        info = SourceInfo(
            kind="images",
            name=name,
            live=False,
            width_px=width,
            height_px=height,
            frame_rate_hz=options.frame_rate_hz,
            frame_count=count,
            duration_s=count / self._rate_hz,
            unrelated=options.frame_rate_hz is None,
            path=path,
        )
        super().__init__(info, warnings)

    def _next_frame(self) -> Frame | None:
        if (first := self._first) is not None:
            self._first = None
            return first
        return next(self._stream, None)

    def _release(self) -> None:
        self._stream.close()
        self._first = None

    def _decode(self, paths: list[Path], warnings: Warnings) -> Generator[Frame]:
        end_s = self._options.end_s
        for index, path in enumerate(paths):
            t_s = index / self._rate_hz
            if end_s is not None and t_s >= end_s:
                return
            if t_s < self._options.start_s or not self._gate.is_due(t_s):
                continue
            try:
                image = read_picture(path, self._options.max_pixels)
            except PictureError as error:
                warnings.add(f"{path.name} was left out: it {error}")
                continue
            yield Frame(index, t_s, image)


def _list_pictures(folder: Path, name: str) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            files = [e.name for e in entries if not e.name.startswith(".") and e.is_file()]
    except OSError as error:
        raise SourceError(
            f"Cannot read the folder {name}", error.strerror or str(error), "Check its permissions."
        ) from error
    pictures = [f for f in files if Path(f).suffix.lower() in SUFFIXES]
    if pictures:
        return [folder / f for f in sorted(pictures, key=natural_key)]
    held = f"It holds {len(files)} other files." if files else "It holds no files."
    kinds = ", ".join(sorted(s.removeprefix(".") for s in SUFFIXES))
    raise SourceError(f"No pictures in the folder {name}", held, f"Pictures are files named {kinds}.")


def _no_readable(name: str, count: int, reasons: list[str]) -> SourceError:
    if not reasons:
        return SourceError(
            f"No picture of {name} lies in the chosen stretch of time",
            f"It holds {count} pictures.",
            "Choose an earlier start.",
        )
    what = f"None of the {count} pictures in {name} can be used" if count > 1 else f"Cannot use {name}"
    detail = reasons[0] if count > 1 else f"It {reasons[0].partition(': it ')[2]}."
    return SourceError(what, detail, "Give whole pictures, such as JPEG or PNG, that are not too large.")
