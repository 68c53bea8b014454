"""ELAN's own file (.eaf, XML): read event by event; a document type, the door to entity tricks, is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import Final
from urllib.parse import unquote
from xml.parsers import expat

from posture_cv.agreement.types import Faults, LabelError, Labels, Stretch

_MOST_DIGITS: Final = 12  # milliseconds of thirty years


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    slots_ms: dict[str, str] = field(default_factory=dict)
    spans: list[tuple[str, str, str, str, int]] = field(default_factory=list)  # tier, begin, end, text, line
    references: int = 0
    begins_s: dict[str, float] = field(default_factory=dict)
    tier: str = ""
    begin: str = ""
    end: str = ""
    text: str | None = None
    root: str = ""


def read_eaf(data: bytes, path: str, coding: str | None = None) -> Labels:
    """The alignable annotations of all tiers; the group of each is its tier.

    Args:
        data: of the file.
        path: for messages.
        coding: the tier that is asked for; annotations of others may be faulty then.

    Raises:
        LabelError: no XML, no ELAN file, a document type declaration, or annotations without times.
    """
    reading = _Reading()
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise LabelError(
            f"The ELAN file declares a document type: {path}",
            "ELAN writes none, and such declarations can be used to attack a reader.",
            "Save it again with ELAN.",
        )

    def start(name: str, attributes: dict[str, str]) -> None:
        _start(reading, name, attributes)

    def end(name: str) -> None:
        if name == "ANNOTATION_VALUE" and reading.text is not None:
            span = (reading.tier, reading.begin, reading.end, reading.text.strip(), parser.CurrentLineNumber)
            if reading.begin:
                reading.spans.append(span)
            reading.text = None

    def characters(text: str) -> None:
        if reading.text is not None:
            reading.text += text

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(data, True)  # noqa: FBT003 - the whole file at once
    except expat.ExpatError as error:
        raise LabelError(
            f"The ELAN file is damaged: {path}", f"{error}.", "Save it again with ELAN."
        ) from error
    if reading.root != "ANNOTATION_DOCUMENT":
        raise LabelError(
            f"Not an ELAN file: {path}", f"Its root is {reading.root!r}, expected ANNOTATION_DOCUMENT.", ""
        )
    return _labels(reading, path, coding)


def _start(reading: _Reading, name: str, attributes: dict[str, str]) -> None:
    if not reading.root:
        reading.root = name
    if name == "TIME_SLOT":
        reading.slots_ms[attributes.get("TIME_SLOT_ID", "")] = attributes.get("TIME_VALUE", "")
    elif name == "MEDIA_DESCRIPTOR":
        address = attributes.get("RELATIVE_MEDIA_URL") or attributes.get("MEDIA_URL", "")
        reading.begins_s[unquote(address).replace("\\", "/").rpartition("/")[2]] = _origin_s(attributes)
    elif name == "TIER":
        reading.tier = attributes.get("TIER_ID", "")
    elif name == "ALIGNABLE_ANNOTATION":
        reading.begin = attributes.get("TIME_SLOT_REF1", "")
        reading.end = attributes.get("TIME_SLOT_REF2", "")
    elif name == "REF_ANNOTATION":
        reading.begin = reading.end = ""
        reading.references += 1
    elif name == "ANNOTATION_VALUE":
        reading.text = ""


def _origin_s(attributes: dict[str, str]) -> float:
    """Where in a media file ELAN's clock begins: what lies before it was cut away to bring several together."""
    text = attributes.get("TIME_ORIGIN", "0")
    return int(text) / 1000.0 if text.isdecimal() and len(text) < _MOST_DIGITS else 0.0


def _labels(reading: _Reading, path: str, coding: str | None) -> Labels:
    faults, found = Faults(path, coding), []
    for tier, begin, end, text, line in reading.spans:
        times = [reading.slots_ms.get(slot, "") for slot in (begin, end)]
        if not all(t.isdecimal() and isfinite(float(t)) for t in times):
            faults.add(line, f"The annotation {text!r} of tier {tier!r} has no time of its own.", tier)
            continue
        start_s, end_s = (float(t) / 1000.0 for t in times)
        if not text:
            faults.add(line, f"An annotation of tier {tier!r} is empty.", tier)
        elif end_s <= start_s:
            faults.add(line, f"The annotation {text!r} ends at {end_s:g} s, not after {start_s:g} s.", tier)
        else:
            found.append(Stretch(start_s, end_s, text, line, tier))
    faults.check()
    stretches = tuple(sorted(found, key=lambda s: s.start_s))
    return Labels(stretches, "ELAN .eaf", reading.references, reading.begins_s)
