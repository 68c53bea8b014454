"""The Python interface: every documented example runs, every name is typed, importing does nothing."""

from __future__ import annotations

import ast
import doctest
import importlib
import math
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import posture_cv
from posture_cv.errors import InputError
from posture_cv.output.tables import measurement_columns
from source_tree import ROOT

PAGE = ROOT / "docs" / "python-api.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_documented_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = PAGE.read_text(encoding="utf-8")
    blocks = BLOCK.findall(page)
    assert len(blocks) == page.count("```python") >= 6
    assert all(block.startswith(">>> ") for block in blocks)  # else the example would not be run
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, str(PAGE), 0)
    assert len(test.examples) > 30
    report: list[str] = []
    results = doctest.DocTestRunner().run(test, out=report.append)
    assert results.failed == 0, "".join(report)


def test_every_name_is_there_and_comes_from_its_typed_home() -> None:
    tree = ast.parse((ROOT / "posture_cv" / "__init__.py").read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.name: node.module
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == posture_cv._HOMES
    assert sorted(typed) == sorted(posture_cv.__all__)
    for name, home in typed.items():
        assert getattr(posture_cv, name) is getattr(importlib.import_module(str(home)), name)
        assert name in dir(posture_cv)
    assert (ROOT / "posture_cv" / "py.typed").is_file()


def test_no_name_hides_a_package() -> None:
    packages = {path.parent.name for path in (ROOT / "posture_cv").glob("*/__init__.py")}
    assert not packages & set(posture_cv.__all__)


def test_importing_does_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import posture_cv; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.split()) <= {"posture_cv", "__future__"}


def test_measuring_loads_no_picture_library() -> None:
    code = (
        "import sys, posture_cv as pc; lm = pc.read_recording('samples/desk-side.landmarks').landmarks; "
        "pc.assess_landmarks(lm, pc.calibrate(lm[:50]).baseline); "
        "print(*sorted({'cv2', 'av', 'mediapipe', 'rich', 'click', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_a_name_that_is_none() -> None:
    with pytest.raises(AttributeError, match="no attribute 'measure_everything'"):
        _ = posture_cv.measure_everything  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"pose": np.zeros((4, 33))}, "pose has shape"),
        ({"pose": [["x"]]}, "no array of numbers"),
        ({"t_s": [0.0, 1.0]}, "t_s has shape"),
        ({"t_s": [0.0, 1.0, 1.0, 2.0]}, "same time"),
        ({"face": np.zeros((4, 400, 3))}, "face has shape"),
        ({"pose": np.full((4, 33, 3), np.nan)}, "shows anybody"),
        ({"size_px": (0, 480)}, "no size"),
        ({"size_px": (640,)}, "no size"),
    ],
)
def test_arrays_that_are_none(arguments: dict[str, object], says: str) -> None:
    given = {"pose": np.full((4, 33, 3), 0.5), "size_px": (640, 480), "t_s": np.arange(4.0)} | arguments
    with pytest.raises(InputError) as raised:
        posture_cv.landmarks_from_arrays(**given)  # type: ignore[arg-type]
    assert says in str(raised.value)


def test_the_face_mesh_comes_along(tmp_path: Path) -> None:
    lm = posture_cv.read_recording(ROOT / "samples" / "desk-front.landmarks").landmarks[:30]
    mine = posture_cv.landmarks_from_arrays(lm.pose, size_px=(640, 480), t_s=lm.t_s, face=lm.face)
    np.testing.assert_array_equal(mine.pose, lm.pose)
    np.testing.assert_array_equal(mine.face, lm.face)
    posture_cv.write_recording(tmp_path / "mine.landmarks", mine, name="mine")
    np.testing.assert_array_equal(
        posture_cv.read_recording(tmp_path / "mine.landmarks").landmarks.face, lm.face
    )


def sitting() -> tuple[posture_cv.Landmarks, Any]:
    lm = posture_cv.read_recording(ROOT / "samples" / "desk-side.landmarks").landmarks[:50]
    return lm, posture_cv.calibrate(lm)


@pytest.mark.parametrize("seconds", [-5.0, 0.0, 0.4, 3601.0, math.nan, math.inf])
def test_no_alert_comes_after_such_a_time(seconds: float) -> None:
    with pytest.raises(InputError, match=r"Give 0\.5 to 3600 seconds"):
        posture_cv.alert_after(seconds)


