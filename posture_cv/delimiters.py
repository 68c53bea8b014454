"""What stands between the columns of a table that a user has made."""

from __future__ import annotations


def delimiter_of(header: str) -> str:
    """Comma, semicolon or tab: the one that the header (or any text without values) has most of."""
    return max(",;\t", key=header.count)
