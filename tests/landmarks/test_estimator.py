"""MediaPipe behind the estimator protocol: on real pictures, of any size, closed cleanly and quietly."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.fit import fit_baseline
from posture_cv.bench.bare_models import BareModels
from posture_cv.capture.quiet import quiet_stderr
from posture_cv.capture.types import Frame
from posture_cv.coefficients import load_coefficients
from posture_cv.errors import ShortageError
from posture_cv.landmarks import names
from posture_cv.landmarks.estimator import EstimatorOptions, LandmarkEstimator, Mode
from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator
from posture_cv.landmarks.mediapipe_tasks import FaceModel, Picture, PoseModel
from posture_cv.landmarks.model_files import ModelFileError, resolve_face_model, resolve_pose_model
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.gates import DEFAULT_LIMITS
from posture_cv.measure.measure import measure
from posture_cv.measure.types import View
from posture_cv.measure.unsure import outline_unsure
from posture_cv.measure.view import classify_view
from shared_material import shared_path

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FRONT = SAMPLES / "frames" / "p1_f1_000_calibration.jpg"
SIDE = SAMPLES / "frames" / "p2_s2_000_calibration.jpg"
EMPTY = SAMPLES / "frames" / "p3_f3_055_absent.jpg"


def picture(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path))
    assert image is not None
    return np.asarray(image, np.uint8)


def resized(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(image, size), np.uint8)


@pytest.fixture(params=list(Mode))
def estimator(request: pytest.FixtureRequest) -> Iterator[LandmarkEstimator]:
    with MediaPipeEstimator(EstimatorOptions(mode=request.param)) as made:
        yield made


@pytest.fixture(scope="module")
def on_pictures() -> Iterator[MediaPipeEstimator]:
    with MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE)) as made:
        yield made


def test_front_side_and_nobody(estimator: LandmarkEstimator) -> None:
    front = estimator.estimate(Frame(0, 0.0, picture(FRONT)))
    assert front.person_found[0]
    assert front.face_found[0]
    left, right = front.pose[0, names.SHOULDERS, 0]
    assert left > right  # the person's left is on the picture's right
    nose = front.pose[0, names.NOSE, :2]
    assert front.face[0, :, 0].min() < nose[0] < front.face[0, :, 0].max()
    side = estimator.estimate(Frame(1, 10.0, picture(SIDE)))
    assert side.person_found[0]
    assert not side.face_found[0]
    nobody = estimator.estimate(Frame(2, 20.0, picture(EMPTY)))
    assert not nobody.person_found[0]
    assert not nobody.face_found[0]
    assert np.isnan(nobody.rows).all()
    assert nobody.scene[0, 0] > 0


def far_away(path: Path, share: float) -> NDArray[np.uint8]:
    """The picture so much smaller, at the bottom of a plain one of its old size."""
    image = picture(path)
    height, width = image.shape[:2]
    small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    out = np.full_like(image, 90)
    left = (width - small.shape[1]) // 2
    out[height - small.shape[0] :, left : left + small.shape[1]] = small
    return out


@pytest.mark.parametrize("share", [0.5, 0.3])
def test_a_face_that_is_lost_in_the_whole_picture_is_found_closer(
    estimator: LandmarkEstimator, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    near = estimator.estimate(Frame(0, 0.0, picture(FRONT))).face_px()[0]
    far = far_away(FRONT, share)
    for k, t_s in enumerate((10.0, 20.0)):  # after a gap each: the models are opened anew
        found = estimator.estimate(Frame(k + 1, t_s, far))
        assert found.face_found[0]
        there = near * share + ((640 - 640 * share) / 2, 480 - 480 * share, 0.0)
        away_px = np.linalg.norm((found.face_px()[0] - there)[:, :2], axis=1)
        assert np.median(away_px) < 1.5
        grown = np.ptp(found.face_px()[0, :, 2]) / np.ptp(there[:, 2])
        assert grown == pytest.approx(1.0, abs=0.15)
    monkeypatch.setattr("posture_cv.landmarks.mediapipe_estimator.head_box", lambda *_: None)
    assert not estimator.estimate(Frame(3, 30.0, far)).face_found[0], "it is lost there"


def test_the_contour_encloses_the_person(on_pictures: MediaPipeEstimator) -> None:
    lm = on_pictures.estimate(Frame(0, 0.0, picture(FRONT)))
    nose_row = int(lm.pose[0, names.NOSE, 1] * 240)
    left, right = lm.rows[0, nose_row]
    assert left < lm.face[0, :, 0].min() + 0.01
    assert right > lm.face[0, :, 0].max() - 0.01
    assert np.nanmin(lm.cols[0]) < lm.face[0, :, 1].min()


def test_the_mask_is_unsure_where_somebody_stands_right_behind_and_by_nobody_elses_posture(
    on_pictures: MediaPipeEstimator,
) -> None:
    front = picture(FRONT)
    lm = on_pictures.estimate(Frame(0, 0.0, front))
    baseline = fit_baseline(Landmarks.concat([lm] * 3), load_coefficients(), refuse=False).baseline

    def unsure(image: NDArray[np.uint8]) -> bool:
        lm = on_pictures.estimate(Frame(0, 0.0, image))
        return bool(outline_unsure(lm, baseline, DEFAULT_LIMITS.unsure)[0])

    assert [unsure(behind(front, lm, at_px)) for at_px in (90, 130, 260)] == [True, True, False]
    assert not any(
        unsure(picture(SAMPLES / "frames" / f"p1_f1_{name}.jpg")) for name in ("022_fhp_severe", "031_shrug")
    )
    dark = np.asarray(255.0 * (front / 255.0) ** 2.2, np.uint8)
    assert not unsure(dark)
    assert not unsure(np.asarray(cv2.GaussianBlur(front, (0, 0), 2.0), np.uint8))


def behind(front: NDArray[np.uint8], lm: Landmarks, at_px: int) -> NDArray[np.uint8]:
    """The person of `SIDE`, smaller and farther right by `at_px`, behind the one whose landmarks these are."""
    with quiet_stderr(), PoseModel(resolve_pose_model(None), EstimatorOptions(mode=Mode.IMAGE)) as model:
        side = picture(SIDE)
        with model.seen(Picture.of(side), -1) as seen:
            assert seen is not None
            assert seen[1] is not None
            cut_out = seen[1] > 0.5
    place = np.array([[0.65, 0.0, 112.0 + at_px], [0.0, 0.65, 20.0]])
    there = cv2.warpAffine(np.asarray(cut_out, np.uint8), place, (640, 480)) > 0
    left, right = np.repeat(lm.rows_px()[0], 2, axis=0).T
    across = np.arange(640)[None]
    own = (across > left[:, None]) & (across < right[:, None])
    moved = cv2.warpAffine(side, place, (640, 480))
    return np.asarray(np.where((there & ~own)[:, :, None], moved, front), np.uint8)


def test_the_same_picture_gives_the_same_landmarks(on_pictures: MediaPipeEstimator) -> None:
    first = on_pictures.estimate(Frame(0, 0.0, picture(FRONT)))
    on_pictures.estimate(Frame(1, 1.0, picture(SIDE)))
    again = on_pictures.estimate(Frame(2, 2.0, picture(FRONT)))
    np.testing.assert_array_equal(again.pose, first.pose)
    np.testing.assert_array_equal(again.face, first.face)
    np.testing.assert_array_equal(again.rows, first.rows)


@pytest.mark.parametrize(
    "size", [(640, 480), (324, 243)]
)  # rows without and with gaps in the C library's memory
def test_what_was_seen_before_is_painted_over(on_pictures: MediaPipeEstimator, size: tuple[int, int]) -> None:
    seen = resized(picture(FRONT), size)
    first = on_pictures.estimate(Frame(0, 0.0, seen))
    assert not on_pictures.estimate(Frame(1, 0.1, np.zeros_like(seen))).person_found[0]
    again = on_pictures.estimate(Frame(2, 0.2, seen))
    assert first.face_found[0]
    np.testing.assert_array_equal(first.pose, again.pose)
    np.testing.assert_array_equal(first.face, again.face)


def test_agrees_with_the_landmarks_of_the_ground_truth(on_pictures: MediaPipeEstimator) -> None:
    stored = np.load(shared_path("ground-truth", "public", "landmarks.npz"))
    row = list(stored["name"]).index("p1_f1/000_calibration.jpg")
    lm = on_pictures.estimate(Frame(0, 0.0, picture(FRONT)))
    assert np.abs(lm.pose[0, :25, :2] - stored["pose"][row, :25, :2]).max() * 640 < 0.5
    assert np.abs(lm.face[0, :, :2] - stored["face"][row, :, :2]).max() * 640 < 2.0


@pytest.mark.parametrize(
    "size",
    [
        (1, 1),
        (1, 9),
        (2, 2),
        (3, 5),
        (7, 4),
        (31, 33),
        (270, 361),
        (637, 480),
        (641, 333),
        (33, 3000),
        (4000, 20),
    ],
)
def test_no_size_ends_the_process(on_pictures: MediaPipeEstimator, size: tuple[int, int]) -> None:
    lm = on_pictures.estimate(Frame(0, 0.0, resized(picture(FRONT), size)))
    assert tuple(lm.size_px[0]) == size
    assert len(lm) == 1


@pytest.mark.parametrize("size", [(637, 479), (641, 481), (642, 482), (643, 480), (1921, 1440), (161, 121)])
def test_odd_sizes_change_where_nothing_is(on_pictures: MediaPipeEstimator, size: tuple[int, int]) -> None:
    plain = on_pictures.estimate(Frame(0, 0.0, picture(FRONT)))
    odd = on_pictures.estimate(Frame(1, 1.0, resized(picture(FRONT), size)))
    head_and_shoulders = slice(0, 13)
    assert np.abs(odd.pose[0, head_and_shoulders, :2] - plain.pose[0, head_and_shoulders, :2]).max() < 0.02
    assert np.nanmedian(np.abs(odd.cols - plain.cols)) < 0.005
    for edges in (
        odd.cols - plain.cols,
        odd.rows[:, :, 0] - plain.rows[:, :, 0],
        odd.rows[:, :, 1] - plain.rows[:, :, 1],
    ):
        assert abs(np.nanmedian(edges)) < 0.002, "the border that was added is no part of the picture"


@pytest.mark.parametrize("times", [2, 3])
def test_a_camera_of_more_pixels_measures_the_same(on_pictures: MediaPipeEstimator, times: int) -> None:
    plain = on_pictures.estimate(Frame(0, 0.0, picture(FRONT)))
    larger = picture(FRONT).repeat(times, axis=0).repeat(times, axis=1)
    fine = on_pictures.estimate(Frame(1, 1.0, larger))
    for name in ("pose", "face", "rows", "cols"):
        np.testing.assert_array_equal(getattr(fine, name), getattr(plain, name))


@pytest.mark.parametrize("more_px", [0, 2])  # 2: what the models see of it has a border that was added
def test_a_far_face_is_sought_in_all_pixels_that_there_are(
    on_pictures: MediaPipeEstimator, more_px: int
) -> None:
    near = on_pictures.estimate(Frame(0, 0.0, picture(FRONT))).face_px()[0]
    fine = np.full((1440 + more_px, 1920 + more_px, 3), 90, np.uint8)
    fine[960:1440, 640:1280] = picture(FRONT)  # in a third of the size, where every third pixel would be left
    found = on_pictures.estimate(Frame(1, 1.0, fine))
    assert found.face_found[0]
    away_px = np.linalg.norm(found.face_px()[0, :, :2] - near[:, :2] - (640.0, 960.0), axis=1)
    assert np.median(away_px) < 1.5, "in pixels of the large picture"


def test_a_closed_estimator_says_so(estimator: LandmarkEstimator) -> None:
    estimator.close()
    estimator.close()
    with pytest.raises(RuntimeError, match="closed"):
        estimator.estimate(Frame(0, 0.0, picture(FRONT)))


def test_frames_within_one_millisecond_are_still_one_after_the_other() -> None:
    with MediaPipeEstimator(EstimatorOptions(mode=Mode.VIDEO)) as made:
        found = [made.estimate(Frame(k, 0.0002 * k, picture(FRONT))) for k in range(4)]
    assert all(lm.person_found[0] for lm in found)


def test_a_gap_forgets_the_past() -> None:
    with MediaPipeEstimator() as estimator:
        for i in range(5):
            estimator.estimate(Frame(i, i * 0.1, picture(FRONT)))
        after_gap = estimator.estimate(Frame(5, 60.0, picture(FRONT)))
    with MediaPipeEstimator() as fresh:
        first = fresh.estimate(Frame(0, 0.0, picture(FRONT)))
    np.testing.assert_array_equal(after_gap.pose, first.pose)


def test_what_the_c_library_refuses_is_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    with MediaPipeEstimator() as video, quiet_stderr():
        monkeypatch.setattr(video, "_next_ms", lambda _: 5)  # a time that stands still
        video.estimate(Frame(0, 0.0, image))
        with pytest.raises((ValueError, RuntimeError), match="timestamp"):
            video.estimate(Frame(1, 0.1, image))


def test_many_frames_at_once_give_what_they_give_one_by_one() -> None:
    front, empty = picture(FRONT), picture(EMPTY)
    moved = [np.roll(front, 4 * step, axis=1) for step in range(8)]
    shown = [empty, *moved[:4], empty, *moved[4:6], *moved[6:]]
    times = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 60.0, 60.1]  # a gap, after which the models start afresh
    frames = [Frame(i, t_s, image) for i, (t_s, image) in enumerate(zip(times, shown, strict=True))]
    with MediaPipeEstimator() as one, MediaPipeEstimator() as other:
        singly = [one.estimate(frame) for frame in frames]
        together = list(other.estimate_all(iter(frames)))
        assert list(other.estimate_all([])) == []
    assert [frame.index for frame, _ in together] == list(range(10))
    assert [bool(lm.person_found[0]) for lm in singly] == [False, *[True] * 4, False, *[True] * 4]
    for (_, lm), expected in zip(together, singly, strict=True):
        for name in ("t_s", "size_px", "pose", "face", "rows", "cols", "scene"):
            np.testing.assert_array_equal(getattr(lm, name), getattr(expected, name))


def test_what_it_measured_with_is_told(estimator: LandmarkEstimator) -> None:
    info = estimator.info
    assert info.pose.name == "pose_landmarker_full"
    assert len(info.pose.sha256) == 64
    assert info.pose.bundled
    assert info.face is not None
    assert info.engine.startswith("mediapipe 0.10.3")


def test_without_face_and_contour() -> None:
    with MediaPipeEstimator(EstimatorOptions(face=False, contour=False)) as estimator:
        lm = estimator.estimate(Frame(0, 0.0, picture(FRONT)))
    assert lm.person_found[0]
    assert not lm.face_found[0]
    assert np.isnan(lm.rows).all()


def test_a_real_photograph_is_found_seen_from_the_front_and_measured() -> None:
    data = pytest.importorskip("skimage.data")
    photograph = np.asarray(cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR), np.uint8)
    shades = [
        np.clip(photograph.astype(np.int16) + shade, 0, 255).astype(np.uint8) for shade in range(-8, 9, 2)
    ]
    with MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE)) as estimator:
        lm = Landmarks.concat(
            [estimator.estimate(Frame(i, float(i), shade)) for i, shade in enumerate(shades)]
        )
    assert lm.person_found.all()
    assert lm.face_found.all()
    assert set(classify_view(lm).tolist()) == {View.FRONT}
    coefficients = load_coefficients()
    baseline = fit_baseline(lm, coefficients, refuse=False).baseline
    measured = measure(lm, baseline, coefficients)
    for name in ("cva_change_deg", "head_pitch_deg", "protraction_cm"):
        estimate = measured.values[name]
        assert estimate.valid.all()
        assert np.abs(estimate.value).max() < 5.0  # the same pose, in nine shades


def test_the_c_library_is_not_heard() -> None:
    code = (
        "import cv2; from posture_cv.capture.types import Frame;"
        "from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator;"
        f"image = cv2.imread({str(FRONT)!r}); e = MediaPipeEstimator();"
        "[e.estimate(Frame(i, i * 0.1, image)) for i in range(3)]; e.close(); print('done')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "done\n"
    assert done.stderr == ""


def test_nobody_costs_no_face_model(estimator: LandmarkEstimator, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[float] = []
    detect = MediaPipeEstimator._detect_face

    def noted(self: MediaPipeEstimator, *given: object) -> object:
        looked.append(1.0)
        return detect(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(MediaPipeEstimator, "_detect_face", noted)
    assert not estimator.estimate(Frame(0, 0.0, picture(EMPTY))).person_found[0]
    assert looked == []
    assert estimator.estimate(Frame(1, 10.0, picture(FRONT))).face_found[0]
    assert looked == [1.0]


def test_a_face_elsewhere_than_the_persons_head_is_not_theirs(on_pictures: MediaPipeEstimator) -> None:
    """A portrait on the wall, while the person's own face is hidden."""
    portrait = picture(FRONT)
    face = portrait[122:300, 238:396].copy()
    portrait[122:300, 238:396] = 128
    portrait[5 : 5 + len(face), 5 : 5 + face.shape[1]] = face
    with FaceModel(resolve_face_model(), EstimatorOptions(mode=Mode.IMAGE)) as model:
        seen = model.seen(Picture.of_rgb(np.ascontiguousarray(portrait[:, :, ::-1])), 0)
    assert seen is not None
    assert seen[:, 0].max() < 0.3
    lm = on_pictures.estimate(Frame(0, 0.0, portrait))
    assert lm.person_found[0]
    assert lm.pose[0, names.NOSE, 0] > 0.3
    assert not lm.face_found[0]


