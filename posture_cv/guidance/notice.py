"""What is said before the first use: what this program is not, and when to see a doctor."""

from __future__ import annotations

from dataclasses import dataclass

from posture_cv.guidance.entries import Catalogue, Entry

_NOTICE_DISCLAIMERS = ("no_claims", "cause_hard_to_find", "common_sense", "stop_and_ask", "pain_persists")


@dataclass(frozen=True, slots=True)
class NoticePart:
    """A heading and its entries."""

    heading: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """The first-run notice.

    Args:
        title: one line.
        parts: what the program is not, then the urgent red flags, then those for a visit.
        safety_line: said with every exercise.
        more: where to read on.
    """

    title: str
    parts: tuple[NoticePart, ...]
    safety_line: str
    more: str

    def as_text(self, width: int = 72) -> str:
        """The notice as plain text, no line longer than `width` characters (at least 30)."""
        import textwrap

        plain = textwrap.TextWrapper(max(width, 30), break_on_hyphens=False)
        item = textwrap.TextWrapper(
            plain.width, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False
        )
        blocks = [plain.fill(self.title)]
        for part in self.parts:
            lines = [item.fill(entry.text) for entry in part.entries]
            blocks.append("\n".join([plain.fill(part.heading), *lines]))
        blocks.append(plain.fill(f"With every exercise: {self.safety_line}"))
        blocks.append(plain.fill(self.more))
        return "\n\n".join(blocks)


def first_run_notice(catalogue: Catalogue) -> Notice:
    """Disclaimer and red flags, to be shown before the first calibration or the first hour of monitoring.

    The camera says nothing about any red flag; they are text for the reader (documents 000 to 004).
    """
    flags = catalogue.of_kind("red_flag")
    return Notice(
        title="Before you start: please read this once.",
        parts=(
            NoticePart("What this program is not", tuple(catalogue.entry(i) for i in _NOTICE_DISCLAIMERS)),
            NoticePart("Get help at once", tuple(e for e in flags if e.urgency == "urgent")),
            NoticePart("See a doctor or a physiotherapist", tuple(e for e in flags if e.urgency != "urgent")),
        ),
        safety_line=catalogue.safety_line,
        more="The camera cannot see any of these signs. Read them again with: posture-cv guidance red-flags",
    )
