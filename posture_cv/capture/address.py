"""The address of a network camera as it may be shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit


def without_password(url: str) -> str:
    """The address without user and password, before the host or among its parameters, for messages and results."""
    return _without_secrets(_without_user(url))


def without_passwords(text: str) -> str:
    """The text with the addresses in it so; also one that was taken for a path, which has lost a slash."""
    return _ADDRESS.sub(lambda found: without_password(f"{found[1]}://{found[2]}"), text)


def _without_user(url: str) -> str:
    """A "/", "?" or "#" in a password looks like the host's end; it is none after what is no port, or before an "@"."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return _UP_TO_HOST.sub("//", url)
    may_begin_password = "@" not in parts.netloc and ":" in parts.netloc.rpartition("]")[2]
    if may_begin_password and "@" in _without_secrets(url):
        return _UP_TO_HOST.sub("//", url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _without_secrets(url: str) -> str:
    place, mark, query = url.partition("?")
    return _SECRET_IN_PATH.sub(r"\1***", place) + mark + _SECRET_IN_QUERY.sub(r"\1***", query)


def _secret(ends: str) -> re.Pattern[str]:
    """Parameters by which cameras take a password, also joined by "_" (user=admin_password=x_channel=1)."""
    names = r"(?:user|usr|login|pass|pwd|psw|token|auth|secret|key|api_?key)[a-z]*"
    return re.compile(rf"((?<![a-z]){names}=)(?:(?!_[a-z]+=)[^{ends}])+", re.IGNORECASE)


_SECRET_IN_PATH: Final = _secret("&;/#")
_SECRET_IN_QUERY: Final = _secret("&;#")  # where "/" and "?" may stand in a value, as in base 64
_UP_TO_HOST: Final = re.compile(r"//.*@")
_ADDRESS: Final = re.compile(r"(?<![\w+.-])([A-Za-z][A-Za-z0-9+.-]+):/{1,2}(?=\S*[@=])(\S+)")