def test_what_holds_a_baseline_is_none(tmp_path: Path) -> None:
    lm, result = sitting()
    measured = posture_cv.measure_landmarks(lm, result.baseline)
    recording = ROOT / "samples" / "desk-side.landmarks"
    for call in (
        lambda: posture_cv.measure_landmarks(lm, result),
        lambda: posture_cv.assess_landmarks(lm, result),
        lambda: posture_cv.assess_measurements(measured, result),
        lambda: posture_cv.replay_recording(recording, tmp_path / "out", baseline=result),
    ):
        with pytest.raises(InputError, match=r"CalibrationResult, not a Baseline.*Give its \.baseline"):
            call()
    with pytest.raises(InputError, match=r"calibrate\(\.\.\.\)\.baseline"):
        posture_cv.measure_landmarks(lm, None)  # type: ignore[arg-type]


def test_one_frame_is_a_batch_of_one() -> None:
    lm, _ = sitting()
    assert len(lm[3]) == 1
    np.testing.assert_array_equal(lm[-1].pose, lm.pose[-1:])
    assert [lm[k].t_s[0] for k in range(50)] == lm.t_s.tolist()
    with pytest.raises(IndexError):
        _ = lm[50]


def test_the_table_has_the_names_of_the_csv() -> None:
    lm, result = sitting()
    columns = posture_cv.table(posture_cv.assess_landmarks(lm, result.baseline))
    assert set(columns) < set(measurement_columns())
    assert columns["cva_change_est_sd_deg"].shape == (50,)


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, math.nan, math.inf])
def test_a_rate_that_is_none(rate_hz: float, tmp_path: Path) -> None:
    lm, _ = sitting()
    np.savez(tmp_path / "a.npz", pose=lm.pose)
    with pytest.raises(InputError, match="is no number of frames a second"):
        posture_cv.import_landmarks(tmp_path / "a.npz", size_px=(640, 480), rate_hz=rate_hz)
    with pytest.raises(InputError, match="No format is called 'xml'"):
        posture_cv.import_landmarks(tmp_path / "a.npz", format_name="xml")


def test_times_of_a_clock_are_counted_from_the_first_frame_on() -> None:
    lm, _ = sitting()
    mine = posture_cv.landmarks_from_arrays(lm.pose, size_px=(640, 480), t_s=lm.t_s + 1.7e9)
    np.testing.assert_allclose(mine.t_s, lm.t_s - lm.t_s[0], atol=1e-5)


def test_landmarks_replace_no_other_file_and_leave_no_half_one(tmp_path: Path) -> None:
    lm, _ = sitting()
    mine = tmp_path / "thesis.txt"
    mine.write_text("years of work")
    new = tmp_path / "new.landmarks"
    calls: tuple[Callable[[], None], ...] = (
        lambda: posture_cv.write_recording(mine, lm),
        lambda: posture_cv.write_recording(new, lm[::-1]),
        lambda: posture_cv.write_recording(new, lm[np.array([0, 1, 1, 2])]),
        lambda: posture_cv.write_recording(new, lm.pose),  # type: ignore[arg-type]
        lambda: posture_cv.write_recording(new, lm, when={1, 2}),
    )
    for call in calls:
        with pytest.raises(InputError):
            call()
    assert mine.read_text() == "years of work"
    assert list(tmp_path.iterdir()) == [mine]


def test_what_only_looks_like_numbers_is_refused() -> None:
    lm, _ = sitting()

    def refused(says: str, **given: object) -> None:
        arguments = {"pose": lm.pose, "size_px": (640, 480), "t_s": lm.t_s} | given
        with pytest.raises(InputError, match=says):
            posture_cv.landmarks_from_arrays(**arguments)  # type: ignore[arg-type]

    steps = (lm.t_s * 1000).astype("timedelta64[ms]")
    refused("Times are seconds", t_s=steps)
    refused("Times are seconds", t_s=np.datetime64("2026-11-28T12:00:00", "ms") + steps)
    refused("do not grow", t_s=lm.t_s[::-1])
    refused("It holds complex", pose=lm.pose * 1j)
    refused("no array of numbers", pose=[[1, 2], [3]])
    refused("face has shape", face=0)
    refused("no size of a picture", size_px="640x480")
    refused("no size of a picture", size_px=(640.5, 480))
    refused("no size of a picture", size_px=("640", "480"))


def test_lists_and_arrays_mean_the_same_and_what_is_masked_is_missing() -> None:
    lm, _ = sitting()
    hidden = np.zeros_like(lm.pose, bool)
    hidden[3, 0] = True
    mine = posture_cv.landmarks_from_arrays(
        np.ma.masked_array(lm.pose, hidden),
        size_px=np.array([640, 480]),  # type: ignore[arg-type]
        t_s=lm.t_s.tolist(),
    )
    assert np.isnan(mine.pose[3, 0]).all()
    np.testing.assert_array_equal(mine.pose[4:], lm.pose[4:])


