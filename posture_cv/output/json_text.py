"""JSON to be read by people, made quickly: the standard library's encoder in C writes no indented text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

_BREAK: Final = ",\n    "  # no text of JSON holds a line break, so that it is found again
_NESTED: Final = (dict, list, tuple)


def indented(plain: object) -> str:
    """The same text as `json.dumps(plain, indent=2)`, of plain values whose keys are texts."""
    if not isinstance(plain, _NESTED) or not plain:
        return json.dumps(plain)
    if isinstance(plain, dict):
        return _block("{", [f"{json.dumps(key)}: {indented(value)}" for key, value in plain.items()], "}")
    if all(map(_is_row, plain)):
        return _rows(plain)
    return _block("[", [indented(value) for value in plain], "]")


def _block(begin: str, items: Sequence[str], end: str) -> str:
    inner = ",\n".join(items).replace("\n", "\n  ")
    return f"{begin}\n  {inner}\n{end}"


def _is_row(value: object) -> bool:
    """Whether it is an object that holds no other."""
    return isinstance(value, dict) and bool(value) and not any(isinstance(v, _NESTED) for v in value.values())


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """A list of objects, encoded at once and then broken."""
    text = json.dumps(rows, separators=(_BREAK, ": "))
    inner = text.removeprefix("[{").removesuffix("}]").replace(f"}}{_BREAK}{{", "\n  },\n  {\n    ")
    return f"[\n  {{\n    {inner}\n  }}\n]"
