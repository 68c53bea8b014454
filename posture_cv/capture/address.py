"""The address of a network camera as it may be shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit


def without_password(url: str) -> str:
    """The address without user and password, before the host or among its parameters, for messages and results."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - no number: what ended the host was a "/", "?" or "#" within the password
        host = parts.netloc.rpartition("@")[2]
        shown = parts._replace(netloc=host).geturl()
    except ValueError:
        shown = re.sub(r"//.*@", "//", url)
    place, mark, query = shown.partition("?")
    return _SECRET_IN_PATH.sub(r"\1***", place) + mark + _SECRET_IN_QUERY.sub(r"\1***", query)


def _secret(ends: str) -> re.Pattern[str]:
    """Parameters by which cameras take a password, also joined by "_" (user=admin_password=x_channel=1)."""
    names = r"(?:user|usr|login|pass|pwd|psw|token|auth|secret|key|api_?key)[a-z]*"
    return re.compile(rf"((?<![a-z]){names}=)(?:(?!_[a-z]+=)[^{ends}])+", re.IGNORECASE)


_SECRET_IN_PATH: Final = _secret("&;/#")
_SECRET_IN_QUERY: Final = _secret("&;#")  # where "/" and "?" may stand in a value, as in base 64
