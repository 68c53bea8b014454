"""Every file that a user can hand in, spoilt in every way: it is read, or refused in words; never a traceback.

One suite for all readers: a whole file of each kind is made, spoilt (bytes changed, cut, doubled, inserted; values of
its JSON replaced; checksums made right again) and read. What a reader may raise is `PostureError` and nothing else.
"""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amounts import amount
from importing_material import wide
from monitor.monitor_material import Desk, stretches
from posture_cv.agreement.read import as_postures, read_labels
from posture_cv.assess.records import from_json
from posture_cv.assess.settings import AssessSettings
from posture_cv.errors import PostureError
from posture_cv.evaluate.landmark_file import read_landmarks
from posture_cv.evaluate.truth import REQUIRED_COLUMNS, read_truth
from posture_cv.history.read import Reader
from posture_cv.history.report import material, render
from posture_cv.history.store import History
from posture_cv.importing.read import read_foreign
from posture_cv.importing.types import ImportOptions
from posture_cv.landmarks.recording import RecordingInfo, read_recording
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.monitor.keeping import HistorySink
from posture_cv.monitor.remembering import StateSink, resumption
from posture_cv.profiles.format import profile_to_json
from posture_cv.profiles.store import read_profile
from posture_cv.replay.labels import read_labels as read_bouts
from posture_cv.replay.manifest import read_manifest
from posture_cv.settings import load_settings
from posture_cv.settings_text import example_text
from profile_material import a_profile

EXAMPLES = amount(25, 1000)
WALL_S = 1_700_000_000.0


def _landmarks(count: int = 12) -> Landmarks:
    lm = Landmarks.empty(count)
    lm.t_s[:] = np.arange(count) / 10
    lm.size_px[:] = (640, 480)
    lm.pose[:] = np.linspace(0.1, 0.9, 33 * 8, dtype=np.float32).reshape(33, 8)
    return lm


def make_profile(path: Path) -> None:
    path.write_text(profile_to_json(a_profile()))


def make_settings(path: Path) -> None:
    path.write_text(example_text().replace("# sensitivity", "sensitivity").replace("# camera =", "camera ="))


def make_recording(path: Path) -> None:
    info = RecordingInfo({"name": "a.mp4", "width_px": 640, "height_px": 480}, {"engine": "none"})
    with RecordingWriter(path, info) as writer:
        writer.write(_landmarks())


def make_truth(path: Path) -> None:
    plain = dict.fromkeys(REQUIRED_COLUMNS, "1.5")
    plain |= {"file": "a.jpg", "subject": "p", "camera": "c", "view": "front", "segment": "upright"}
    plain["person_present"] = "1"
    rows = [",".join(plain), *(",".join({**plain, "file": f"{k}.jpg"}.values()) for k in range(3))]
    path.write_text("\n".join(rows) + "\n")


def make_arrays(path: Path) -> None:
    lm = _landmarks(3)
    with path.open("wb") as file:
        np.savez_compressed(
            file, name=np.array(["0.jpg", "1.jpg", "2.jpg"]), pose=lm.pose, face=lm.face, size=lm.size_px
        )


def make_manifest(path: Path) -> None:
    rows = ["file,participant,condition,profile,calibrate,start,end", "# a comment"]
    rows += ["a.mp4,p1,before,,0:8,0,60", "a.mp4,p1,after,,0:8,1:30,2:00.5", "b.mp4,p2,,,0:5,10,"]
    path.write_text("\n".join(rows) + "\n")


def make_labels(path: Path) -> None:
    path.write_text("start,end,label\n0,12.5,good\n12.5,40,forward head\n1:00,1:10.5,text neck\n")


def make_boris(path: Path) -> None:
    head = "Observation id,Observation date,Media file,Total length,FPS,Subject,Behavior,Behavioral category"
    rows = [
        f"o,2026-01-31,a.mp4,45.0,10.0,me,{name},posture,STATE,{s},{e},{e - s},," for name, s, e in LABELLED
    ]
    path.write_text(
        "\n".join([f"{head},Behavior type,Start (s),Stop (s),Duration (s),Comment start,Comment stop", *rows])
    )


def make_elan(path: Path) -> None:
    slots = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="ts{k}" TIME_VALUE="{int(1000 * t_s)}"/>'
        for k, t_s in enumerate(t_s for _, s, e in LABELLED for t_s in (s, e))
    )
    annotations = "".join(
        "<ANNOTATION><ALIGNABLE_ANNOTATION"
        f' ANNOTATION_ID="a{k}" TIME_SLOT_REF1="ts{2 * k}" TIME_SLOT_REF2="ts{2 * k + 1}">'
        f"<ANNOTATION_VALUE>{name}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
        for k, (name, _, _) in enumerate(LABELLED)
    )
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT><TIME_ORDER>{slots}</TIME_ORDER>'
        f'<TIER TIER_ID="posture">{annotations}</TIER></ANNOTATION_DOCUMENT>'
    )


