"""The quality of a calibration says something about the error of what follows from it."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.fit import fit_baseline
from calibration.quality import baseline_error, contour_share, lean_deg
from calibration.verdict import Finding, Grade, Verdict, assess_quality
from calibration_material import sitting_still
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks import names
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.measure import measure
from posture_cv.measure.turning import turned_points
from posture_cv.measure.types import View
from shared_material import shared_path
from source_tree import ROOT

SAMPLES = ROOT / "samples"


@settings(max_examples=30)
@given(seed=st.integers(0, 999), n=st.integers(20, 200), sd=st.floats(0.1, 10))
def test_independent_frames_average_out(seed: int, n: int, sd: float) -> None:
    errors = [baseline_error(values) for values in np.random.default_rng(seed).normal(0.0, sd, (60, n))]
    assert np.mean(errors) == pytest.approx(1.2533 * sd / np.sqrt(n), rel=0.3)


def test_frames_that_resemble_their_neighbours_average_out_less() -> None:
    rng = np.random.default_rng(0)
    steps = rng.normal(0.0, 1.0, 2000)
    slow = np.zeros(2000)
    for i in range(1, 2000):
        slow[i] = 0.95 * slow[i - 1] + steps[i]
    spread = slow.std()
    means = slow.reshape(10, 200)
    assert np.mean([baseline_error(part) for part in means]) > 3 * 1.2533 * spread / np.sqrt(200)


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.8])
def test_the_error_is_that_of_the_median_of_frames_like_their_neighbours(alike: float) -> None:
    noise = np.random.default_rng(1).normal(size=(1000, 40))
    frames = noise.copy()
    for i in range(1, 40):
        frames[:, i] = alike * frames[:, i - 1] + np.sqrt(1.0 - alike**2) * noise[:, i]
    stated = np.mean([baseline_error(values) for values in frames])
    assert 1.0 < stated / np.median(frames, axis=1).std() < 1.2


def test_too_few_values_have_no_error() -> None:
    assert np.isnan(baseline_error(np.array([1.0, 2.0, np.nan])))
    assert baseline_error(np.full(9, 3.0)) == 0.0


def test_the_worst_finding_decides() -> None:
    warn, refuse = (Finding(g, g, f"{g}.", "do") for g in (Grade.WARN, Grade.REFUSE))
    assert Verdict.of([]).grade is Grade.ACCEPT
    assert Verdict.of([warn]).grade is Grade.WARN
    verdict = Verdict.of([warn, refuse, warn])
    assert verdict.grade is Grade.REFUSE
    assert verdict.reasons[0] == "refuse."
    assert verdict.advice == ("do",)


@pytest.mark.parametrize(("spread", "error", "told"), [(9.0, 0.3, "4.5"), (1.7, 4.3, "4.3")])
def test_moving_is_told_with_the_figure_that_it_is_refused_for(
    spread: float, error: float, told: str
) -> None:
    lm = sitting_still(30)
    good = fit_baseline(lm, load_coefficients()).quality
    name = "cva_change_deg"
    poor = replace(
        good,
        spread={**good.spread, name: spread},
        baseline_error={**good.baseline_error, name: error},
    )
    verdict = assess_quality(poor)
    assert verdict.grade is Grade.REFUSE
    assert verdict.reasons[0] == (
        f"Your neck moved during the calibration: its angle is known to {told} degrees only."
    )


def test_a_camera_between_two_views_is_warned_of() -> None:
    good = fit_baseline(sitting_still(30), load_coefficients()).quality
    found = {finding.code for finding in assess_quality(replace(good, view_margin=0.1)).findings}
    assert "view_unsure" in found
    assert "view_unsure" not in {finding.code for finding in assess_quality(good).findings}


@pytest.mark.parametrize(("pitch_deg", "way"), [(30.0, "up"), (-30.0, "down")])
def test_a_steep_camera_is_warned_of_either_way(pitch_deg: float, way: str) -> None:
    good = fit_baseline(sitting_still(30), load_coefficients()).quality
    verdict = assess_quality(replace(good, camera_pitch_deg=pitch_deg))
    assert verdict.grade is Grade.WARN
    assert f"The camera looks steeply {way}, by about 30 degrees." in verdict.reasons


@pytest.fixture(scope="module")
def upright() -> Baseline:
    lm = read_recording(SAMPLES / "desk-front.landmarks").landmarks
    return fit_baseline(lm[lm.t_s < 8.0], load_coefficients()).baseline


def leaning(baseline: Baseline, degrees: float, points: list[int]) -> Baseline:
    """Those points turned clockwise about the right shoulder's place in the picture."""
    width, height = baseline.size_px
    pose = baseline.pose.copy()
    turn, high = np.radians([degrees]), np.array([height / width])
    middle = pose[names.SHOULDERS[1], :2] - 0.5
    pose[points, :2] = turned_points(pose[None, points, :2] - middle, turn, high)[0] + middle
    return replace(baseline, pose=pose)


