"""A file of labels -> postures of the program, without overlaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Final

from posture_cv.agreement.eaf import read_eaf
from posture_cv.agreement.texts import read_text
from posture_cv.agreement.types import Faults, LabelError, Labels, Stretch
from posture_cv.assess.types import State
from posture_cv.file_facts import bytes_of

MOST_BYTES: Final = 50_000_000
# What raters call postures; spaces, hyphens and letters' case do not matter.
SYNONYMS: Final[Mapping[str, str]] = {
    "upright": "good",
    "neutral": "good",
    "forward_head_posture": "forward_head",
    "fhp": "forward_head",
    "head_forward": "forward_head",
    "rounded": "rounded_shoulders",
    "rounded_shoulder": "rounded_shoulders",
    "raised_shoulders": "shrug",
    "shrugging": "shrug",
    "slumped": "slump",
    "slouch": "slump",
    "slouching": "slump",
    "reclined": "reclining",
    "lean_in": "leaning_in",
    "lateral_lean": "leaning_sideways",
    "turned_away": "turned",
    "absent": "away",
    "look_down": "looking_down",
}


def read_labels(path: Path, coding: str | None = None) -> Labels:
    """Read a file of any known kind.

    Args:
        path: of the file.
        coding: the observation, subject or tier that is asked for, as for `chosen`; what is wrong with others does
            not matter then.

    Raises:
        LabelError: it cannot be read, is of no known kind, holds faults or no label.
    """
    try:
        data = bytes_of(path, MOST_BYTES)
    except OSError as error:
        raise LabelError(
            f"The labels cannot be read: {path}", f"{error.strerror or error}.", "Check the path."
        ) from error
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        labels = read_eaf(data, str(path), coding)
    else:
        labels = read_text(_decoded(data, path), str(path), coding)
    if not labels.stretches:
        raise LabelError(f"There is no labelled stretch in {path}", f"It reads as {labels.kind}.", "")
    return labels


def _decoded(data: bytes, path: Path) -> str:
    for coding in ("utf-8-sig", "utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            text = data.decode(coding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise LabelError(
        f"The labels are no text: {path}", "Neither UTF-8 nor UTF-16.", "Export them as CSV or TSV."
    )


def chosen(labels: Labels, group: str | None, path: str) -> Labels:
    """Those of one observation, subject or tier.

    Raises:
        LabelError: there is no such group, or there are several and none is named.
    """
    groups = sorted({s.group for s in labels.stretches})
    if group is None and len(groups) == 1:
        return labels
    if group is None or group not in groups:
        problem = "holds several codings" if group is None else f"holds no coding {group!r}"
        raise LabelError(
            f"{path} {problem}.",
            f"There are: {', '.join(map(repr, groups))}.",
            "Choose one with --coding.",
        )
    return replace(labels, stretches=tuple(s for s in labels.stretches if s.group == group))


def on_the_sources_clock(labels: Labels, source: str, path: str) -> tuple[Labels, float]:
    """Labels in seconds since the start of the source, and by how much they were moved for that.

    ELAN counts from where the media files that it plays together begin together, which may lie within one of them.

    Args:
        labels: as read.
        source: name of what was replayed.
        path: of the file, for messages.

    Raises:
        LabelError: their clock begins within a media file, and of several none is the source by its name.
    """
    begins_s = labels.begins_s
    named = [name for name in begins_s if name.casefold() == PurePath(source).name.casefold()]
    if not any(begins_s.values()):
        return labels, 0.0
    if not named and len(begins_s) > 1:
        told = ", ".join(f"{name!r} at {begin_s:g} s" for name, begin_s in begins_s.items())
        raise LabelError(
            f"It cannot be told where in the source the labels of {path} begin.",
            f"Their clock begins within the media files: {told}. None is called {source!r}, as the source is.",
            "Link the source's own file in ELAN.",
        )
    by_s = begins_s[named[0] if named else next(iter(begins_s))]
    moved = (replace(s, start_s=s.start_s + by_s, end_s=s.end_s + by_s) for s in labels.stretches)
    return replace(labels, stretches=tuple(moved)), by_s


def as_postures(labels: Labels, names: Mapping[str, str], path: str) -> list[tuple[Stretch, State]]:
    """Each stretch with the posture it means.

    Args:
        labels: of one coding.
        names: rater's label -> posture, given by the user; goes before `SYNONYMS`.
        path: for messages.

    Raises:
        LabelError: labels, or meanings given to them, that are no posture, or stretches that overlap; all at once.
    """
    own = {_plain(key): _plain(value) for key, value in names.items()}
    faults, found = Faults(path), []
    unknown: set[str] = set()
    wrong = [(key, value) for key, value in names.items() if not _is_posture(_plain(value))]
    for key, value in wrong:
        faults.add(0, f"--map '{key}={value}': {value!r} is no posture of this program.")
    for stretch in labels.stretches:
        name = _plain(stretch.name)
        name = own.get(name, SYNONYMS.get(name, name))
        if _is_posture(name):
            found.append((stretch, State.from_label(name)))
        elif _plain(stretch.name) not in own:
            unknown.add(stretch.name)
    for name in sorted(unknown):
        faults.add(0, f"The label {name!r} is no posture of this program; use --map '{name}=POSTURE'.")
    if unknown or wrong:
        faults.add(0, f"Postures: {', '.join(s.label for s in State)}.")
    _overlaps(found, faults)
    faults.check()
    return found


def _overlaps(found: Sequence[tuple[Stretch, State]], faults: Faults) -> None:
    for (one, _), (other, _) in pairwise(found):
        if other.start_s < one.end_s - 1e-6:
            faults.add(
                other.line,
                f"{other.name!r} from {other.start_s:g} s overlaps {one.name!r}, which ends at {one.end_s:g} s; "
                "a moment can have one posture only.",
            )


def _is_posture(name: str) -> bool:
    return name.upper() in State.__members__


def _plain(label: str) -> str:
    return "_".join(label.strip().casefold().replace("-", " ").replace("_", " ").split())