def test_a_size_or_unit_that_cannot_be_is_warned_of() -> None:
    lm, _ = sitting()
    with pytest.warns(UserWarning, match="the head lies outside of the picture"):
        posture_cv.landmarks_from_arrays(lm.pose[:, :, :2] * 2.0 - 1.0, size_px=(640, 480), t_s=lm.t_s)


@pytest.mark.parametrize(
    "interval_s", [(-5.0, 5.0), (5.0, 0.0), (0.0, 0.0), (math.nan, 5.0), (0.0, math.nan)]
)
@pytest.mark.parametrize("kind", ["mp4", "landmarks"])
def test_seconds_that_are_none_are_refused(
    kind: str, interval_s: tuple[float, float], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="nothing to calibrate on from"):
        posture_cv.replay_recording(
            ROOT / "samples" / f"desk-side.{kind}", tmp_path / "o", calibrate_s=interval_s
        )
    assert not (tmp_path / "o").exists()


def test_milliseconds_in_the_place_of_seconds_are_warned_of() -> None:
    lm, _ = sitting()
    for t_s in (lm.t_s * 1000.0, 1.7e12 + lm.t_s * 1000.0):
        with pytest.warns(UserWarning, match=r"100 s apart .* milliseconds"):
            posture_cv.landmarks_from_arrays(lm.pose, size_px=(640, 480), t_s=t_s)


def test_an_argument_of_another_kind_is_named(tmp_path: Path) -> None:
    lm, result = sitting()
    recording = posture_cv.read_recording(ROOT / "samples" / "desk-side.landmarks")
    measured = posture_cv.measure_landmarks(lm, result.baseline)
    assessed = posture_cv.assess_measurements(measured, result.baseline)
    api: Any = posture_cv  # whose types a caller without a type checker does not see
    calls: list[tuple[str, Callable[[], object]]] = [
        ("path is None", lambda: api.read_recording(None)),
        ("path is 'a", lambda: api.read_recording("a\0b")),
        ("path is 3", lambda: api.import_landmarks(3)),
        ("rate_hz is '30'", lambda: api.import_landmarks(tmp_path, rate_hz="30")),
        (r"Recording, not a Landmarks.*Give its \.landmarks", lambda: api.calibrate(recording)),
        ("ndarray, not a Landmarks", lambda: api.measure_landmarks(lm.pose, result.baseline)),
        ("ndarray, not a Landmarks", lambda: api.find_offset(recording.landmarks, lm.pose)),
        ("NoneType, not a Landmarks", lambda: api.find_offset(None, lm)),
        (r"Give its \.measured", lambda: api.assess_measurements(assessed, result.baseline)),
        ("float, not an AssessSettings", lambda: api.assess_landmarks(lm, result.baseline, 5.0)),
        ("do not grow", lambda: api.assess_landmarks(lm[::-1], result.baseline)),
        ("are no times", lambda: api.assess_landmarks(replace(lm, t_s=lm.t_s - 9.0), result.baseline)),
        ("are no times", lambda: api.assess_landmarks(replace(lm, t_s=lm.t_s * math.nan), result.baseline)),
        ("factor is nan", lambda: api.AssessSettings().thresholds.scaled(math.nan)),
        ("factor is -1", lambda: api.AssessSettings().thresholds.scaled(-1)),
        ("factor is '8'", lambda: api.AssessSettings().thresholds.scaled("8")),
        ("neck_deg is nan", lambda: replace(api.AssessSettings().thresholds, neck_deg=math.nan)),
        ("window_s is -3", lambda: replace(api.AssessSettings().policy, window_s=-3)),
        ("seconds is '5'", lambda: api.alert_after("5")),
        ("Measurements, not an Assessment", lambda: api.table(measured)),
        ("not a list of names", lambda: api.table(assessed, "cva_change_deg")),
        ("3, which is no name", lambda: api.table(assessed, [3])),
        ("out is None", lambda: api.replay_recording("a.mp4", None, baseline=result.baseline)),
        ("source is None", lambda: api.replay_recording(None, tmp_path, baseline=result.baseline)),
        (
            "Faces can be hidden",
            lambda: api.replay_recording("a.mp4", tmp_path, baseline=result.baseline, blur_faces=True),
        ),
        ("calibrate_s is '0:8'", lambda: api.replay_recording("a.mp4", tmp_path, calibrate_s="0:8")),
        ("no name of a profile", lambda: api.load_profile(None)),
    ]
    for says, call in calls:
        with pytest.raises(posture_cv.PostureError, match=says):
            call()


def test_a_profile_may_be_a_path() -> None:
    assert (
        posture_cv.load_profile(ROOT / "samples" / "desk-front.profile.json").baseline.view.label == "front"
    )
