"""The annotated video, and that no frame of it shows a face when faces are to be hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cli_runner import Cli
from posture_cv.capture.types import CaptureOptions
from posture_cv.landmarks import names
from posture_cv.landmarks.finders import FaceFinder, PeopleFinder
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.output.blur import Box, hide_all, hide_boxes, merged
from posture_cv.output.draw import draw_overlay
from posture_cv.replay import video
from posture_cv.replay.hiding import FaceHider, HeadTrack, head_boxes
from posture_cv.replay.run import replay
from posture_cv.replay.types import ReplayOptions
from shared_material import shared_path

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
Image = NDArray[np.uint8]


def frames_of(path: Path) -> Iterator[tuple[float, Image]]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield float(frame.time or 0.0), np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def sharpness(image: Image, box: Box) -> float:
    """Variance of the Laplacian in a box: how much fine detail it shows."""
    left, top, right, bottom = (max(0, int(v)) for v in box)
    grey = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def likeness(one: Image, other: Image, box: Box) -> float:
    """Correlation of the fine detail of two pictures in a box."""
    left, top, right, bottom = (max(0, int(v)) for v in box)
    grey = [cv2.cvtColor(i[top:bottom, left:right], cv2.COLOR_BGR2GRAY) for i in (one, other)]
    fine = [
        np.clip(cv2.Laplacian(part, cv2.CV_64F).ravel(), -15, 15) for part in grey
    ]  # lines drawn count little
    together = np.stack([part - part.mean() for part in fine])
    return float((together[0] * together[1]).sum() / np.sqrt((together**2).sum(axis=1).prod()))


def face_box(lm: Landmarks, i: int) -> Box:
    face = lm.face_px()[i, :, :2]
    (left, top), (right, bottom) = face.min(axis=0).tolist(), face.max(axis=0).tolist()
    return left, top, right, bottom


def nobody(_: Image) -> Landmarks:
    return Landmarks.empty(0)


@pytest.fixture(scope="module")
def finder() -> Iterator[FaceFinder]:
    with FaceFinder() as faces:
        yield faces


@pytest.fixture(scope="module")
def judge() -> Iterator[FaceFinder]:
    """As sure as the estimator itself is by default: below that a blurred patch may pass for a face."""
    with FaceFinder(confidence=0.5) as faces:
        yield faces


@pytest.fixture(scope="module")
def marks() -> Landmarks:
    return read_recording(SAMPLES / "desk-front.landmarks").landmarks


@pytest.fixture(scope="module")
def leaving(marks: Landmarks) -> list[tuple[int, float, Image]]:
    """Frames in which somebody looks down, gets up and leaves."""
    wanted = {*range(200, 380, 30), *range(380, 420, 2), 440}
    return [
        (i, t, image) for i, (t, image) in enumerate(frames_of(SAMPLES / "desk-front.mp4")) if i in wanted
    ]


def test_no_frame_shows_a_face(
    marks: Landmarks, leaving: list[tuple[int, float, Image]], judge: FaceFinder
) -> None:
    """By the landmarks alone; judged by the face model and by the detail that is left where the face is."""
    hider = FaceHider(HeadTrack.of([marks]), lambda _: [], nobody)
    seen_before = 0
    for i, t_s, image in leaving:
        hidden = hider.hidden(image, t_s)
        seen_before += bool(judge.find(image))
        assert judge.find(hidden) == [], i
        if marks.face_found[i]:
            box = face_box(marks, i)
            assert sharpness(hidden, box) < 0.05 * sharpness(image, box), i
            assert likeness(hidden, image, box) < 0.2, i
    assert seen_before >= 15


def test_the_crown_is_hidden_also_of_a_head_that_is_bent_down(marks: Landmarks) -> None:
    """Against the outline's upper edge between the ears, in all frames of a clip in which somebody looks down."""
    tops, ears = head_boxes(marks)[:, 1] * marks.size_px[:, 1], marks.pose_px()[:, names.EARS, 0]
    low, high = ears.min(axis=1), ears.max(axis=1)
    between = (marks.col_u_px() >= low[:, None]) & (marks.col_u_px() <= high[:, None])
    crowns = np.where(between & np.isfinite(marks.cols_px()), marks.cols_px(), np.inf).min(axis=1)
    known = np.isfinite(crowns) & np.isfinite(tops)
    assert known.sum() > 400
    assert (tops[known] < crowns[known]).all()


