"""Writing landmark recordings (`recording` says what they are): whole or as NAME.part, by one run at a time."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import numpy as np

from posture_cv.atomic import check_target
from posture_cv.errors import PostureError
from posture_cv.landmarks.estimator import EstimatorInfo
from posture_cv.landmarks.packing import FORMAT_VERSION, SHAPES, pack
from posture_cv.landmarks.part_file import open_part, require_named, take_name
from posture_cv.landmarks.quantise import STEPS_PER_UNIT
from posture_cv.landmarks.recording import (
    BLOCK_FRAMES,
    BLOCK_HEAD,
    DONE,
    FRAMES,
    MAGIC,
    RecordingInfo,
    check_times,
    is_recording,
)
from posture_cv.landmarks.types import POSE_FIELDS, SCENE_FIELDS, Landmarks

BLOCK_SECONDS: Final = 5.0  # a killed run loses no more than this
_COLUMNS: Final = {
    "pose": list(POSE_FIELDS),
    "face": ["x", "y", "z"],
    "rows": ["left", "right"],
    "cols": ["top"],
    "scene": list(SCENE_FIELDS),
}
_UNITS: Final = {
    "pose": "x, z: share of the picture's width; y: share of its height; world: metres; others 0-1",
    "face": "x, z: share of the picture's width; y: share of its height",
    "rows": "share of the picture's width",
    "cols": "share of the picture's height",
    "scene": "brightness 0-1; bg_dx: share of the width; bg_dy: of the height; bg_roll_deg: degrees; others 1",
}


def estimator_as_dict(info: EstimatorInfo) -> dict[str, Any]:
    """Plain values of an estimator's info, for the header."""
    return asdict(info)


def part_of(path: Path) -> Path:
    """Under which name a recording grows."""
    return path.with_name(path.name + ".part")


def check_recording_target(path: Path, inputs: Iterable[str | Path]) -> None:
    """See that a recording may be written to `path`: it is none of the inputs, and no other kind of file.

    Nor is NAME.part, under which it grows: somebody's download may be called so.

    Raises:
        InputError, OutputError: see `check_target`.
    """
    inputs = list(inputs)
    for place in (path, part_of(path)):
        check_target(place, inputs, kind="a landmark recording", is_kind=is_recording)


class RecordingWriter:
    """Writes a recording; one verb, `write`. A context manager.

    The file grows as NAME.part, owner-only, and takes its final name when it is closed without an error.
    A killed run leaves NAME.part, which reads like any recording as far as it goes; the next run begins it anew.

    Raises:
        InputError: another run is writing to NAME.part.
        PostureError: it cannot be written.
    """

    def __init__(self, path: Path, info: RecordingInfo) -> None:
        self.path = path
        self.part_path = part_of(path)
        self._pending: list[Landmarks] = []
        self._written = 0
        self._last_t_s = -np.inf
        self._closed = False
        try:
            self._file: BinaryIO = open_part(self.part_path)
        except OSError as error:
            raise _unwritable(self.part_path, error) from error
        try:
            self._put(MAGIC + _header_line(info))
        except PostureError:
            self._end()
            raise

    def write(self, lm: Landmarks) -> None:
        """Append the frames of `lm`, in the order of their time.

        Raises:
            ValueError: a time is none or does not grow (`check_times`); nothing of `lm` is written.
            PostureError: it cannot be written.
        """
        if self._closed:
            raise RuntimeError("this recording is closed")
        if len(lm) == 0:
            return
        check_times(lm.t_s, self._last_t_s)
        self._last_t_s = float(lm.t_s[-1])
        self._pending.append(lm)
        frames = sum(len(part) for part in self._pending)
        if frames >= BLOCK_FRAMES or lm.t_s[-1] - self._pending[0].t_s[0] >= BLOCK_SECONDS:
            self._flush()
            self._require_named()

    def close(self) -> None:
        """Finish the file and give it its final name; a second call does nothing."""
        if self._closed:
            return
        try:
            self._flush()
            self._put(BLOCK_HEAD.pack(DONE, self._written, 0, 0))
        except BaseException:
            self._end()
            raise
        self._closed = True
        try:
            take_name(self._file, self.part_path, self.path)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def abandon(self) -> None:
        """Stop without giving the file its final name; what was written stays in NAME.part."""
        if not self._closed:
            try:
                self._flush()
            finally:
                self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or kind is KeyboardInterrupt:
            self.close()
        else:
            self.abandon()

    def _flush(self) -> None:
        block = (
            self._pending[0] if len(self._pending) == 1 else Landmarks.concat(self._pending)
        )  # no copy of hours
        self._pending.clear()
        for start in range(0, len(block), BLOCK_FRAMES):
            part = block[start : start + BLOCK_FRAMES]
            payload = pack(part)
            self._put(BLOCK_HEAD.pack(FRAMES, len(part), len(payload), zlib.crc32(payload)) + payload)
            self._written += len(part)

    def _require_named(self) -> None:
        """Nobody is to find out after hours that the folder was deleted in the first minute."""
        try:
            require_named(self._file, self.part_path)
        except OSError as error:
            raise _unwritable(self.part_path, error) from error

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise _unwritable(self.part_path, error) from error

    def _end(self) -> None:
        """Close the file, also where what was left could not be written."""
        self._closed = True
        try:
            self._file.close()
        except OSError as error:
            raise _unwritable(self.part_path, error) from error


def _header_line(info: RecordingInfo) -> bytes:
    fields = {
        name: {
            "shape": list(SHAPES[name]),
            "columns": _COLUMNS[name],
            "units": _UNITS[name],
            "steps_per_unit": np.broadcast_to(steps, len(_COLUMNS[name])).tolist(),
        }
        for name, steps in STEPS_PER_UNIT.items()
    }
    header = {"format_version": FORMAT_VERSION, "t": "seconds since the source's start", "fields": fields}
    return json.dumps(header | asdict(info), sort_keys=True).encode() + b"\n"


def _unwritable(path: Path, error: OSError) -> PostureError:
    return PostureError(
        f"The landmark recording cannot be written: {path}",
        f"{error.strerror or error}.",
        "Choose another folder, or make room on the disk.",
    )
