"""Any of the known formats -> landmarks, checked and in the units of a recording."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.file_facts import refuse_stream
from posture_cv.importing.arrays import read_arrays
from posture_cv.importing.csv_tables import read_csv
from posture_cv.importing.keypoints import json_files, read_coco, read_openpose
from posture_cv.importing.types import (
    FAR,
    HELP,
    MOST_FRAMES,
    MOST_SIDE_PX,
    Float,
    Imported,
    ImportingError,
    ImportOptions,
    Raw,
    unreadable,
)
from posture_cv.landmarks.names import NOSE
from posture_cv.landmarks.quantise import rounded_field
from posture_cv.landmarks.types import Float32, Landmarks

FORMATS: Final = ("csv", "npz", "openpose", "coco")
_SHARES_REACH: Final = 4.0  # x and y mostly beyond this are pixels, not shares of the picture
_MOST_CONFIDENCE: Final = 1.5  # some models exceed 1 a little; more is another scale
_LATEST_S: Final = 1e9  # 31 years: a later time is a clock's, mostly counted from 1970 on
_MOST_DOUBTFUL: Final = 0.5  # share of the frames; a head leaves the picture now and then
_LEAST_SPREAD: Final = 0.01  # of the picture, between a person's outermost points
_MOST_STEP_S: Final = 3.5  # so long a picture speaks for what comes after it (`hold_max_s` of the assessment)
_MANY_FACES: Final = 1024
_EYES_TO_HIPS: Final = 25  # MediaPipe's points 0-24 are what the estimators of the side view read
_NO_FACE: Final = (
    "no face mesh: from in front forward head, head roll and distance cannot be told, and head pitch "
    "only roughly (face not seen)"
)
_NO_CONTOUR: Final = (
    "no contour: rounded and raised shoulders are told less surely, or not at all (contour not seen)"
)
_NO_DEPTH: Final = "no depth (z): front and side views are told apart by the shoulders, an oblique one is not"
_NO_POINTS: Final = (
    "not all of MediaPipe's points: head, shoulders and hips are measured by few points, with a larger error"
)
_NO_CONFIDENCE: Final = "no visibility: every point that is given counts as seen"
_NO_SCENE: Final = "no picture: light and a moved camera cannot be noticed"


def read_foreign(paths: Sequence[Path], options: ImportOptions, format_name: str | None = None) -> Imported:
    """Read landmarks that another program made.

    Args:
        paths: one file, one folder of OpenPose's files, or several of these files.
        options: what the files do not say.
        format_name: of `FORMATS`; None: told from the names and the content.

    Raises:
        ImportingError: unreadable, of another layout, impossible values, or size or rate not known.
    """
    _require_files(paths)
    return landmarks_of_raw(_raw(paths, format_name or _format_of(paths)), options, str(paths[0]))


def _require_files(paths: Sequence[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise ImportingError(f"There is no such file: {path}", "", "Check the path.")
        try:
            refuse_stream(path)
        except OSError as error:
            raise unreadable(path, error) from error


def landmarks_of_raw(raw: Raw, options: ImportOptions, name: str) -> Imported:
    """Points as they were given -> landmarks, checked and in the units of a recording.

    Args:
        raw: what a reader found.
        options: what it could not know.
        name: of the source, for errors.

    Raises:
        ImportingError: impossible values, or size or rate not known.
    """
    n = len(raw.xy)
    if n == 0:
        raise ImportingError(f"There is no frame in {name}", "", HELP)
    if n > MOST_FRAMES:
        raise ImportingError(f"Too many frames: {n:,}", f"At most {MOST_FRAMES:,}.", "Divide the recording.")
    size = _size(raw, options)
    notes = list(raw.notes)
    order, t_s = _times(raw, options, notes)
    pose = _pose(raw, size, options, notes)[order]
    face = _face(raw, size, options, notes)
    found = np.isfinite(pose[:, :, 0]).any(axis=1)
    if not found.any():
        detail = " ".join([f"{n} frames were read.", *notes])
        raise ImportingError(f"No frame of {name} shows anybody", detail, HELP)
    lm = Landmarks(
        t_s,
        np.tile(np.array([size], np.int32), (n, 1)),
        rounded_field("pose", pose),
        _absent("face", n) if face is None else face[order],
        *(_absent(field, n) for field in ("rows", "cols", "scene")),
    )
    return Imported(lm, raw.format, _missing(lm), (*notes, *doubts(lm)))


def _absent(field: str, n: int) -> Float32:
    """A field of N frames that nobody has made, which takes no memory: it may be hours."""
    of_one: Float32 = getattr(Landmarks.empty(1), field)
    return np.broadcast_to(of_one, (n, *of_one.shape[1:]))


def doubts(lm: Landmarks) -> list[str]:
    """What speaks against the times, the size of the pictures or the unit of x and y, in sentences."""
    return [*_doubts_of_times(lm.t_s), *_doubts_of_places(lm.pose[lm.person_found])]


def _doubts_of_times(t_s: Float) -> list[str]:
    step_s = float(np.median(np.diff(t_s))) if len(t_s) > 1 else 0.0
    if step_s <= _MOST_STEP_S:
        return []
    apart = f"The frames are {step_s:g} s apart (median), and one speaks for {_MOST_STEP_S:g} s at most."
    return [f"{apart} Check whether the times are seconds, or milliseconds."]


def _doubts_of_places(pose: Float32) -> list[str]:
    """Of frames with somebody in them."""
    if len(pose) == 0:
        return []
    nose = pose[:, NOSE, :2]
    outside = np.isfinite(nose).all(axis=1) & ((nose < 0.0) | (nose > 1.0)).any(axis=1)
    spread = np.nanmax(pose[:, :, :2], axis=1) - np.nanmin(pose[:, :, :2], axis=1)
    found = {
        "the head lies outside of the picture": outside,
        "a person is smaller than a hundredth of the picture": (spread < _LEAST_SPREAD).all(axis=1),
    }
    check = "Check the size of the pictures, and whether x and y are pixels or shares of it."
    return [
        f"In {int(frames.sum())} of {len(pose)} frames {what}. {check}"
        for what, frames in found.items()
        if frames.mean() > _MOST_DOUBTFUL
    ]


def _raw(paths: Sequence[Path], format_name: str) -> Raw:
    if format_name not in FORMATS:
        raise ImportingError(f"No format is called {format_name!r}.", "", f"Known: {', '.join(FORMATS)}.")
    if format_name == "openpose":
        files = list(json_files(paths[0])) if len(paths) == 1 and paths[0].is_dir() else list(paths)
        if not files:
            raise ImportingError(f"There is no JSON file in {paths[0]}", "", HELP)
        return read_openpose(files)
    if len(paths) > 1:
        raise ImportingError(f"{len(paths)} files were given.", "", "Import one recording at a time.")
    reader = {"csv": read_csv, "npz": read_arrays, "coco": read_coco}[format_name]
    return reader(paths[0])


def _format_of(paths: Sequence[Path]) -> str:
    first = paths[0]
    if first.is_dir() or len(paths) > 1:
        return "openpose"
    kinds = {".csv": "csv", ".tsv": "csv", ".npz": "npz", ".npy": "npz"}
    suffix = first.suffix.lower()
    if suffix == ".json":
        with first.open("rb") as file:
            return "openpose" if b'"people"' in file.read(4096) else "coco"
    if suffix not in kinds:
        raise ImportingError(
            f"The kind of {first} is not known from its name.", "", f"Say it with --format. {HELP}"
        )
    return kinds[suffix]


def _size(raw: Raw, options: ImportOptions) -> tuple[int, int]:
    if options.size_px and raw.size_px and options.size_px != raw.size_px:
        given, said = ("x".join(map(str, s)) for s in (options.size_px, raw.size_px))
        raise ImportingError(f"The size is {given}, but the file says {said}.", "", "Leave --size out.")
    size = options.size_px or raw.size_px
    if size is None:
        raise ImportingError(
            "The size of the pictures is not known.",
            "The file does not say it, and lengths depend on it.",
            "Give it with --size, for example --size 640x480 (in Python: size_px=(640, 480)).",
        )
    sides = np.asarray(size)  # of a program's own making they may be any number of sides
    if sides.shape != (2,) or not ((sides >= 1) & (sides <= MOST_SIDE_PX)).all():
        raise ImportingError(f"{'x'.join(map(str, size))} is no size of a picture.", "", HELP)
    return size


def _times(raw: Raw, options: ImportOptions, notes: list[str]) -> tuple[NDArray[np.intp], Float]:
    """The order of the frames, and their times; those of a clock are counted from the first frame on."""
    n = len(raw.xy)
    if raw.t_s is not None:
        times, scale = _since_the_start(np.asarray(raw.t_s, np.float64), notes), 1.0
    else:
        if options.rate_hz is None:
            raise ImportingError(
                "The times of the frames are not known.",
                "The file numbers them only.",
                "Say how many there are a second, for example --fps 30 (in Python: rate_hz=30).",
            )
        if not 0.0 < options.rate_hz < math.inf:
            raise ImportingError(f"{options.rate_hz:g} is no number of frames a second.", "", HELP)
        times = raw.frame if raw.frame is not None else np.arange(n, dtype=np.float64)
        scale = 1.0 / options.rate_hz
    if not np.isfinite(times).all() or (times < 0).any() or times.max() * scale > _LATEST_S:
        known = times[np.isfinite(times)]
        reach = f"; the others go from {known.min():g} to {known.max():g}" if len(known) else ""
        raise ImportingError(
            "A time or a frame number is missing, negative or too large.",
            f"{n - len(known)} of {n} are missing{reach}.",
            "Frames are numbered from 0 on; times are seconds since the start.",
        )
    order = np.argsort(times, kind="stable")
    t_s = np.round(times[order] * scale, 6)
    if (np.diff(t_s) <= 0).any():
        at = float(t_s[int(np.flatnonzero(np.diff(t_s) <= 0)[0])])
        raise ImportingError(
            f"Two frames have the same time: {at:g} s.", "", "One person's landmarks, a row a frame."
        )
    return order, t_s


def _since_the_start(t_s: Float, notes: list[str]) -> Float:
    """Seconds since the start of a recording, of times that may be a clock's."""
    known = t_s[np.isfinite(t_s)]
    if len(known) == 0 or known.min() <= _LATEST_S:
        return t_s
    notes.append(f"The times are a clock's; they are counted from the first frame on ({known.min():.3f} s).")
    return np.asarray(t_s - known.min())


