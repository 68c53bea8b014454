"""Keypoints in JSON: OpenPose (BODY_25 or COCO-18, with its 70 face points) and COCO's 17."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from posture_cv.file_facts import bytes_of
from posture_cv.importing.people import FOLLOWED, followed, seen
from posture_cv.importing.types import (
    COCO_17,
    HELP,
    MOST_BYTES,
    Float,
    ImportingError,
    Raw,
    listed,
    unreadable,
)

# MediaPipe's place of each of BODY_25's points; -1: it has none (neck, middle of the hips).
_BODY_25: Final = (
    0,
    -1,
    12,
    14,
    16,
    11,
    13,
    15,
    -1,
    24,
    26,
    28,
    23,
    25,
    27,
    5,
    2,
    8,
    7,
    31,
    -1,
    29,
    32,
    -1,
    30,
)
_COCO_18: Final = (0, -1, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7)
# Of the 70 face points those that MediaPipe's pose has too: corners of the eyes and of the mouth.
_FACE_70: Final[Mapping[int, int]] = {36: 6, 39: 4, 42: 1, 45: 3, 48: 10, 54: 9}
_NUMBER: Final = re.compile(r"(\d+)(?!.*\d)")  # the last number of a name
_OWN_NUMBERS: Final = (
    "The last number of an image's name is its frame's: import one recording at a time, each image with a number "
    "of its own."
)


def read_openpose(paths: Sequence[Path]) -> Raw:
    """Read one JSON file a frame; of several people one is followed.

    Args:
        paths: the files; the last number in each name is the frame's.

    Raises:
        ImportingError: no number in a name, a number twice, no JSON, or keypoints of another length.
    """
    numbered = _frames(paths)
    raw = Raw.empty(len(numbered), "openpose-json")
    with_face = 0
    faults: list[str] = []
    frames: list[list[tuple[Float, Float | None]]] = []
    for path in numbered.values():
        try:
            frames.append(_people(_load(path)))
        except ImportingError as fault:
            faults.append(str(fault))
    if faults:
        raise ImportingError(f"{len(faults)} of {len(numbered)} files are faulty.", listed(faults), HELP)
    one, notes = _followed([[(body, _places_of(body)) for body, _ in people] for people in frames])
    for row, (people, number) in enumerate(zip(frames, one, strict=True)):
        if number is None:
            continue
        body, face = people[number]
        _place(raw, row, body, _places_of(body))
        with_face += face is not None
        if face is not None:
            chosen = list(_FACE_70)
            _place(raw, row, face[chosen], tuple(_FACE_70[k] for k in chosen))
    if with_face:
        notes.append(
            "Of OpenPose's 70 face points the corners of eyes and mouth are used; there is no face mesh."
        )
    return replace(raw, frame=np.array(list(numbered), np.float64), notes=tuple(notes))


def _frames(paths: Sequence[Path]) -> dict[int, Path]:
    found: dict[int, Path] = {}
    for path in paths:
        match = _NUMBER.search(path.name.removesuffix("_keypoints.json").removesuffix(".json"))
        if match is None or int(match[1]) in found:
            why = "has no frame number" if match is None else f"is frame {int(match[1])} again"
            raise ImportingError(
                f"The name of {path} {why}.", "", "OpenPose writes NAME_000000000012_keypoints.json."
            )
        found[int(match[1])] = path
    return dict(sorted(found.items()))


def _load(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    try:
        return json.loads(bytes_of(path, MOST_BYTES // 4), parse_constant=lambda _: float("nan"))
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise ImportingError(f"This is no JSON: {path}", f"{type(error).__name__}: {error}.", HELP) from error


def _people(content: Any) -> list[tuple[Float, Float | None]]:  # noqa: ANN401 - whatever the file holds
    if not isinstance(content, dict) or not isinstance(content.get("people"), list):
        raise ImportingError("There is no list of people in it", "", "Expected OpenPose's output.")
    out = []
    for person in content["people"]:
        if not isinstance(person, dict):
            raise ImportingError("A person is no object.")
        if person.get("pose_keypoints_2d") == []:  # a face or a hand without a body
            continue
        body = _triples(person.get("pose_keypoints_2d"), (len(_BODY_25), len(_COCO_18)), "pose_keypoints_2d")
        face = person.get("face_keypoints_2d")
        out.append((body, _triples(face, (70,), "face_keypoints_2d") if face else None))
    return out


def _triples(values: Any, counts: tuple[int, ...], name: str) -> Float:  # noqa: ANN401 - whatever the file holds
    """(K, 3) x, y, confidence; a point with confidence 0 is missing."""
    lengths = [3 * count for count in counts]
    found = len(values) if isinstance(values, list) else type(values).__name__
    if not isinstance(values, list) or len(values) not in lengths:
        raise ImportingError(f"{name} has {found} numbers, expected {' or '.join(map(str, lengths))}.")
    wrong = [v for v in values if isinstance(v, bool) or not isinstance(v, (int, float))]
    if wrong:
        raise ImportingError(f"{name} holds {str(wrong[0])[:40]!r}, which is no number.")
    points = _doubles(values).reshape(-1, 3)
    points[(points[:, 2] == 0.0) | ~np.isfinite(points).all(axis=1)] = np.nan
    return points


def _doubles(values: list[float]) -> Float:
    """As numbers; an integer too large for one is infinite."""
    try:
        return np.array(values, np.float64)
    except OverflowError:
        return np.array([v if abs(v) < 1e300 else np.inf for v in values], np.float64)


def _places_of(body: Float) -> tuple[int, ...]:
    return _BODY_25 if len(body) == len(_BODY_25) else _COCO_18


def _followed(
    frames: Sequence[Sequence[tuple[Float, Sequence[int]]]],
) -> tuple[list[int | None], list[str]]:
    """Whom the recording is about, in each frame, and what is to be said of the others."""
    looks = [[seen(points, places) for points, places in people] for people in frames]
    one = followed(looks)
    several = sum(sum(look is not None for look in people) > 1 for people in looks)
    alone = sum(k is None and any(look is not None for look in p) for k, p in zip(one, looks, strict=True))
    notes = [f"Several people in {_of_frames(several)}: {FOLLOWED}."] if several else []
    if alone:
        notes.append(f"Somebody else only in {_of_frames(alone)}, counted as empty.")
    return one, notes


def _of_frames(count: int) -> str:
    return f"{count} frame" if count == 1 else f"{count} frames"


def _place(raw: Raw, row: int, points: Float, places: tuple[int, ...]) -> None:
    for point, place in zip(points, places, strict=True):
        if place >= 0:
            raw.xy[row, place] = point[:2]
            raw.visibility[row, place] = point[2]


def read_coco(path: Path) -> Raw:
    """Read COCO's results format (a list), or annotations with `images`; of several people one is followed.

    Raises:
        ImportingError: no JSON, entries without image or keypoints, 51 numbers missing, images of several sizes or
            two of one frame number.
    """
    content = _load(path)
    images = _images(path, content)
    shown = _shown(path, images.values())
    entries = content["annotations"] if isinstance(content, dict) else content
    people: dict[float, list[Float]] = {}
    faults: list[str] = []
    for number, entry in enumerate(entries):
        try:
            frame = _frame_of(entry, images, shown)
            points = _triples(entry.get("keypoints"), (len(COCO_17),), "keypoints")
        except ImportingError as fault:
            faults.append(f"entry {number}: {fault}")
            continue
        people.setdefault(frame, []).append(points)
    if faults:
        raise ImportingError(f"Faulty entries in {path}", listed(faults), f"{_OWN_NUMBERS} {HELP}")
    return _coco_raw(people, images)


def _coco_raw(people: Mapping[float, Sequence[Float]], images: Mapping[Any, _Image]) -> Raw:
    frames = sorted(set(people) | {image.frame for image in images.values()})
    raw = Raw.empty(len(frames), "coco-17-json")
    one, notes = _followed([[(points, COCO_17) for points in people.get(frame, ())] for frame in frames])
    for row, (frame, number) in enumerate(zip(frames, one, strict=True)):
        if number is not None:
            _place(raw, row, people[frame][number], COCO_17)
    if np.nan_to_num(raw.visibility).max(initial=0.0) == 2.0:  # flags: 1 labelled but hidden, 2 visible
        raw.visibility[:] = np.where(np.isnan(raw.visibility), np.nan, raw.visibility >= 2.0)
    size = next((image.size_px for image in images.values() if image.size_px is not None), None)
    return replace(raw, frame=np.array(frames, np.float64), size_px=size, notes=tuple(notes))


class _Image(NamedTuple):
    """A picture that keypoints were found in; `name` is its file's, or else its id."""

    id: str
    name: str
    frame: float
    size_px: tuple[int, int] | None = None


