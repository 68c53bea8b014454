"""The settings as TOML text: a commented example, and what is in force."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import PydanticUndefined

from posture_cv.settings_schema import Settings, range_text, section_class

_HEADER = """\
# Settings of posture-cv. Each line that begins with "# name = value" shows a default: take away
# the "# " in front of it to change it. Lengths of time are in seconds. A fault is reported with
# its place and what is allowed there; nothing is guessed. A running monitor goes on with what it
# began with until it is started anew.
"""


def example_text() -> str:
    """A settings file in which every default stands as a comment; as it is, it changes nothing."""
    parts = [_HEADER]
    for section in Settings.model_fields:
        lines = [f"[{section}]", f"# {section_class(section).__doc__}"]
        for name, schema, value in _keys(section):
            note = "; ".join(filter(None, [str(schema["description"]), range_text(_number_part(schema))]))
            default = schema["examples"][0] if value is None else value
            unset = " (not set)" if value is None else ""
            lines += [f"# {name} = {toml_value(default)}  # {note}{unset}"]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def in_force_text(settings: Settings, given: Mapping[str, Any], origin: str) -> list[str]:
    """The lines of the settings in force, as TOML; what differs from the defaults by the file is marked."""
    lines = [f"# {origin}"]
    for section in Settings.model_fields:
        lines += ["", f"[{section}]"]
        values = getattr(settings, section)
        from_file = given.get(section, {})
        for name, _, _ in _keys(section):
            value = getattr(values, name)
            mark = "  # set in the file" if name in from_file else ""
            lines.append(f"# {name} is not set" if value is None else f"{name} = {toml_value(value)}{mark}")
    return lines


def toml_value(value: object) -> str:
    """A number, switch or text as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # TOML's basic strings escape as JSON does
    return repr(value)


def _keys(section: str) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Name, schema and default of each key of a section."""
    kind = section_class(section)
    properties = kind.model_json_schema()["properties"]
    for name, field in kind.model_fields.items():
        assert field.default is not PydanticUndefined
        yield name, properties[name], field.default


def _number_part(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The numeric alternative of a key that may be several things."""
    parts = schema.get("anyOf", [schema])
    return next((part for part in parts if "minimum" in part), {})