def _pose(raw: Raw, size: tuple[int, int], options: ImportOptions, notes: list[str]) -> Float32:
    """(N, 33, 8) in the units of `Landmarks.pose`; a point is whole in x and y, or missing altogether."""
    scale = np.array(size, np.float64) if _pose_in_pixels(raw, options) else np.ones(2)
    xy = raw.xy / scale
    far = (np.abs(xy - 0.5) > FAR).any(axis=2) & np.isfinite(xy).all(axis=2)
    if far.any():
        notes.append(f"{int(far.sum())} points lie far outside the picture and are taken as missing.")
    lost: NDArray[np.bool_] = np.asarray(far | ~np.isfinite(xy).all(axis=2))
    xy = np.where(lost[:, :, None], np.nan, xy)
    confidence = [_confidence(raw.visibility), _confidence(raw.presence)]
    z = np.clip(raw.z / scale[0], -8.0, 8.0)
    world = np.clip(np.where(np.isfinite(raw.world_m), raw.world_m, np.nan), -4.0, 4.0)
    columns = [xy[:, :, 0], xy[:, :, 1], np.where(np.isfinite(z), z, np.nan), *confidence]
    columns += [world[:, :, k] for k in range(3)]
    pose = np.stack(columns, axis=2, dtype=np.float32)
    pose[lost] = np.nan
    return pose


