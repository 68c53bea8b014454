"""A sweep: the alerts of a replay for each setting, counted against labels by rules that are written down."""

from __future__ import annotations

import csv
import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from cli_runner import Cli
from posture_cv.assess.settings import CUES, AssessSettings
from posture_cv.assess.types import Alert
from posture_cv.cli.progress import RichProgress
from posture_cv.errors import InputError
from posture_cv.profiles.store import load_profile
from posture_cv.replay.labels import Bout, read_labels
from posture_cv.replay.measuring import measured_recording
from posture_cv.replay.run import replay
from posture_cv.replay.sweep import SweepInput, is_right, setting, sweep
from posture_cv.replay.types import ReplayOptions

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PROFILE = SAMPLES / "desk-front.profile.json"


@pytest.fixture(scope="module")
def front() -> SweepInput:
    baseline = load_profile(str(PROFILE)).baseline
    told = measured_recording(SAMPLES / "desk-front.landmarks", baseline)
    bouts = tuple(read_labels(SAMPLES / "desk-front.truth.csv"))
    return SweepInput("front", told.measurements, baseline, bouts)


def alert(t_s: float, cue: str = "forward_head", window_s: float = 10.0) -> Alert:
    return Alert(t_s, cue, "notice", 8.0, 0.8, window_s, 1.2, 1.0)


def test_the_alerts_of_a_setting_are_those_of_a_replay_with_it(front: SweepInput, tmp_path: Path) -> None:
    row = sweep([front], [1.5], [5.0], AssessSettings())[0]
    settings = setting(AssessSettings(), 1.5, 5.0, as_monitor=False)
    replay(ReplayOptions(str(SAMPLES / "desk-front.landmarks"), tmp_path, front.baseline, settings=settings))
    alerts = json.loads((tmp_path / "summary.json").read_text())["alerts"]
    assert sum(row.alerts) == len(alerts) > 0
    assert row.alerts == tuple(sum(a["cue"] == cue for a in alerts) for cue in CUES)
    assert row.alerts_per_hour == pytest.approx(len(alerts) * 3600 / 44.9, rel=0.01)


def test_higher_thresholds_and_longer_dwells_give_no_more_alerts(front: SweepInput) -> None:
    rows = sweep([front], [0.5, 1.0, 2.0, 8.0], [3.0, 8.0, 20.0], AssessSettings())
    counts = np.array([sum(row.alerts) for row in rows]).reshape(4, 3)
    assert (np.diff(counts, axis=0) <= 0).all()
    assert (np.diff(counts, axis=1) <= 0).all()
    assert counts[0, 0] >= 3
    assert counts[3, 2] == 0


def test_the_monitors_grace_keeps_a_short_clip_silent(front: SweepInput) -> None:
    rows = sweep([front], [1.0], [5.0], AssessSettings(), as_monitor=True)
    assert sum(rows[0].alerts) == 0
    assert rows[0].precision is None
    assert rows[0].recall == 0.0


def test_precision_and_recall_of_the_clip(front: SweepInput) -> None:
    row = sweep([front], [1.0], [5.0], AssessSettings())[0]
    assert (row.right, row.labelled_alerts, row.found, row.bouts) == (3, 3, 3, 3)
    assert (row.precision, row.recall) == (1.0, 1.0)


def test_wrong_labels_are_counted_as_wrong(front: SweepInput) -> None:
    early = SweepInput(
        "x", front.measurements, front.baseline, (Bout(0.0, 8.0, frozenset({"forward_head"})),)
    )
    row = sweep([early], [1.0], [5.0], AssessSettings())[0]
    assert (row.precision, row.recall) == (0.0, 0.0)
    assert row.bouts == 1
    without = sweep([SweepInput("x", front.measurements, front.baseline)], [1.0], [5.0], AssessSettings())[0]
    assert (without.precision, without.recall) == (None, None)


@pytest.mark.parametrize(
    ("bouts", "right"),
    [
        ([(90, 100, "forward_head")], True),
        ([(95, 100, "forward_head")], True),
        ([(95.1, 120, "forward_head")], False),
        ([(90, 100, "shrug")], False),
        ([(90, 93, "forward_head"), (97, 100, "forward_head")], True),
        ([(90, 93, "forward_head"), (90, 93, "forward_head")], False),
        ([], False),
    ],
)
def test_when_an_alert_is_right(bouts: list[tuple[float, float, str]], right: bool) -> None:
    given = [Bout(start, end, frozenset({cue})) for start, end, cue in bouts]
    assert is_right(alert(100.0), given) is right


