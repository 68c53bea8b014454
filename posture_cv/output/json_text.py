"""JSON for people to read: what `json.dumps(plain, indent=2)` gives, several times faster where there is much of it.

With an indent Python's encoder takes its slow path, value by value. What long files mostly consist of, rows of plain
values, needs none: the line breaks between the values are separators like any others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_INDENT = "  "


def indented(plain: Any, depth: int = 0) -> str:  # noqa: ANN401  whatever JSON can hold
    """The text of dicts with texts as keys, lists, tuples, texts, numbers, truth values and None.

    Args:
        plain: what to write.
        depth: how deep it lies in something else.

    Raises:
        TypeError: there is something in it that JSON cannot hold.
    """
    if not (plain and _nests(plain)):
        return json.dumps(plain)
    inner, outer = f"\n{_INDENT * (depth + 1)}", f"\n{_INDENT * depth}"
    values = plain.values() if isinstance(plain, dict) else plain
    if not any(map(_nests, values)):
        text = _encoder(inner).encode(plain)
        return f"{text[0]}{inner}{text[1:-1]}{outer}{text[-1]}"
    if not isinstance(plain, dict) and all(map(_is_row, plain)):
        return f"[{inner}{_rows(plain, inner)}{outer}]"
    texts = [indented(value, depth + 1) for value in values]
    if not isinstance(plain, dict):
        return f"[{inner}{f',{inner}'.join(texts)}{outer}]"
    rows = [f"{json.dumps(key)}: {text}" for key, text in zip(plain, texts, strict=True)]
    return f"{{{inner}{f',{inner}'.join(rows)}{outer}}}"


def _rows(plain: Sequence[dict[str, Any]], outer: str) -> str:
    """All at once: within texts line breaks are written otherwise, so that a row ends only where it does."""
    inner = outer + _INDENT
    text = _encoder(inner).encode(plain)[2:-2]
    return f"{{{inner}{text.replace(f'}},{inner}{{', f'{outer}}},{outer}{{{inner}')}{outer}}}"


def _is_row(plain: object) -> bool:
    return isinstance(plain, dict) and bool(plain) and not any(map(_nests, plain.values()))


def _nests(plain: object) -> bool:
    return isinstance(plain, dict | list | tuple)


@lru_cache(maxsize=64)
def _encoder(line: str) -> json.JSONEncoder:
    """Every value on a line of its own that begins so."""
    return json.JSONEncoder(separators=(f",{line}", ": "))
