"""Reads a picture's size from its header and checks that the file is whole, before anything is decoded.

OpenCV has no call for it: a small file can claim a huge picture, and a JPEG that is cut off decodes to a
picture whose rest is grey. Layouts: ITU-T T.81 (JPEG), W3C PNG, the WebP container specification, TIFF 6.0.
"""

from __future__ import annotations

import struct

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".webp", ".tif", ".tiff"})
"""File names that are taken for pictures."""

HEAD_BYTES = 16
"""What `picture_format` needs."""

_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class PictureError(ValueError):
    """The picture cannot be used; the message completes "it …"."""


def picture_format(head: bytes) -> str | None:
    """`jpeg`, `png`, `bmp`, `webp` or `tiff` by the first sixteen bytes; None for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"II*\0", b"MM\0*")):
        return "tiff"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "bmp"
    return None


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels as the header states them, before any turning.

    Args:
        data: the whole file.

    Raises:
        PictureError: not a picture of a known format, or cut off.
    """
    kind = picture_format(data[:HEAD_BYTES])
    if kind is None:
        raise PictureError(_why_unknown(data))
    try:
        width, height = _READERS[kind](data)
    except (struct.error, IndexError):
        raise PictureError("is cut off") from None
    if width <= 0 or height <= 0:
        raise PictureError("has no size")
    return width, height


def _why_unknown(data: bytes) -> str:
    if not data:
        return "is empty"
    if data[4:8] == b"ftyp" and data[8:12] in {b"heic", b"heix", b"mif1", b"avif"}:
        return "is a HEIC or AVIF picture, which is not read here; save it as JPEG"
    return "is not a picture"


def _jpeg(data: bytes) -> tuple[int, int]:
    at, size = 2, None
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            raise PictureError("is damaged")
        marker = data[at + 1]
        at += 2
        if marker in _NO_LENGTH:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if marker in _SIZE_MARKERS:
            height, width = struct.unpack_from(">HH", data, at + 3)
            size = width, height
        at += max(length, 2)
        if marker == 0xDA:
            break
    # Within the picture's own data FF D9 cannot occur: FF is followed by 00 there.
    if data.find(b"\xff\xd9", at) < 0:
        raise PictureError("is cut off")
    if size is None:
        raise PictureError("is damaged")
    return size


def _png(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR":
        raise PictureError("is damaged")
    at = 8
    while data[at + 4 : at + 8] != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        at += 12 + length
        # Every chunk has to lie within the file: decoders allocate what its length claims.
        if at + 8 > len(data):
            raise PictureError("is cut off")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _bmp(data: bytes) -> tuple[int, int]:
    pixels_at, header = struct.unpack_from("<II", data, 10)
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packing = 0
    else:
        width, height, _, bits, packing = struct.unpack_from("<iiHHI", data, 18)
    if packing in {0, 3} and len(data) < pixels_at + (width * bits + 31) // 32 * 4 * abs(height):
        raise PictureError("is cut off")
    return width, abs(height)


def _webp(data: bytes) -> tuple[int, int]:
    (length,) = struct.unpack_from("<I", data, 4)
    if len(data) < length + 8:
        raise PictureError("is cut off")
    chunk = data[12:16]
    if chunk == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    return width, height


def _tiff(data: bytes) -> tuple[int, int]:
    order = "<" if data.startswith(b"II") else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    sides = {256: 0, 257: 0}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in sides:
            (sides[tag],) = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, entry + 8)
    return sides[256], sides[257]


_READERS = {"jpeg": _jpeg, "png": _png, "bmp": _bmp, "webp": _webp, "tiff": _tiff}