def test_where_nobody_is_found_nothing_can_be_told(
    marks: Landmarks, leaving: list[tuple[int, float, Image]]
) -> None:
    gone = marks.pose.copy()
    gone[300:] = np.nan
    hider = FaceHider(HeadTrack.of([replace(marks, pose=gone)]), lambda _: [], nobody)
    for i, t_s, image in leaving:
        hidden = hider.hidden(image, t_s)
        whole = sharpness(hidden, (0, 0, 640, 480)) < 0.1 * sharpness(image, (0, 0, 640, 480))
        assert whole == (i >= 300), i


def test_a_frame_between_two_that_were_looked_at_is_covered_by_both(marks: Landmarks) -> None:
    heads = HeadTrack.of([marks[:40:5]])
    between = heads.around(0.25)
    assert between is not None
    boxes = head_boxes(marks[:11])
    for k in (0, 5):
        assert (between == boxes[k]).all(axis=1).any()
    missing = marks.pose.copy()
    missing[5] = np.nan
    for t_s, known in ((0.0, True), (0.3, False), (0.5, False), (0.9, False), (1.2, True)):
        track = HeadTrack.of([replace(marks, pose=missing)[:40:5]])
        assert (track.around(t_s) is not None) == known, t_s


def test_looks_too_far_apart_hide_everything(marks: Landmarks) -> None:
    heads = HeadTrack.of([marks[:80:25]])
    assert heads.around(1.25) is None
    assert heads.around(2.5) is not None
    assert HeadTrack.of([]).around(0.0) is None
    assert HeadTrack.of([marks[10:20]]).around(0.5) is None


def test_behind_the_last_look_the_head_is_known_for_a_moment_only(marks: Landmarks) -> None:
    heads = HeadTrack.of([marks[:31:10]])
    assert [heads.around(t_s) is not None for t_s in (2.8, 3.0, 3.4, 3.6, 3.9)] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_another_persons_face_is_hidden_and_stays_so(marks: Landmarks) -> None:
    image = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    found: list[list[Box]] = [[(560.0, 20.0, 610.0, 80.0)], [], []]
    calls = iter(found)
    hider = FaceHider(HeadTrack.of([marks]), lambda _: next(calls), nobody)
    box = (560.0, 20.0, 610.0, 80.0)
    shown = [sharpness(hider.hidden(image, t_s), box) / sharpness(image, box) for t_s in (1.0, 1.9, 2.5)]
    assert shown[0] < 0.1
    assert shown[1] < 0.1
    assert shown[2] == pytest.approx(1.0)


def test_another_persons_face_stays_hidden_where_the_pictures_grow(marks: Landmarks) -> None:
    image = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    found = iter([[(560.0, 20.0, 610.0, 80.0)], []])
    hider = FaceHider(HeadTrack.of([marks]), lambda _: next(found), nobody)
    hider.hidden(image, 1.0)
    larger = np.random.default_rng(0).integers(0, 255, (960, 1280, 3), np.uint8)
    box = (1120.0, 40.0, 1220.0, 160.0)
    assert sharpness(hider.hidden(larger, 1.1), box) < 0.1 * sharpness(larger, box)


def test_second_persons_in_the_background_are_found(finder: FaceFinder) -> None:
    pictures = sorted(shared_path("ground-truth", "public").glob("p*_f*/056_second_person.jpg"))
    assert len(pictures) == 6
    for path in pictures:
        boxes = merged(finder.find(np.asarray(cv2.imread(str(path)), np.uint8)))
        assert len(boxes) >= 2, path


def test_a_second_person_whose_face_is_not_found_is_hidden(marks: Landmarks) -> None:
    picture = np.asarray(cv2.imread(str(SAMPLES / "frames" / "p3_f3_056_second_person.jpg")), np.uint8)
    smaller = np.asarray(cv2.resize(picture, (641, 359)), np.uint8)
    profile = (552.0, 212.0, 586.0, 246.0)
    with PeopleFinder() as people:
        hider = FaceHider(HeadTrack.of([marks]), lambda _: [], people.find)
        hidden = hider.hidden(smaller, 1.0)
    assert sharpness(hidden, profile) < 0.05 * sharpness(smaller, profile)


def test_boxes_are_hidden_and_nothing_else() -> None:
    image = np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)
    box = (-20.0, 30.0, 90.0, 120.0)
    hidden = hide_boxes(image, [box, (400.0, 0.0, 500.0, 50.0)])
    assert sharpness(hidden, (0, 30, 90, 120)) < 0.05 * sharpness(image, (0, 30, 90, 120))
    assert (hidden[:, 90:] == image[:, 90:]).all()
    assert (hidden[120:] == image[120:]).all()
    assert sharpness(hide_all(image), (0, 0, 300, 200)) < 0.05 * sharpness(image, (0, 0, 300, 200))


