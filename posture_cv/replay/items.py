"""What is to be replayed: one item a recording, with the name of its result folder."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from posture_cv.errors import InputError
from posture_cv.opendata.names import as_seen
from posture_cv.paths import user_path

MOST_NAME_LETTERS: Final = 80
_MOST_FOLDERS: Final = 4
# Names that Windows keeps for devices, whatever their suffix, and that of the table of all recordings.
_TAKEN: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)|recordings\.csv$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One recording to replay.

    Attributes:
        file: a video, a folder of pictures, a landmark recording, or an address.
        name: of the result folder; empty until `named` has chosen it.
        participant, condition: the user's own labels; None where none is given.
        profile: name or path of the profile to judge by; None: another baseline is given.
        calibrate_s: (start, end) of the seconds of the file in which the person sits as they want to.
        start_s, end_s: the stretch to replay, in seconds of the file; `end_s` None: to its end.
        place: where the user has named it, for errors: manifest and line; empty: on the command line.
    """

    file: str
    name: str = ""
    participant: str | None = None
    condition: str | None = None
    profile: str | None = None
    calibrate_s: tuple[float, float] | None = None
    start_s: float = 0.0
    end_s: float | None = None
    place: str = field(default="", compare=False)

    @property
    def identity(self) -> tuple[str, float, float | None]:
        """Items with the same one would be replayed twice."""
        return identity_of_file(self.file), self.start_s, self.end_s


def identity_of_file(file: str) -> str:
    """The same for two ways of writing one path."""
    return file if "://" in file else os.path.realpath(user_path(file))


def check_once(files: Iterable[str]) -> None:
    """See that no recording is given twice, by whatever path.

    Raises:
        InputError: all that are.
    """
    often = Counter(identity_of_file(file) for file in files)
    twice = [file for file, count in often.items() if count > 1]
    if twice:
        raise InputError(
            "A recording would count twice.", f"Given twice: {', '.join(twice)}.", "Give each recording once."
        )


def named(items: Iterable[Item]) -> list[Item]:
    """The same items, each with the name of a folder of its own.

    The name is made of participant, condition, the file's stem and the stretch. Where two would be the same (letters'
    case and the way an accent is written aside, as some file systems see them), all of them take the file's whole
    name, then the folders above it, and at last a mark of their path: a name depends on what is replayed, not on its
    order.
    """
    given = list(items)
    names = [_name(item, 0) for item in given]
    for depth in range(1, _MOST_FOLDERS + 1):
        often = Counter(as_seen(name) for name in names)
        if max(often.values(), default=1) == 1:
            break
        names = [
            name if often[as_seen(name)] == 1 else _name(item, depth)
            for item, name in zip(given, names, strict=True)
        ]
    often = Counter(as_seen(name) for name in names)
    return [
        replace(item, name=name if often[as_seen(name)] == 1 else f"{name}-{_mark(item)}")
        for item, name in zip(given, names, strict=True)
    ]


def _name(item: Item, depth: int) -> str:
    """Of stem (depth 0) or whole file name (1), and of so many folders above it, less one."""
    stretch = ""
    if item.start_s or item.end_s is not None:
        stretch = f"{item.start_s:g}s-" + ("end" if item.end_s is None else f"{item.end_s:g}s")
    address = item.file.partition("://")[2]
    path = Path(address or item.file.rstrip("/\\"))
    above = list(path.parts[:-1][-(depth - 1) :]) if depth > 1 else []
    file = path.name if depth or address else path.stem
    parts = [part for part in (item.participant, item.condition, *above, file, stretch) if part]
    name = re.sub(r"[^\w.-]+", "_", "_".join(parts)).strip("._-")[-MOST_NAME_LETTERS:].lstrip("._-")
    return f"_{name}" if not name or _TAKEN.match(name) else name


def _mark(item: Item) -> str:
    return hashlib.sha256(repr((item.file, item.start_s, item.end_s)).encode()).hexdigest()[:8]
