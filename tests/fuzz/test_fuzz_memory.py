"""Small inputs that claim to be huge: refused in words, in little memory and time.

Each runs in a process that the system gives no more address space than an ordinary run needs.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from functools import lru_cache, partial
from multiprocessing import util
from pathlib import Path

import numpy as np
import pytest

from amounts import amount
from capture.media import make_video, png
from fuzz.test_fuzz_files import make_profile, make_recording, make_truth
from limited import environment, is_fault, run_limited
from source_tree import ROOT
from warm import POSSIBLE, run_warm

pytestmark = pytest.mark.skipif(not POSSIBLE, reason="limits of Linux")
ADDRESS_SPACE_BYTES = 6_000_000_000
"""Of which libraries and threads reserve most without using it."""
RESIDENT_BYTES = 500_000_000
SECONDS = 60.0
SPARSE_BYTES = amount(1_000_000_000, 3_000_000_000)
"""Twice what a process may hold, at least: all of it read would be seen. Some of it is read for a checksum."""


@lru_cache
def compressed_zeros(count: int) -> bytes:
    """So many zeros, made without holding them: a million, again and again, and the sum of all."""
    million, packer, total = bytes(1_000_000), zlib.compressobj(9), 1
    head = packer.compress(million) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(million) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(count // len(million)):
        total = zlib.adler32(million, total)
    last = b"\x03\x00"  # an empty block
    return head + again * (count // len(million) - 1) + last + struct.pack(">I", total)


def test_zeros_are_what_they_claim() -> None:
    assert zlib.decompress(compressed_zeros(3_000_000)) == bytes(3_000_000)


def huge_png(path: Path) -> None:
    """100 megapixels of black in some kilobytes."""
    path.write_bytes(png(10_000, 10_000, compressed_zeros(30_001 * 10_000 + 1_000_000)))


def claiming_video(path: Path) -> None:
    """A second of video that claims a thousand million frames."""
    make_video(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"stsz") + 4 + 8
    struct.pack_into(">I", data, at, 10**9)
    path.write_bytes(data)


def bomb_recording(path: Path) -> None:
    """A landmark recording whose two blocks unpack to 600 MB."""
    make_recording(path)
    magic, header, _ = path.read_bytes().split(b"\n", 2)
    bomb = compressed_zeros(300_000_000)
    blocks = b"".join(
        struct.pack("<4sIII", b"FRMS", frames, len(bomb), zlib.crc32(bomb)) + bomb for frames in (256, 256)
    )
    path.write_bytes(b"\n".join([magic, header, blocks]))


def endless_header(path: Path) -> None:
    """A landmark recording that begins and goes on for gigabytes of nothing (a sparse file)."""
    path.write_bytes(b"POSTURE-CV LANDMARKS\n")
    os.truncate(path, SPARSE_BYTES)


def sparse(path: Path) -> None:
    """Gigabytes of nothing."""
    path.touch()
    os.truncate(path, SPARSE_BYTES)


def bomb_arrays(path: Path) -> None:
    """An `.npz` of some megabytes with 20 GB of pose."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f4", "fortran_order": False, "shape": (20_000_000, 33, 8)}
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in ("name", "face", "size"):
            buffer = io.BytesIO()
            np.save(
                buffer, np.zeros((1, 468, 3) if key == "face" else (1, 2) if key == "size" else 1, np.int32)
            )
            archive.writestr(f"{key}.npy", buffer.getvalue())
        with archive.open("pose.npy", "w") as stream:
            stream.write(head.getvalue())
            for _ in range(100):
                stream.write(bytes(1_000_000))


def data_set(path: Path) -> None:
    """A ground truth beside such arrays."""
    path.mkdir()
    make_truth(path / "ground_truth.csv")
    bomb_arrays(path / "landmarks.npz")


def endless_truth(path: Path) -> None:
    """A ground truth of gigabytes."""
    path.mkdir()
    sparse(path / "ground_truth.csv")


def deep_profile(path: Path) -> None:
    """A profile with a number of 200,000 digits in it."""
    make_profile(path)
    plain = json.loads(path.read_text())
    text = json.dumps(plain).replace('"frame_count": ', '"frame_count": ' + "9" * 200_000)
    path.write_text(text)


CASES: dict[str, tuple[Callable[[Path], None], str, tuple[str, ...]]] = {
    "a 100-megapixel picture": (huge_png, "a.png", ("replay", "{}", "--calibrate", "0:1", "--out", "out")),
    "a folder with one": (huge_png, "folder/a.png", ("calibrate", "--from", "{}")),
    "a video claiming 1e9 frames": (
        claiming_video,
        "a.mp4",
        ("replay", "{}", "--calibrate", "0:1", "--out", "out"),
    ),
    "a recording that unpacks to 600 MB": (bomb_recording, "a.landmarks", ("calibrate", "--from", "{}")),
    "a recording with an endless header": (
        endless_header,
        "a.landmarks",
        ("replay", "{}", "--calibrate", "0:1", "--out", "o"),
    ),
    "gigabytes that are no video": (sparse, "a.mp4", ("replay", "{}", "--calibrate", "0:1", "--out", "out")),
    "a profile of gigabytes": (sparse, "a.json", ("profiles", "show", "{}")),
    "a profile with an endless number": (deep_profile, "a.json", ("profiles", "show", "{}")),
    "settings of gigabytes": (sparse, "a.toml", ("settings", "show", "--settings", "{}")),
    "arrays that unpack to 20 GB": (data_set, "set", ("evaluate", "{}")),
    "a ground truth of gigabytes": (endless_truth, "set", ("evaluate", "{}")),
}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems hold no process to an address space")
@pytest.mark.parametrize(
    "command",
    [
        ("record", "{video}", "--out", "{out}"),
        ("calibrate", "--from", "{video}", "--end", "3", "--name", "me"),
        ("replay", "{video}", "--calibrate", "0:3", "--out", "{out}"),
    ],
)
def test_where_the_models_find_no_room_it_is_said_before_they_begin(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    """Without room for what they grow to they end the process later on, with nothing to catch."""
    places = {"video": ROOT / "samples" / "desk-front.mp4", "out": tmp_path / "out"}
    done = run_limited([part.format(**places) for part in command], tmp_path, memory_bytes=1_300_000_000)
    assert is_fault(done), (done.returncode, done.stderr[-2000:])
    assert "There is not enough memory for the models" in done.stderr
    assert not places["out"].is_file()


@pytest.mark.parametrize("case", CASES)
def test_what_claims_to_be_huge_is_refused_in_little_memory(case: str, tmp_path: Path) -> None:
    make, name, command = CASES[case]
    place = tmp_path / name
    place.parent.mkdir(exist_ok=True)
    make(place)
    given = place.parent if "/" in name else place
    begin_s = time.monotonic()
    done = run_warm(
        [part.format(given) for part in command],
        env=environment(tmp_path),
        cwd=tmp_path,
        seconds=SECONDS,
        limit=partial(_keep_short, tmp_path / "peak"),
    )
    assert is_fault(done) or done.returncode == 1, (done.returncode, done.stderr[-2000:])
    assert "Traceback" not in done.stderr
    assert re.search(r"\w{3}", done.stderr)
    assert time.monotonic() - begin_s < SECONDS
    held = int((tmp_path / "peak").read_text()) * 1024
    assert 10_000_000 < held < RESIDENT_BYTES


def _keep_short(peak: Path) -> None:
    """Of address space; what was held in the end is written down when the process ends."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    util.Finalize(None, _note_peak, (peak,), exitpriority=0)


def _note_peak(peak: Path) -> None:
    peak.write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