def _pose_in_pixels(raw: Raw, options: ImportOptions) -> bool:
    return _in_pixels(raw.xy) if options.pixels is None else options.pixels


def _in_pixels(xy: Float) -> bool:
    known = np.abs(xy[np.isfinite(xy)])
    return len(known) > 0 and float(np.median(known)) > _SHARES_REACH


def _confidence(values: Float) -> Float:
    known = values[np.isfinite(values)]
    if len(known) and (known.min() < 0.0 or known.max() > _MOST_CONFIDENCE):
        raise ImportingError(
            "Visibility or confidence is not between 0 and 1.",
            f"Found {known.min():g} to {known.max():g}.",
            "Bring it to 0-1 before the import.",
        )
    return np.where(np.isfinite(values), np.clip(values, 0.0, 1.0), np.nan)


def _face(raw: Raw, size: tuple[int, int], options: ImportOptions, notes: list[str]) -> Float32 | None:
    """(N, 468, 3) whole meshes; a frame with a missing or far point has none."""
    if raw.face is None:
        return None
    # MediaPipe gives the mesh in shares whatever a program has made of the pose: it is judged by its own numbers.
    there = np.flatnonzero(np.isfinite(raw.face[:, 0, 0]))
    in_pixels = _in_pixels(raw.face[there[:: 1 + len(there) // _MANY_FACES], :, :2])
    if in_pixels != _pose_in_pixels(raw, options) and len(there):
        units = ("pixels", "shares") if in_pixels else ("shares", "pixels")
        notes.append("The face mesh is in {} of the picture, the pose in {}.".format(*units))
    wide, high = size if in_pixels else (1, 1)
    unit = np.array([wide, high, wide], np.float64)
    found, broken = np.empty(raw.face.shape, np.float32), 0
    for start in range(0, len(found), _MANY_FACES):  # some at a time: an hour's are a gigabyte
        some = slice(start, start + _MANY_FACES)
        face = raw.face[some] / unit
        near = (np.abs(np.nan_to_num(face) - 0.5) <= FAR).all(axis=(1, 2))
        whole: NDArray[np.bool_] = np.asarray(np.isfinite(face).all(axis=(1, 2)) & near)
        broken += int((~whole & np.isfinite(face).any(axis=(1, 2))).sum())
        found[some] = rounded_field("face", np.where(whole[:, None, None], face, np.nan))
    if broken:
        notes.append(f"{broken} face meshes are not whole and are taken as missing.")
    return found


def _missing(lm: Landmarks) -> tuple[str, ...]:
    """What the source does not hold, for the user."""
    found = lm.person_found
    pose = lm.pose[found]
    checks = (
        (_NO_POINTS, not np.isfinite(pose[:, :_EYES_TO_HIPS, 0]).any(axis=0).all()),
        (_NO_FACE, not lm.face_found.any()),
        (_NO_CONTOUR, True),
        (_NO_DEPTH, not np.isfinite(pose[:, :, 2]).any()),
        (_NO_CONFIDENCE, not np.isfinite(pose[:, :, 3]).any()),
        (_NO_SCENE, True),
    )
    return tuple(dict.fromkeys(text for text, applies in checks if applies))