@pytest.mark.parametrize("degrees", [-10.0, 10.0])
def test_who_leans_to_one_side_is_warned_and_who_only_raises_a_shoulder_or_turns_is_not(
    upright: Baseline, degrees: float
) -> None:
    assert lean_deg(upright) == pytest.approx(0.0, abs=2.0)
    whole = list(range(len(upright.pose)))
    leans = lean_deg(leaning(upright, degrees, whole))
    assert leans == pytest.approx(lean_deg(upright) + degrees, abs=0.1)
    shoulder = lean_deg(leaning(upright, degrees, [names.SHOULDERS[0]]))
    turned = replace(upright, pose=upright.pose + np.isin(np.arange(33), names.EARS)[:, None] * 0.02)
    good = fit_baseline(sitting_still(30), load_coefficients()).quality
    for lean, warned in ((leans, True), (shoulder, False), (lean_deg(turned), False)):
        texts = assess_quality(replace(good, lean_deg=lean)).reasons
        assert any("You lean to one side by about" in text for text in texts) == warned


def test_from_the_side_nothing_is_said_of_leaning_sideways(upright: Baseline) -> None:
    assert np.isnan(lean_deg(replace(upright, view=View.SIDE)))


def test_the_outline_counts_about_the_shoulders_alone() -> None:
    baseline = fit_baseline(sitting_still(10), load_coefficients(), refuse=False).baseline
    y = baseline.pose[:, 1]
    ends = 2.0 * y[names.SHOULDERS].mean() - y[names.EYES].mean()
    below = (np.arange(240) + 0.5) / 240 > ends
    assert below.sum() > 5
    rows = baseline.rows.copy()
    rows[below] = np.nan
    assert contour_share(replace(baseline, rows=rows)) == contour_share(baseline) > 0.9


def ground_truth(which: str, view: str) -> list[tuple[Landmarks, np.ndarray, np.ndarray]]:
    """For each camera: its landmarks, the true change of CVA, and which frames are for calibration."""
    folder = shared_path("ground-truth", which)
    with np.load(folder / "landmarks.npz") as archive:
        arrays = {
            name: archive[name] for name in ("name", "size", "pose", "face", "rows", "cols")
        }  # unpacked once
    place = {str(name): i for i, name in enumerate(arrays["name"])}
    clips: dict[str, list[dict[str, str]]] = {}
    with (folder / "ground_truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["view"] == view and row["person_present"] == "1":
                clips.setdefault(row["file"].partition("/")[0], []).append(row)
    found = []
    for rows in clips.values():
        index = np.array([place[row["file"]] for row in rows])
        cva = np.array([float(row["cva_deg"]) for row in rows])
        first = np.array([row["segment"] == "calibration" for row in rows])
        found.append((landmarks_of(arrays, index), cva - np.median(cva[first]), first))
    return found


def landmarks_of(arrays: dict[str, np.ndarray], index: np.ndarray) -> Landmarks:
    """The stored frames; their contour has 480 rows and 640 columns of whole pixels."""
    empty = Landmarks.empty(len(index))
    rows = arrays["rows"][index].astype(np.float32)
    rows[rows < 0] = np.nan
    rows[..., 1] += 1
    cols = arrays["cols"][index].astype(np.float32)
    cols[cols < 0] = np.nan
    return Landmarks(
        t_s=empty.t_s,
        size_px=arrays["size"][index].astype(np.int32),
        pose=arrays["pose"][index].astype(np.float32),
        face=arrays["face"][index].astype(np.float32),
        rows=rows[:, ::2] / 640,
        cols=cols[:, ::2] / 480,
        scene=empty.scene,
    )


def trembling(lm: Landmarks, noise_px: float, rng: np.random.Generator) -> Landmarks:
    """What a worse camera gives: every point off by so much."""
    share = np.array([1 / 640, 1 / 480])
    pose, face = lm.pose.copy(), lm.face.copy()
    for points in (pose, face):
        points[:, :, :2] += (rng.normal(0.0, noise_px, points[:, :, :2].shape) * share).astype(np.float32)
    rows = lm.rows + rng.normal(0.0, noise_px / 640, lm.rows.shape).astype(np.float32)
    cols = lm.cols + rng.normal(0.0, noise_px / 480, lm.cols.shape).astype(np.float32)
    return replace(lm, pose=pose, face=face, rows=rows, cols=cols)


@pytest.mark.parametrize("view", ["front", "side"])
def test_expected_and_true_error_go_together(view: str) -> None:
    """Over people, cameras and the noise of their pictures; seen: rank correlation 0.25 (front), 0.80 (side).

    They are people of the fit, whose own error is small: less of it is left to be foreseen in front.
    """
    coefficients, rng = load_coefficients(), np.random.default_rng(0)
    expected, true = [], []
    for clip, change, first in ground_truth("train", view)[::4]:
        others = np.flatnonzero(~first)[:: max(1, (~first).sum() // 8)]
        for noise_px in (0.0, 1.5, 4.0):
            lm = trembling(clip, noise_px, rng)
            result = fit_baseline(lm[first], coefficients, refuse=False)
            error = (
                measure(lm[others], result.baseline, coefficients).value("cva_change_deg") - change[others]
            )
            if np.isfinite(error).sum() >= 5 and "cva_change_deg" in result.quality.expected_error:
                expected.append(result.quality.expected_error["cva_change_deg"])
                true.append(np.nanmean(np.abs(error)))
    assert len(true) >= 20
    ranks = [np.argsort(np.argsort(values)) for values in (expected, true)]
    assert np.corrcoef(ranks[0], ranks[1])[0, 1] > {"front": 0.2, "side": 0.6}[view]
    # the mean absolute error of a normal error is 0.8 of its standard deviation
    assert 0.5 < np.median(true) / (0.8 * np.median(expected)) < 2.0, "and are of one size"