def test_labels_of_intervals(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("start,end,label\n20,30,poor\n1.5,9,forward_head+slump\n40,50,good\n")
    bouts = read_labels(path)
    assert bouts == [
        Bout(1.5, 9.0, frozenset({"forward_head", "slump"})),
        Bout(20.0, 30.0, frozenset(CUES)),
    ]


@pytest.mark.parametrize("between", ["", "11,12,good\n"])
def test_overlapping_labels_must_not_contradict_each_other(between: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"start,end,label\n10,20,slump\n{between}15,25,good\n")
    with pytest.raises(InputError, match="harmless from 15 to 25 s overlaps slump from 10 to 20 s"):
        read_labels(path)
    path.write_text("start,end,label\n10,20,slump\n15,25,poor\n25,30,good\n")
    assert len(read_labels(path)) == 2


def test_one_posture_labelled_in_pieces_or_by_two_people_is_one_bout(
    front: SweepInput, tmp_path: Path
) -> None:
    whole, pieces = tmp_path / "whole.csv", tmp_path / "pieces.csv"
    whole.write_text("start,end,label\n9.5,20,forward_head\n27,35,rounded_shoulders\n36.5,40.5,text_neck\n")
    pieces.write_text(
        "start,end,label\n9.5,14.5,forward_head\n14.5,20,forward_head\n12,13,forward_head\n"
        "27,35,rounded_shoulders\n27,34,rounded_shoulders\n36.5,40.5,text_neck\n"
    )
    assert read_labels(pieces) == read_labels(whole)
    row = sweep([replace(front, bouts=tuple(read_labels(pieces)))], [1.0], [8.0], AssessSettings())[0]
    assert (row.found, row.bouts) == (2, 2)


def test_a_bout_exactly_as_long_as_the_dwell_deserves_an_alert(front: SweepInput) -> None:
    bout = Bout(27.3, 32.3, frozenset({"rounded_shoulders"}))
    assert bout.end_s - bout.start_s < 5.0  # as floating point has it
    assert sweep([replace(front, bouts=(bout,))], [1.0], [5.0], AssessSettings())[0].bouts == 1


def test_labels_outside_the_recording_are_stated_or_refused(tmp_path: Path) -> None:
    path, out = tmp_path / "labels.csv", tmp_path / "out"
    given = ("sweep", f"{SAMPLES}/desk-front.landmarks", "--labels", str(path), "--profile", str(PROFILE))
    path.write_text("start,end,label\n100,120,poor\n")
    Cli().fails(*given, "--out", str(out), said="No labelled posture lies in the recording")
    assert not out.exists()
    path.write_text("start,end,label\n10,20,poor\n100,120,poor\n")
    done = Cli().here(*given, "--dwell", "5", "--threshold", "1", "--out", str(out))
    assert "desk-front.landmarks: 20.0 labelled s lie outside the recording" in done.stderr
    assert "/1)" in done.stdout


def test_labels_with_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("start;end;label\n1;2.5;slump\n0:10,5;1:02:03;shrug\n")
    assert read_labels(path) == [
        Bout(1.0, 2.5, frozenset({"slump"})),
        Bout(10.5, 3723.0, frozenset({"shrug"})),
    ]


def test_columns_are_known_in_any_case_as_agree_knows_them(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("Start,END,Label\n10,18,forward_head\n")
    assert read_labels(tmp_path / "l.csv") == [Bout(10.0, 18.0, frozenset({"forward_head"}))]
    (tmp_path / "l.csv").write_text("Start,End,start,label\n10,18,11,forward_head\n")
    with pytest.raises(InputError, match="column 'start' twice"):
        read_labels(tmp_path / "l.csv")


def test_labels_of_a_ground_truth() -> None:
    bouts = read_labels(SAMPLES / "desk-front.truth.csv")
    assert [sorted(bout.cues) for bout in bouts] == [
        ["forward_head"],
        ["rounded_shoulders", "slump"],
        ["text_neck"],
    ]
    assert bouts[0].start_s == pytest.approx(10.0, abs=0.11)
    assert bouts[0].end_s == pytest.approx(18.0, abs=0.11)


def test_every_fault_of_the_labels_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("start,end,label\n5,4,slump\nx,9,slump\n1,nan,slump\n-1,3,slump\n1,2,sitting\n")
    with pytest.raises(InputError) as raised:
        read_labels(path)
    assert [f"line {n}" in raised.value.detail for n in range(2, 7)] == [True] * 5


def test_an_empty_line_shifts_no_number_and_a_column_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("start,end,label\n1,2,slump\n\n5,4,slump\n")
    with pytest.raises(InputError, match="line 4: '5' to '4'"):
        read_labels(path)
    path.write_text("start,end,label,start\n1,20,slump,9\n")
    with pytest.raises(InputError, match="line 1: column 'start' twice"):
        read_labels(path)


def test_a_class_that_is_none_is_not_taken_for_harmless(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("t_s,segment,posture_class\n0,upright,good\n1,slump,Bad\n2,slump,bad\n")
    with pytest.raises(InputError, match="line 3: posture_class is 'Bad'"):
        read_labels(path)


@pytest.fixture
def swept(tmp_path: Path) -> Path:
    out = tmp_path / "out"
    done = Cli()(
        *("sweep", f"{SAMPLES}/desk-front.landmarks", "--labels", f"{SAMPLES}/desk-front.truth.csv"),
        *("--profile", str(PROFILE), "--threshold", "1,2", "--dwell", "5,3", "--out", str(out)),
    )
    assert done.returncode == 0, done.stderr
    assert "x 1" in done.stdout
    return out


def test_a_recording_that_cannot_be_judged_is_named(tmp_path: Path) -> None:
    names = ("desk-front.landmarks", "desk-side.landmarks")
    given = (*(str(SAMPLES / name) for name in names), "--profile", str(PROFILE), "--dwell", "5")
    done = Cli().here("sweep", *given, "--threshold", "1", "--out", str(tmp_path))
    assert done.returncode == 0
    assert (
        "Note: desk-side.landmarks: 100% of its frames cannot be judged (wrong view most often)"
        in done.stderr
    )
    assert "desk-front.landmarks:" not in done.stderr


def test_a_poor_baseline_is_said_for_each_recording(tmp_path: Path) -> None:
    given = (str(SAMPLES / "desk-front.landmarks"), "--calibrate", "0:0.5", "--dwell", "5")
    done = Cli().here("sweep", *given, "--threshold", "1", "--out", str(tmp_path))
    assert "Note: desk-front.landmarks: Baseline: It rests on 5 frames only." in done.stderr


def test_the_table_and_the_plot(swept: Path) -> None:
    with (swept / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["threshold"], row["dwell_s"]) for row in rows] == [
        ("1", "3"),
        ("1", "5"),
        ("2", "3"),
        ("2", "5"),
    ]
    assert rows[1]["alerts"] == "3"
    assert rows[1]["precision"] == "1.000"
    svg = ET.fromstring((swept / "sweep.svg").read_text())
    marks = [e for e in svg.iter("{http://www.w3.org/2000/svg}circle") if len(e)]
    assert len(marks) == 8
    assert (swept / "sweep.svg").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--threshold", "one"], "'one' is not a number"),
        (["--dwell", "0"], "0.5 to 3600"),
        (["--labels", "a.csv", "--labels", "b.csv"], "1 recordings and 2 files"),
        (["--labels", "nowhere.csv"], "nowhere.csv"),
        (["--calibrate", "0:8"], "Two baselines"),
    ],
)
def test_what_can_be_given_wrongly(arguments: list[str], says: str, tmp_path: Path) -> None:
    given = ("sweep", f"{SAMPLES}/desk-front.landmarks", "--profile", str(PROFILE), *arguments)
    Cli().fails(*given, "--out", str(tmp_path / "out"), said=says)
    assert not (tmp_path / "out").exists()