def _images(path: Path, content: Any) -> dict[Any, _Image]:  # noqa: ANN401
    """Image id -> what the file says of it."""
    if isinstance(content, list):
        return {}
    if not isinstance(content, dict) or not isinstance(content.get("annotations"), list):
        raise ImportingError(
            f"No COCO keypoints in {path}", "Expected a list, or annotations in an object.", HELP
        )
    listed_images: Iterable[Any] = content.get("images") or []
    out: dict[Any, _Image] = {}
    for image in listed_images if isinstance(listed_images, list) else []:
        id_ = _whole(image.get("id")) if isinstance(image, dict) else None
        if not isinstance(id_, (int, str)):
            raise ImportingError(f"An image without id in {path}", "", HELP)
        name = image.get("file_name", id_)
        out[id_] = _Image(str(id_), str(name), _number_of(name), _size_of(image))
    if len({image.size_px for image in out.values() if image.size_px}) > 1:
        raise ImportingError(f"The images have several sizes: {path}", "", "Import one camera at a time.")
    return out


def _size_of(image: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = _whole(image.get("width")), _whole(image.get("height"))
    return (
        (width, height) if isinstance(width, int) and isinstance(height, int) and width and height else None
    )


def _whole(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """12.0, as some programs write it, is 12; anything else is as it was."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(path: Path, images: Iterable[_Image]) -> dict[float, _Image]:
    """Frame number -> the one image that is this frame; two would pass for one another's people."""
    shown: dict[float, _Image] = {}
    faults: list[str] = []
    for image in images:
        try:
            _require_own_frame(image, shown)
        except ImportingError as fault:
            faults.append(str(fault))
    if faults:
        raise ImportingError(f"Several images have one frame number: {path}", listed(faults), _OWN_NUMBERS)
    return shown


def _require_own_frame(image: _Image, shown: dict[float, _Image]) -> None:
    other = shown.setdefault(image.frame, image)
    if other.id != image.id:
        raise ImportingError(
            f"{image.name[:60]!r} is frame {image.frame:.0f}, which {other.name[:60]!r} is already"
        )


def _frame_of(entry: Any, images: Mapping[Any, _Image], shown: dict[float, _Image]) -> float:  # noqa: ANN401
    name = _whole(entry.get("image_id")) if isinstance(entry, dict) else None
    if not isinstance(name, (int, str)):
        raise ImportingError("no image_id")
    image = images[name] if name in images else _Image(str(name), str(name), _number_of(name))
    _require_own_frame(image, shown)
    return image.frame


def _number_of(name: Any) -> float:  # noqa: ANN401 - whatever the file holds
    match = _NUMBER.search(str(name).rpartition(".")[0] or str(name))
    if match is None or len(match[1]) > 15:
        raise ImportingError(f"{str(name)[:60]!r} has no frame number")
    return float(match[1])


def json_files(folder: Path) -> Iterator[Path]:
    """The JSON files of a folder, by name; hidden ones are not of the program that wrote the others."""
    shown = (path for path in folder.iterdir() if not path.name.startswith("."))
    return iter(sorted(path for path in shown if path.suffix.lower() == ".json"))