@pytest.mark.parametrize("kind", [MediaPipeEstimator, BareModels])
def test_a_face_model_that_cannot_be_opened_leaves_no_pose_model_behind(
    kind: type[MediaPipeEstimator | BareModels], monkeypatch: pytest.MonkeyPatch
) -> None:
    freed: list[str] = []

    def damaged(*_: object) -> None:
        raise ModelFileError("The face model is damaged")

    pose = ExitStack()
    pose.callback(freed.append, "pose")
    monkeypatch.setattr(f"{kind.__module__}.PoseModel", lambda *_: pose)
    monkeypatch.setattr(f"{kind.__module__}.FaceModel", damaged)
    with pytest.raises(ModelFileError, match="damaged"):
        kind(EstimatorOptions())
    assert freed == ["pose"]


def test_a_thread_that_the_system_refuses_is_not_laid_at_the_models_door(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    with pytest.raises(ShortageError, match="no further thread"):
        MediaPipeEstimator(EstimatorOptions())


def test_a_picture_that_is_read_meanwhile_does_not_let_the_c_library_be_heard(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reading = quiet_stderr()  # of another thread, which began before and ends in between

    def talkative(*_: object) -> AbstractContextManager[None]:
        reading.__exit__(None, None, None)
        os.write(2, b"W0000 a remark")
        return nullcontext()

    monkeypatch.setattr("posture_cv.landmarks.mediapipe_estimator.PoseModel", talkative)
    reading.__enter__()
    MediaPipeEstimator(EstimatorOptions(face=False)).close()
    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"