def test_a_sweep_replaces_its_own_results_and_nothing_else(swept: Path, tmp_path: Path) -> None:
    words = ("sweep", str(SAMPLES / "desk-front.landmarks"), "--profile", str(PROFILE), "--dwell", "5")
    assert Cli().here(*words, "--threshold", "3", "--out", str(swept)).returncode == 0
    for name, content in (
        ("sweep.csv", "start,end,label\n9,20,forward_head\n"),
        ("sweep.svg", "<svg>mine</svg>"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(content)
        labels = ("--labels", str(folder / name)) if name == "sweep.csv" else ()
        Cli().fails(*words, *labels, "--out", str(folder), said=name)
        assert (folder / name).read_text() == content


def test_a_recording_given_twice_would_count_twice(tmp_path: Path) -> None:
    twice = [str(SAMPLES / name) for name in ("desk-side.landmarks", "../samples/desk-side.landmarks")]
    Cli().fails("sweep", *twice, "--calibrate", "0:5", "--out", str(tmp_path / "o"), said="count twice")


@pytest.mark.skipif(os.name != "posix", reason="a terminal of POSIX")
def test_a_recording_s_name_steers_neither_the_terminal_nor_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TERM", "xterm"), ("COLUMNS", "120"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal, monkeypatch.context() as there:
        there.setattr("sys.stderr", terminal)
        with RichProgress() as progress:
            progress.stage("Measuring [bold]sent\x1b[2J.landmarks", None)
    parts = []
    with suppress(OSError):  # Linux: no more, and nobody who could write more
        while part := os.read(ours, 4096):
            parts.append(part)
    os.close(ours)
    said = b"".join(parts).decode()
    assert "Measuring [bold]sent?[2J" in said
    assert "\x1b[2J" not in said


@pytest.mark.parametrize("name", ["sweep.csv", "sweep.svg"])
def test_a_sweep_takes_the_place_of_a_sweep_only(name: str, tmp_path: Path) -> None:
    given = ("sweep", f"{SAMPLES}/desk-side.landmarks", "--calibrate", "0:5", "--out", str(tmp_path))
    for _ in range(2):
        assert Cli().here(*given).returncode == 0
    mine = tmp_path / name
    mine.write_text("<svg>mine</svg>\n")
    Cli().fails(*given, said=str(mine))
    assert mine.read_text() == "<svg>mine</svg>\n"
