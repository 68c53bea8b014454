"""The settings: one typed schema for the file, the command line and `posture-cv settings`.

The file is TOML in the user's configuration folder. All its faults are reported at once, each with its place
and what is allowed there. Imports pydantic, so commands import this module when they are called.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from posture_cv.errors import InputError
from posture_cv.paths import settings_file
from posture_cv.settings_schema import Settings, range_text, section_class

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["Settings", "SettingsError", "load_settings", "read_settings_file"]

MAX_BYTES: Final = 1_000_000
_MOST_FAULTS: Final = 20


class SettingsError(InputError):
    """The settings file cannot be read, or holds faults."""


def load_settings(path: Path | None = None, overrides: Mapping[str, object] | None = None) -> Settings:
    """The settings of a file, with what the command line says put over them.

    Args:
        path: the file; None: the user's own, which need not exist.
        overrides: "section.key" to value; None is left out, so that options can be handed on as they are.

    Raises:
        SettingsError: no such file, no TOML, or faults; all of them are named.
    """
    plain = read_settings_file(path)
    where = path or settings_file()
    _anchor_paths(plain, where.absolute().parent)
    for key, value in (overrides or {}).items():
        section, _, name = key.partition(".")
        if value is not None and isinstance(plain.setdefault(section, {}), dict):
            plain[section][name] = str(value) if isinstance(value, Path) else value
    try:
        return Settings.model_validate(plain)
    except ValidationError as error:
        typed = {key for key, value in (overrides or {}).items() if value is not None}
        raise _faults(error, where, typed) from None


def _anchor_paths(plain: dict[str, Any], folder: Path) -> None:
    """Relative paths in a settings file start from its folder, wherever the program is run."""
    from posture_cv.profiles.store import is_path

    models, general = plain.get("models"), plain.get("general")
    if isinstance(models, dict):
        for name, value in models.items():
            models[name] = _anchored(value, folder)
    if isinstance(general, dict) and is_path(str(general.get("profile", ""))):
        general["profile"] = _anchored(general["profile"], folder)


def _anchored(value: object, folder: Path) -> object:
    """A path's text, from the folder on; anything else, and what begins at a home folder, as it is."""
    return str(folder / value) if isinstance(value, str) and value and not value.startswith("~") else value


def read_settings_file(path: Path | None = None) -> dict[str, Any]:
    """The file's TOML as it stands; empty when the user has none.

    Raises:
        SettingsError: a named file is missing, or a file is unreadable, huge, or no TOML.
    """
    own = path or settings_file()
    if path is None and not own.exists():
        return {}
    if path is None and own.is_fifo():
        # One that is named may be the shell's `<(…)`; here nobody would ever write into it.
        raise SettingsError(
            f"The settings cannot be read: {own}", "It is a pipe, no file.", "Put a file there, or nothing."
        )
    try:
        with own.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        what_to_do = "Begin one with: posture-cv settings init" if path is None else "Check the path."
        raise SettingsError(
            f"The settings cannot be read: {own}", f"{error.strerror}.", what_to_do
        ) from error
    if len(raw) > MAX_BYTES:
        raise SettingsError(
            f"The settings cannot be used: {own}", f"The file is larger than {MAX_BYTES:,} bytes."
        )
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise SettingsError(
            f"The settings cannot be used: {own}",
            f"It is no valid TOML: {error}.",
            "Correct it there; posture-cv settings init --out FILE writes a commented example.",
        ) from None


def _faults(error: ValidationError, path: Path, typed: Collection[str]) -> SettingsError:
    """All faults; `typed`: the "section.key" that the command line gave."""
    found = _grouped(error.errors(include_url=False))
    on_command_line = [_is_typed(fault, typed) for fault in found]
    places = [str(path)] if not all(on_command_line) else []
    places += ["on the command line"] if any(on_command_line) else []
    lines = [fault_line(fault) for fault in found[:_MOST_FAULTS]]
    if len(found) > _MOST_FAULTS:
        lines.append(f"and {len(found) - _MOST_FAULTS} more")
    count = "one fault" if len(found) == 1 else f"{len(found)} faults"
    return SettingsError(
        f"The settings have {count}: {' and '.join(places)}",
        "\n".join(lines),
        "Correct them there, or on the command line. All keys with their ranges: posture-cv settings init --out FILE",
    )


def _is_typed(fault: ErrorDetails, typed: Collection[str]) -> bool:
    """Whether the value, or one of a section whose values do not fit together, comes from the command line."""
    place = _place(fault)
    return any(key == place or key.startswith(f"{place}.") for key in typed)


def _place(fault: ErrorDetails) -> str:
    return ".".join(str(part) for part in fault["loc"][:2])


def _grouped(faults: list[ErrorDetails]) -> list[ErrorDetails]:
    """One fault a place: a value that fits none of two types is reported once for each."""
    return list({fault["loc"][:2]: fault for fault in reversed(faults)}.values())[::-1]


def fault_line(fault: ErrorDetails) -> str:
    """One fault in words: place, what is allowed there, what was found."""
    place = _place(fault)
    if fault["type"] == "extra_forbidden":
        return f"{place}: {_unknown_key(fault['loc'])}"
    if fault["type"] == "value_error":
        return f"{place}: {fault['msg'].removeprefix('Value error, ')}"
    found = fault["input"]
    told = "a section" if isinstance(found, (dict, list)) else repr(found)[:60]
    return f"{place}: {allowed_text(fault['loc'])}, found {told}"


def allowed_text(loc: tuple[int | str, ...]) -> str:
    """What a place of the file may hold, in words."""
    section = Settings.model_fields.get(str(loc[0]))
    if section is None or len(loc) < 2:
        return f"must be a section: [{loc[0]}]"
    schema = _json_schema()["$defs"][section_class(str(loc[0])).__name__]["properties"][str(loc[1])]
    choices = [_type_text(part) for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    return f"must be {' or '.join(choices)}"


def _type_text(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if kind == "boolean":
        return "true or false"
    if kind == "string":
        return "text in quotes"
    noun = "a whole number" if kind == "integer" else "a number"
    return f"{noun} {range_text(schema)}".strip()


def _json_schema() -> dict[str, Any]:
    return Settings.model_json_schema()


def _unknown_key(loc: tuple[int | str, ...]) -> str:
    name = str(loc[-1])
    if len(loc) == 1:
        near = difflib.get_close_matches(name, Settings.model_fields, n=1)
        homes = _sections_with(name)
        hint = f"; did you mean [{near[0]}]?" if near else f"; it belongs in [{homes[0]}]" if homes else ""
        return f"unknown section{hint}" if not homes else f"unknown here{hint}"
    near = difflib.get_close_matches(name, section_class(str(loc[0])).model_fields, n=1)
    if near:
        return f"unknown key; did you mean {near[0]}?"
    homes = _sections_with(name)
    return f"unknown key; it belongs in [{homes[0]}]" if homes else "unknown key"


def _sections_with(name: str) -> list[str]:
    return [section for section in Settings.model_fields if name in section_class(section).model_fields]