LABELLED = (("good", 0.0, 12.5), ("forward_head", 12.5, 40.0))


def make_state(path: Path) -> None:
    """What a monitor left; damaged it is as good as none."""
    desk = Desk(stretches(("good", 1.0)), 20.0, rate_hz=1.0)
    parts = desk.parts()
    with StateSink(path, AssessSettings().ticks.tick_s, lambda _: None) as sink:
        parts.sinks = [sink]
        desk.run(parts)


def read_labels_as_postures(path: Path) -> None:
    as_postures(read_labels(path), {}, str(path))


def make_history(path: Path) -> None:
    fast = AssessSettings(policy=AssessSettings().policy.alert_after(10.0))
    desk = Desk(stretches(("good", 20.0), ("forward_head", 60.0)), 60.0, fast, rate_hz=1.0)
    parts = desk.parts()
    with HistorySink(History(path), lambda _: None, source="s", profile="p", days=90) as sink:
        parts.sinks, parts.book = [sink], sink
        desk.run(parts)


def read_history(path: Path) -> None:
    for companion in ("-wal", "-shm"):
        path.with_name(path.name + companion).unlink(missing_ok=True)
    with Reader(path) as reader:
        day = date(2023, 11, 14)
        render(material(reader, "today", day), datetime(2023, 11, 14, 23, tzinfo=UTC))
        for alert in reader.alerts(0, 99_999):
            from_json(alert.record)


def read_truth_beside(path: Path) -> None:
    folder = path.parent / "set"
    folder.mkdir(exist_ok=True)
    shutil.copy(path, folder / "ground_truth.csv")
    read_truth(folder)


def make_table(path: Path) -> None:
    """Landmarks of another program, as an import takes them."""
    made, _ = wide(_landmarks(3), path.parent)
    made.rename(path)


def make_keypoints(path: Path) -> None:
    people = [
        {"image_id": f"{k}.jpg", "keypoints": [100.0 + k, 90.0, 0.9] * 17, "score": 0.9} for k in range(3)
    ]
    path.write_text(json.dumps(people))


def make_foreign_arrays(path: Path) -> None:
    lm = _landmarks(3)
    np.savez(path, pose=lm.pose[:, :, :4], face=lm.face, t_s=lm.t_s, size=lm.size_px[0])


def read_import(path: Path) -> None:
    read_foreign([path], ImportOptions(size_px=(640, 480), rate_hz=10.0))


def make_bouts(path: Path) -> None:
    path.write_text(
        "start,end,label\n0,9,good\n10,18,forward head\n0:20,0:30.5,rounded shoulders + text neck\n"
    )


READERS: dict[str, tuple[Callable[[Path], None], Callable[[Path], object]]] = {
    "a.json": (make_profile, read_profile),
    "settings.toml": (make_settings, load_settings),
    "a.landmarks": (make_recording, read_recording),
    "ground_truth.csv": (make_truth, read_truth_beside),
    "landmarks.npz": (make_arrays, lambda path: read_landmarks(path, ["1.jpg", "0.jpg"])),
    "history.sqlite3": (make_history, read_history),
    "manifest.csv": (make_manifest, lambda path: read_manifest(path, lambda _: True)),
    "labels.csv": (make_labels, read_labels_as_postures),
    "boris.csv": (make_boris, read_labels_as_postures),
    "elan.eaf": (make_elan, read_labels_as_postures),
    "marks.csv": (make_table, read_import),
    "marks.json": (make_keypoints, read_import),
    "marks.npz": (make_foreign_arrays, read_import),
    "bouts.csv": (make_bouts, read_bouts),
    "monitor-state.json": (make_state, resumption),
}