def test_overlapping_boxes_become_one() -> None:
    boxes = [(0.0, 0.0, 2.0, 2.0), (5.0, 5.0, 6.0, 6.0), (1.0, 1.0, 5.0, 5.0), (9.0, 9.0, 10.0, 10.0)]
    assert sorted(merged(boxes)) == [(0.0, 0.0, 6.0, 6.0), (9.0, 9.0, 10.0, 10.0)]


def test_every_frame_is_drawn_though_few_were_looked_at(tmp_path: Path, marks: Landmarks) -> None:
    options = ReplayOptions(
        str(SAMPLES / "desk-front.mp4"),
        tmp_path,
        calibrate_s=(0.0, 2.0),
        capture=CaptureOptions(end_s=2.0, max_rate_hz=4.0),
        video=True,
        blur_faces=True,
    )
    done = replay(options)
    drawn = list(frames_of(tmp_path / "annotated.mp4"))
    originals = list(islice(frames_of(SAMPLES / "desk-front.mp4"), 20))
    assert done.frames == 8
    assert len(drawn) == 20
    np.testing.assert_allclose([t for t, _ in drawn], [t for t, _ in originals], atol=1e-3)
    assert (tmp_path / "annotated.mp4").stat().st_mode & 0o077 == 0
    shown = draw_overlay(originals[0][1], marks[:1])
    assert (
        likeness(shown, originals[0][1], face_box(marks, 0)) > 0.4
    )  # what a frame with its face left in has
    for i, ((_, image), (_, original)) in enumerate(zip(drawn, originals, strict=True)):
        assert likeness(image, original, face_box(marks, i)) < 0.2, (
            i
        )  # the drawn outline is no detail of the face
        assert np.ptp(image[:20, :30].reshape(-1, 3).mean(axis=0)) > 60  # a coloured badge


def test_blurring_needs_a_video(tmp_path: Path) -> None:
    Cli().fails(
        *("replay", str(SAMPLES / "desk-side.landmarks"), "--calibrate", "0:5", "--blur-faces"),
        *("--out", str(tmp_path / "o")),
        said="--video",
    )


@pytest.mark.parametrize(("size_px", "written_px"), [((1, 1), (2, 2)), ((1, 5), (2, 4)), ((7, 2), (6, 2))])
def test_the_smallest_pictures_make_a_video(
    size_px: tuple[int, int], written_px: tuple[int, int], tmp_path: Path
) -> None:
    width, height = size_px
    grey = np.full((height, width, 3), 128, np.uint8)
    path = tmp_path / "tiny.mp4"
    video._encode(path, iter([(0.0, grey), (0.1, grey)]))
    pictures = [image for _, image in frames_of(path)]
    assert len(pictures) == 2
    assert {image.shape[1::-1] for image in pictures} == {written_px}


def test_a_picture_of_another_shape_keeps_its_own(tmp_path: Path) -> None:
    """As of a folder of pictures from several cameras: what is square stays square, between black bars."""
    wide, tall = np.full((240, 320, 3), 200, np.uint8), np.full((400, 200, 3), 200, np.uint8)
    path = tmp_path / "two.mp4"
    video._encode(path, iter([(0.0, wide), (1.0, tall)]))
    (_, first), (_, second) = frames_of(path)
    assert first.shape == second.shape == wide.shape
    assert first.min() > 150
    bright = second[120].mean(axis=1) > 100
    assert bright.sum() == pytest.approx(120, abs=4)
    assert bright[160]
    assert not bright[[0, 90, 230, 319]].any()


def test_a_video_whose_clock_jumps_is_drawn_to_its_end(tmp_path: Path) -> None:
    """Hours on, as of a camera that has found the time; and by less than a step of the written clock."""
    grey = np.full((16, 16, 3), 128, np.uint8)
    path, times_s = tmp_path / "jump.mp4", [0.0, 1e-6, 0.1, 50_000.0, 50_000.1]
    video._encode(path, ((t_s, grey) for t_s in times_s))
    drawn_s = [t_s for t_s, _ in frames_of(path)]
    for t_s in times_s:
        assert min(abs(drawn - t_s) for drawn in drawn_s) < 2e-5
    assert (np.diff(drawn_s) > 0).all()
    assert drawn_s[-1] == pytest.approx(times_s[-1], abs=2e-5)
