"""Writing a `.task` bundle: a zip of networks, stored and aligned so that it can be mapped into memory."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time a zip can hold: the same bytes whenever it is made
_ALIGNMENT = 16
_ALIGNMENT_FIELD = 0xD935  # extra-field number that Android's zipalign uses for the same purpose
_LOCAL_HEADER_BYTES = 30


def task_bundle(networks: Mapping[str, bytes]) -> bytes:
    """The bytes of a bundle that holds `networks` (member name to serialised network), in that order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in networks.items():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system = 3  # else it follows the machine that builds
            member.external_attr = 0o644 << 16
            member.extra = _padding(out.tell() + _LOCAL_HEADER_BYTES + len(name))
            archive.writestr(member, data)
    return out.getvalue()


def _padding(offset: int) -> bytes:
    """An extra field that moves data from `offset` to the next aligned place."""
    size = -offset % _ALIGNMENT
    if size < 6:  # an alignment field has six bytes at least
        size += _ALIGNMENT
    return struct.pack("<HHH", _ALIGNMENT_FIELD, size - 4, _ALIGNMENT) + bytes(size - 6)
