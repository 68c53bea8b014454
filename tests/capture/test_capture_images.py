"""Folders of pictures and single ones, whole and spoilt."""

from __future__ import annotations

import contextlib
import itertools
import random
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.media import blue_corner, encode, make_pictures, number_of, picture, png
from posture_cv.capture import CaptureOptions, SourceError, open_source
from posture_cv.capture.images import natural_key, read_picture
from posture_cv.capture.picture_header import PictureError, picture_format, picture_size

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tiff")
WHOLE = {suffix: encode(picture(3, 33, 21), suffix) for suffix in SUFFIXES}


def test_natural_order(tmp_path: Path) -> None:
    with open_source(str(make_pictures(tmp_path, 12))) as source:
        assert [number_of(f.image_bgr) for f in source.frames()] == list(range(12))


@given(st.lists(st.text("aB019-_. ²٣", max_size=8)))
def test_natural_order_is_an_order(names: list[str]) -> None:
    ordered = sorted(names, key=natural_key)
    backwards = ordered[::-1]
    assert sorted(backwards, key=natural_key) == ordered


def test_numbers_in_names_count_as_numbers() -> None:
    names = ["²1.png", "f10.png", "f9.png", "F8.png", "f09.png", "f.png"]
    assert sorted(names, key=natural_key) == ["F8.png", "f09.png", "f9.png", "f10.png", "f.png", "²1.png"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_kinds_of_pictures(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(WHOLE[suffix])
    assert picture_size(WHOLE[suffix]) == (33, 21)
    with open_source(str(path)) as source:
        (frame,) = source.frames()
        assert frame.image_bgr.shape == (21, 33, 3)
        assert number_of(frame.image_bgr) == 3
        assert source.info.unrelated
        assert source.info.kind == "images"


@pytest.mark.parametrize(
    "image",
    [
        np.full((20, 30), 90, np.uint8),
        np.full((20, 30, 4), 90, np.uint8),
        np.full((20, 30, 3), 90 * 256, np.uint16),
    ],
)
def test_grey_transparent_and_deep_pictures_become_bgr(
    tmp_path: Path, image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> None:
    (tmp_path / "a.png").write_bytes(encode(image, ".png"))
    read = read_picture(tmp_path / "a.png", 10_000)
    assert read.shape == (20, 30, 3)
    assert read.dtype == np.uint8
    assert abs(int(read[5, 5, 1]) - 90) <= 1


def test_a_picture_is_turned_as_its_exif_entry_says(tmp_path: Path) -> None:
    # One entry, orientation (0x0112) = 6: the camera was turned, rotate clockwise to see it upright.
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    jpeg = encode(picture(5), ".jpg")
    path = tmp_path / "phone.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:])
    image = read_picture(path, 10_000)
    assert image.shape == (64, 48, 3)
    assert blue_corner(image) == ("top", "right")


def test_a_corrupt_picture_among_good_ones_is_left_out_and_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make_pictures(tmp_path, 6, ".jpg", (320, 240))
    good = (tmp_path / "shot 2.jpg").read_bytes()
    (tmp_path / "shot 1.jpg").write_bytes(good[: len(good) // 2])
    (tmp_path / "shot 3.jpg").write_bytes(b"no picture at all")
    (tmp_path / "shot 4.jpg").write_bytes(b"")
    with open_source(str(tmp_path), options=CaptureOptions(frame_rate_hz=10)) as source:
        frames = list(source.frames())
        assert [(f.index, f.t_s, number_of(f.image_bgr)) for f in frames] == [
            (0, 0, 0),
            (2, 0.2, 2),
            (5, 0.5, 5),
        ]
        assert source.warnings == [
            "shot 1.jpg was left out: it is cut off",
            "shot 3.jpg was left out: it is not a picture",
            "shot 4.jpg was left out: it is empty",
        ]
        assert source.info.frame_count == 6
    assert capfd.readouterr() == ("", "")


def test_many_corrupt_pictures_do_not_fill_the_memory(tmp_path: Path) -> None:
    make_pictures(tmp_path, 1)
    for number in range(1, 300):
        (tmp_path / f"shot {number}.png").write_bytes(b"x")
    with open_source(str(tmp_path)) as source:
        assert len(list(source.frames())) == 1
        assert len(source.warnings) == 51
        assert "249 more" in source.warnings[-1]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_picture_is_noticed(tmp_path: Path, suffix: str, share: float) -> None:
    data = encode(np.random.default_rng(1).integers(0, 255, (90, 120, 3), np.uint8), suffix)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(PictureError, match=r"cut off|damaged"):
        read_picture(path, 10**6)


@given(
    suffix=st.sampled_from(SUFFIXES),
    changes=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=6)), max_size=6),
)
def test_a_spoilt_header_gives_a_size_or_an_error(suffix: str, changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(WHOLE[suffix])
    for at, new in changes:
        data[at : at + len(new)] = new
    # Any other error would be a failure.
    with contextlib.suppress(PictureError):
        width, height = picture_size(bytes(data))
        assert width > 0
        assert height > 0


@given(st.binary(max_size=64))
def test_any_bytes_are_a_picture_or_not(data: bytes) -> None:
    assert picture_format(data) in {None, "jpeg", "png", "bmp", "webp", "tiff"}


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png(12_000, 9_000, zlib.compress(bytes(1000))))
    with pytest.raises(SourceError, match=r"12000 x 9000 pixels .*108 million"):
        open_source(str(path))
    make_pictures(tmp_path, 1)
    with open_source(str(tmp_path)) as source:
        assert len(list(source.frames())) == 1
        assert "12000 x 9000" in source.warnings[0]


def test_a_chunk_longer_than_the_file_is_refused(tmp_path: Path) -> None:
    data = bytearray(WHOLE[".png"])
    struct.pack_into(">I", data, data.find(b"IDAT") - 4, 3_000_000_000)
    (tmp_path / "bomb.png").write_bytes(data)
    with pytest.raises(PictureError, match="cut off"):
        read_picture(tmp_path / "bomb.png", 10**6)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_spoilt_pictures_give_a_picture_or_an_error(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a{suffix}"
    whole = encode(np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8), suffix)
    for seed in range(150):
        chooser = random.Random(seed)
        data = bytearray(whole)
        for _ in range(chooser.randrange(1, 8)):
            data[chooser.randrange(chooser.choice([len(data), 200]))] = chooser.randrange(256)
        path.write_bytes(data)
        with contextlib.suppress(PictureError):
            image = read_picture(path, 100_000)
            assert image.shape[0] * image.shape[1] <= 100_000
    assert capfd.readouterr() == ("", "")


def test_a_hundred_megapixel_jpeg_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(cv2.imencode(".jpg", np.zeros((10_000, 10_000), np.uint8))[1].tobytes())
    with pytest.raises(SourceError, match="100 million"):
        open_source(str(path))


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No pictures in the folder") as caught:
        open_source(str(tmp_path))
    assert str(tmp_path) in caught.value.title
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "inner").mkdir()
    with pytest.raises(SourceError, match="1 other file"):
        open_source(str(tmp_path))


def test_a_folder_with_corrupt_pictures_only_is_an_error(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(SourceError, match=r"None of the 2 pictures .* a\.jpg was left out"):
        open_source(str(tmp_path))


def test_other_files_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    make_pictures(tmp_path, 2)
    (tmp_path / ".shot 9.png").write_bytes(b"x")
    (tmp_path / "labels.csv").write_text("a,b")
    (tmp_path / "folder.png").mkdir()
    with open_source(str(tmp_path)) as source:
        assert len(list(source.frames())) == 2
        assert source.warnings == []


def test_a_rate_makes_the_pictures_a_sequence(tmp_path: Path) -> None:
    make_pictures(tmp_path, 4)
    with open_source(str(tmp_path)) as source:
        assert source.info.unrelated
        assert [f.t_s for f in source.frames()] == [0.0, 1.0, 2.0, 3.0]
    with open_source(str(tmp_path), options=CaptureOptions(frame_rate_hz=8)) as source:
        assert not source.info.unrelated
        assert source.info.duration_s == 0.5
        assert [f.t_s for f in source.frames()] == [0.0, 0.125, 0.25, 0.375]


def test_a_picture_with_a_wrong_name_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "photo.mp4"
    path.write_bytes(WHOLE[".png"])
    with open_source(str(path)) as source:
        assert source.info.kind == "images"


def test_pictures_of_different_sizes(tmp_path: Path) -> None:
    sizes = [(1, 1), (3, 5), (641, 480), (17, 1)]
    for number, size in enumerate(sizes):
        (tmp_path / f"{number}.png").write_bytes(encode(np.zeros((size[1], size[0], 3), np.uint8), ".png"))
    with open_source(str(tmp_path)) as source:
        frames = list(source.frames())
    assert [f.image_bgr.shape[1::-1] for f in frames] == sizes
    assert all(a.index < b.index for a, b in itertools.pairwise(frames))
