"""What a section of the settings file is, and how its numbers and switches are declared."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A section of the file: nothing unknown, nothing out of range, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def number(default: float, low: float, high: float, meaning: str) -> Any:  # noqa: ANN401 - as pydantic's Field
    """A number from `low` to `high`."""
    return Field(default, ge=low, le=high, description=meaning)


def switch(default: bool, meaning: str) -> Any:  # noqa: ANN401, FBT001 - as pydantic's Field
    """Something that is on or off."""
    return Field(default, description=meaning)
