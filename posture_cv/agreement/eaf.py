"""ELAN's own file (.eaf, XML): read event by event; a document type, the door to entity tricks, is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from xml.parsers import expat

from posture_cv.agreement.types import Faults, LabelError, Labels, Stretch


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    slots_ms: dict[str, str] = field(default_factory=dict)
    spans: list[tuple[str, str, str, str, int]] = field(default_factory=list)  # tier, begin, end, text, line
    references: int = 0
    tier: str = ""
    begin: str = ""
    end: str = ""
    text: str | None = None
    root: str = ""


def read_eaf(data: bytes, path: str) -> Labels:
    """The alignable annotations of all tiers; the group of each is its tier.

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
    return _labels(reading, path)


def _start(reading: _Reading, name: str, attributes: dict[str, str]) -> None:
    if not reading.root:
        reading.root = name
    if name == "TIME_SLOT":
        reading.slots_ms[attributes.get("TIME_SLOT_ID", "")] = attributes.get("TIME_VALUE", "")
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


def _labels(reading: _Reading, path: str) -> Labels:
    faults, found = Faults(path), []
    for tier, begin, end, text, line in reading.spans:
        times = [reading.slots_ms.get(slot, "") for slot in (begin, end)]
        if not all(t.isdecimal() and isfinite(float(t)) for t in times):
            faults.add(line, f"The annotation {text!r} of tier {tier!r} has no time of its own.")
            continue
        start_s, end_s = (float(t) / 1000.0 for t in times)
        if not text:
            faults.add(line, f"An annotation of tier {tier!r} is empty.")
        elif end_s <= start_s:
            faults.add(line, f"The annotation {text!r} ends at {end_s:g} s, not after {start_s:g} s.")
        else:
            found.append(Stretch(start_s, end_s, text, line, tier))
    faults.check()
    return Labels(tuple(sorted(found, key=lambda s: s.start_s)), "ELAN .eaf", reading.references)