class Whole(dict[str, bytes]):
    """Files by name; hypothesis prints its arguments, and these are long."""

    def __repr__(self) -> str:
        return "whole"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A file of each kind as the program writes it."""
    folder, made = tmp_path_factory.mktemp("whole"), Whole()
    for name, (make, _) in READERS.items():
        make(folder / name)
        made[name] = (folder / name).read_bytes()
    return made


@st.composite
def spoilings(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """A way to spoil some bytes."""
    kind = draw(st.sampled_from(["change", "cut", "insert", "double", "drop", "zero"]))
    at, length = draw(st.floats(0, 0.9999)), draw(st.integers(1, 64))
    new = draw(st.binary(min_size=1, max_size=16))

    def spoil(data: bytes) -> bytes:
        place = int(at * len(data))
        end = place + length
        return {
            "change": data[:place] + new + data[place + len(new) :],
            "cut": data[:place],
            "insert": data[:place] + new + data[place:],
            "double": data[:end] + data[place:],
            "drop": data[:place] + data[end:],
            "zero": data[:place] + bytes(min(length, len(data) - place)) + data[end:],
        }[kind]

    return spoil


def reads_or_refuses(read: Callable[[Path], object], path: Path) -> None:
    """The one rule."""
    with suppress(PostureError):
        read(path)


@pytest.mark.parametrize("name", READERS)
def test_the_whole_file_is_read(name: str, whole: Whole, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(whole[name])
    READERS[name][1](tmp_path / name)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=EXAMPLES)
@given(spoil=st.lists(spoilings(), min_size=1, max_size=3))
def test_spoilt_bytes_are_read_or_refused(
    name: str, whole: Whole, spoil: list[Callable[[bytes], bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = whole[name]
    for change in spoil:
        data = change(data)
    path = tmp_path_factory.getbasetemp() / f"spoilt-{name}"
    path.write_bytes(data)
    reads_or_refuses(READERS[name][1], path)


ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [0, -1, 1 << 63, 1e308, -1e308, float("nan"), float("inf"), "", "\0", "é" * 70_000, [], {}, [[[]]]]
    ),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=4),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=3),
)


def replaced(plain: Any, places: list[float], value: Any) -> Any:  # noqa: ANN401 - JSON
    """`plain` with the value at a place replaced; each number chooses among what is there."""
    if not places or not isinstance(plain, (dict, list)) or not plain:
        return value
    keys = list(plain) if isinstance(plain, dict) else list(range(len(plain)))
    key = keys[int(places[0] * len(keys))]
    copy = plain.copy()
    copy[key] = replaced(plain[key], places[1:], value)
    return copy


@settings(max_examples=2 * EXAMPLES)
@given(places=st.lists(st.floats(0, 0.999), min_size=1, max_size=5), value=ODD)
def test_any_value_in_a_profile(
    places: list[float], value: object, whole: Whole, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "odd.json"
    path.write_text(json.dumps(replaced(json.loads(whole["a.json"]), places, value)), encoding="utf-8")
    reads_or_refuses(read_profile, path)


@settings(max_examples=2 * EXAMPLES)
@given(places=st.lists(st.floats(0, 0.999), min_size=1, max_size=5), value=ODD)
def test_any_value_in_the_header_of_a_recording(
    places: list[float], value: object, whole: Whole, tmp_path_factory: pytest.TempPathFactory
) -> None:
    magic, header, rest = whole["a.landmarks"].split(b"\n", 2)
    plain = replaced(json.loads(header), places, value)
    path = tmp_path_factory.getbasetemp() / "odd.landmarks"
    path.write_bytes(b"\n".join([magic, json.dumps(plain).encode(), rest]))
    reads_or_refuses(read_recording, path)


@settings(max_examples=2 * EXAMPLES)
@given(
    frames=st.one_of(st.integers(0, 300), st.just((1 << 32) - 1)),
    fill=st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]),
    spoil=spoilings(),
    kind=st.sampled_from([b"FRMS", b"DONE", b"XXXX"]),
)
def test_a_block_with_the_right_checksum_and_wrong_content(
    frames: int,
    fill: int,
    spoil: Callable[[bytes], bytes],
    kind: bytes,
    whole: Whole,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Whoever writes a block can write its checksum."""
    magic, header, _ = whole["a.landmarks"].split(b"\n", 2)
    raw_bytes = (
        16 + 2 * sum(int(np.prod(f.shape[1:])) for f in (_landmarks(1).pose, _landmarks(1).face)) + 2 * 808
    )
    payload = zlib.compress(spoil(bytes([fill]) * (min(frames, 300) * raw_bytes + 1)))
    block = struct.pack("<4sIII", kind, frames, len(payload), zlib.crc32(payload)) + payload
    path = tmp_path_factory.getbasetemp() / "block.landmarks"
    path.write_bytes(b"\n".join([magic, header, block]))
    reads_or_refuses(read_recording, path)


@settings(max_examples=2 * EXAMPLES)
@given(row=st.integers(1, 3), column=st.integers(0, len(REQUIRED_COLUMNS) - 1), value=st.text(max_size=12))
def test_any_cell_in_a_ground_truth(
    row: int, column: int, value: str, whole: Whole, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cells = [line.split(",") for line in whole["ground_truth.csv"].decode().splitlines()]
    cells[row][column] = value
    path = tmp_path_factory.getbasetemp() / "cells.csv"
    path.write_text("\n".join(",".join(line) for line in cells), encoding="utf-8", errors="replace")
    reads_or_refuses(read_truth_beside, path)


def test_a_history_with_other_tables_is_refused(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "history.sqlite3"
    make_history(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE minutes")
    reads_or_refuses(read_history, path)
    with pytest.raises(PostureError, match="cannot be used"):
        read_history(path)
