"""What is printed for programs instead of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click


def echo_json(plain: Mapping[str, Any]) -> None:
    """An object, indented, on standard output."""
    import json  # not needed for --help

    click.echo(json.dumps(plain, indent=2))
