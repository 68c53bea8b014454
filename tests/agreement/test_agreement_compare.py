"""Kappa, precision and recall against hand-calculated cases, and the command on a labelled sample."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import posture_cv as pc
from cli_runner import Cli
from exposure_material import series
from posture_cv.agreement.ask import stretches as stretches_to_ask
from posture_cv.agreement.compare import compare, kappa
from posture_cv.agreement.types import Stretch
from posture_cv.assess.types import State
from posture_cv.cli.agree_view import AgreeView, figure_text
from posture_cv.errors import InputError
from posture_cv.exposure.bootstrap import unseen_limit
from posture_cv.opendata.folder import read_result
from posture_cv.replay.run import replay
from posture_cv.replay.types import Labels, ReplayOptions
from posture_cv.report.thumbnails import check_source
from result_material import SAMPLES, replayed

NAMES = {"upright": "good", "fhp_moderate": "forward_head", "slump_rounded": "rounded_shoulders"}


def stretches(*given: tuple[float, float, State]) -> list[tuple[Stretch, State]]:
    return [(Stretch(a, b, state.label), state) for a, b, state in given]


def test_kappa_by_hand() -> None:
    # 50 s of 70 agree: 20 + 15 of 50; Cohen's own way: po 0.7, pe (25*30 + 25*20)/2500 = 0.5
    table = np.array([[20.0, 5.0], [10.0, 15.0]])
    assert float(kappa(table)) == pytest.approx((0.7 - 0.5) / 0.5)
    assert math.isnan(float(kappa(np.array([[9.0, 0.0], [0.0, 0.0]]))))


def test_a_small_case_by_hand() -> None:
    # rater: 0-10 good, 10-20 forward head; program: 0-12 good, 12-18 forward head, 18-20 cannot tell
    state = np.array(
        [State.GOOD] * 12 + [State.FORWARD_HEAD] * 6 + [State.CANNOT_TELL] * 2 + [State.GOOD] * 5
    )
    found = compare(
        series(np.arange(25.0), {}, state=state.astype(np.int8)),
        stretches((0.0, 10.0, State.GOOD), (10.0, 20.0, State.FORWARD_HEAD)),
    )
    assert found.compared_s == pytest.approx(18.0)
    assert found.unnamed_s == pytest.approx(2.0)
    assert found.unlabelled_s == pytest.approx(5.0)
    assert found.names == ("good", "forward_head")
    assert found.confusion_s.tolist() == [[10.0, 0.0], [2.0, 6.0]]
    assert found.agreed.value == pytest.approx(16.0 / 18.0)
    expected = (10 * 12 + 8 * 6) / 18**2
    assert found.kappa.value == pytest.approx((16 / 18 - expected) / (1 - expected))
    good, forward = found.postures
    assert [good.precision.value, good.recall.value] == pytest.approx([10 / 12, 1.0])
    assert [forward.precision.value, forward.recall.value] == pytest.approx([1.0, 6 / 8])
    assert [(d.start_s, d.end_s, d.rater, d.program) for d in found.disagreements] == [
        (10.0, 12.0, "forward_head", "good"),
        (18.0, 20.0, "forward_head", "cannot_tell"),
    ]


def test_what_the_rater_could_not_tell_is_no_disagreement() -> None:
    state = np.array([State.GOOD] * 15 + [State.CANNOT_TELL] * 5, np.int8)
    labels = stretches((0.0, 10.0, State.GOOD), (10.0, 20.0, State.CANNOT_TELL))
    found = compare(series(np.arange(20.0), {}, state=state), labels)
    assert (found.compared_s, found.undecided_s, found.unnamed_s) == pytest.approx((10.0, 10.0, 0.0))
    assert found.agreed.value == 1.0
    assert found.names == ("good",)
    assert not found.disagreements


def test_the_limit_of_precision_rests_on_what_the_program_named() -> None:
    # whenever the program says slump it is right, for 10 s; the rater says it for 100 s
    state = np.resize(np.array([State.GOOD] * 9 + [State.SLUMP], np.int8), 200)
    state[100:] = State.GOOD
    labels = stretches((0.0, 100.0, State.SLUMP), (100.0, 200.0, State.GOOD))
    found = compare(series(np.arange(200.0), {}, state=state), labels)
    slump = {p.posture: p for p in found.postures}["slump"]
    assert slump.precision.value == 1.0
    blocks = 10.0 / found.block_s
    assert slump.precision.low == pytest.approx(0.025 ** (1.0 / max(blocks, 1.0)))


def test_a_posture_of_a_single_block_has_no_interval_of_length_nought() -> None:
    t_s = np.arange(0.0, 60.0, 0.1)
    state = np.full(len(t_s), State.GOOD, np.int8)
    state[301:306] = State.SLUMP  # half a second, of which the rater says a fifth
    labels = stretches((0.0, 30.2, State.GOOD), (30.2, 30.3, State.SLUMP), (30.3, 60.0, State.GOOD))
    found = compare(series(t_s, {}, state=state), labels)
    slump = {p.posture: p for p in found.postures}["slump"]
    assert slump.precision.value == pytest.approx(0.2)
    assert not slump.precision.has_interval


@pytest.mark.parametrize("edge_s", [0.0, 0.1])
def test_labels_shorter_than_a_frame_count_for_as_long_as_they_last(edge_s: float) -> None:
    # a frame every two seconds: good until 12 s, then forward head
    state = np.where(np.arange(0.0, 24.0, 2.0) < 12.0, State.GOOD, State.FORWARD_HEAD).astype(np.int8)
    labels = stretches((2.3, 3.8, State.GOOD), (11.2, 14.2, State.FORWARD_HEAD))
    found = compare(series(np.arange(0.0, 24.0, 2.0), {}, state=state), labels, edge_s=edge_s)
    assert found.compared_s == pytest.approx(4.5 - 4 * edge_s)
    assert found.at_edges_s == pytest.approx(4 * edge_s)
    assert found.unlabelled_s == pytest.approx(24.0 - 4.5)
    assert {(p.posture, round(p.rater_s, 6), round(p.program_s, 6)) for p in found.postures} == {
        ("good", round(1.5 - 2 * edge_s, 6), round(2.3 - 3 * edge_s, 6)),
        ("forward_head", round(3.0 - 2 * edge_s, 6), round(2.2 - edge_s, 6)),
    }


def test_labelled_time_in_a_hole_of_the_recording_is_stated() -> None:
    # the frame at 9 s stands for 3.5 s, then there is none until 30 s; the label changes within the hole
    t_s = np.concatenate([np.arange(10.0), np.arange(30.0, 40.0)])
    recording = series(t_s, {}, state=np.full(20, State.GOOD, np.int8))
    labels = stretches((0.0, 20.5, State.GOOD), (20.5, 35.0, State.SLUMP), (38.0, 60.0, State.GOOD))
    found = compare(recording, labels)
    assert found.compared_s == pytest.approx(12.5 + 5.0 + 2.0)
    assert found.unnamed_s == pytest.approx(17.5)
    assert (found.unlabelled_s, found.outside_s) == pytest.approx((3.0, 20.0))
    told = [d for d in found.disagreements if d.program == "cannot_tell"]
    assert [(d.rater, d.reason) for d in told] == [("slump", "no_picture"), ("good", "no_picture")]
    assert [d.start_s for d in told] == pytest.approx([20.5, 12.5])


def test_labelled_time_outside_the_recording_is_stated() -> None:
    recording = series(np.arange(10.0), {}, state=np.full(10, State.GOOD, np.int8))
    found = compare(recording, stretches((5, 13, State.GOOD), (20, 30, State.SLUMP)))
    assert found.outside_s == pytest.approx(3.0 + 10.0)


def test_a_narrow_terminal_loses_no_figure() -> None:
    state = np.resize(np.array([State.GOOD] * 7 + [State.SLUMP] * 3, np.int8), 120)
    found = compare(
        series(np.arange(120.0), {}, state=state),
        stretches((0.0, 60.0, State.GOOD), (60.0, 110.0, State.SLUMP)),
    )
    for width in (60, 110):
        console = Console(width=width, file=io.StringIO())
        with console.capture() as captured:
            console.print(AgreeView(found.postures))
        text = captured.get()
        assert "\N{HORIZONTAL ELLIPSIS}" not in text
        assert max(map(len, text.splitlines())) <= width
        for p in found.postures:
            for figure in (p.precision, p.recall, p.kappa):
                assert figure_text(figure) in text
        assert "rater" in text


def test_time_near_a_change_can_be_left_out_and_rest_be_named() -> None:
    state = np.full(40, State.GOOD, np.int8)
    state[12:30] = State.FORWARD_HEAD  # the rater says 10 to 30
    recording = series(np.arange(40.0), {}, state=state)
    labels = stretches((10.0, 30.0, State.FORWARD_HEAD))
    assert compare(recording, labels).compared_s == pytest.approx(20.0)
    found = compare(recording, labels, rest=State.GOOD)
    assert found.compared_s == pytest.approx(40.0)
    assert found.agreed.value == pytest.approx(38 / 40)
    edged = compare(recording, labels, rest=State.GOOD, edge_s=2.6)
    assert edged.agreed.value == 1.0
    assert edged.compared_s + edged.at_edges_s == pytest.approx(40.0)
    assert edged.agreed.low < 1.0  # what was never seen to differ is not certain never to


def test_what_the_rater_cannot_tell_is_left_open() -> None:
    recording = series(np.arange(30.0), {}, state=np.full(30, State.GOOD, np.int8))
    labels = stretches((0.0, 20.0, State.GOOD), (20.0, 25.0, State.CANNOT_TELL))
    for rest in (None, State.CANNOT_TELL):
        found = compare(recording, labels, rest=rest)
        assert (found.compared_s, found.unlabelled_s + found.undecided_s) == (20.0, 10.0)
        assert found.names == ("good",)
        assert not found.disagreements


def test_each_share_without_an_exception_is_as_sure_as_its_own_time_allows() -> None:
    state = np.full(600, State.GOOD, np.int8)
    state[40:300:26] = State.FORWARD_HEAD  # ten seconds of the rater's 300
    labels = stretches((0.0, 300.0, State.FORWARD_HEAD), (300.0, 600.0, State.GOOD))
    found = compare(series(np.arange(600.0), {}, state=state), labels)
    forward = next(p for p in found.postures if p.posture == "forward_head")
    assert (forward.program_s, forward.precision.value) == (10.0, 1.0)
    blocks = 10.0 / found.block_s
    assert forward.precision.low == pytest.approx(1.0 - unseen_limit("1", blocks, 0.0))


@settings(max_examples=8)
@given(st.integers(0, 1000), st.sampled_from([1.0, 4.0]))
def test_agreement_does_not_depend_on_the_frame_rate_and_lies_in_its_interval(
    seed: int, rate_hz: float
) -> None:
    random = np.random.default_rng(seed)
    by_second = np.repeat(random.choice([State.GOOD, State.SLUMP, State.SHRUG], 40), 5).astype(np.int8)
    rater = np.where(random.random(200) < 0.2, State.GOOD, by_second)
    labels = stretches(*((float(k), k + 1.0, State(int(s))) for k, s in enumerate(rater)))
    t_s = np.arange(200 * rate_hz) / rate_hz
    found = compare(series(t_s, {}, state=by_second[(t_s).astype(int)]), labels)
    assert found.compared_s == pytest.approx(200.0)
    assert found.agreed.value == pytest.approx((rater == by_second).mean())
    assert found.kappa.low <= found.kappa.value <= found.kappa.high <= 1.0
    assert found.confusion_s.sum() == pytest.approx(200.0)
    for p in found.postures:
        assert p.both_s <= min(p.rater_s, p.program_s) + 1e-9


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sample and its truth as a rater would have labelled it: held postures, without the way between."""
    folder = tmp_path_factory.mktemp("agree")
    result = replayed(folder / "front", "desk-front", (0.0, 8.0), Labels("front"))
    with (SAMPLES / "desk-front.truth.csv").open(encoding="utf-8", newline="") as file:
        rows = [(float(r["t_s"]), r["segment"]) for r in csv.DictReader(file)]
    held: list[list[float | str]] = []
    for t_s, segment in rows:
        if held and held[-1][2] == segment:
            held[-1][1] = t_s + 0.1
        else:
            held.append([t_s, t_s + 0.1, segment])
    path = folder / "labels.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("start", "end", "label"))
        writer.writerows(h for h in held if h[2] not in ("move", "leaving"))
    return result, path


MAPPED = [word for pair in NAMES.items() for word in ("--map", "=".join(pair))] + [
    *("--map", "look_down_keyboard=looking_down"),
]


def test_the_command_on_a_labelled_sample(labelled: tuple[Path, Path]) -> None:
    result, labels = labelled
    done = Cli()("agree", str(result), str(labels), *MAPPED, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kappa"]["value"] > 0.75
    assert found["kappa"]["low"] < found["kappa"]["value"] < found["kappa"]["high"]
    postures = {p["posture"]: p for p in found["postures"]}
    assert postures["forward_head"]["recall"]["value"] > 0.9
    assert set(postures) >= {"good", "forward_head", "rounded_shoulders", "text_neck", "looking_down", "away"}
    text = Cli()("agree", str(result), str(labels), *MAPPED)
    assert f"Cohen's kappa {found['kappa']['value']:.2f} (" in text.stdout
    assert "stretches disagree, the longest:" in text.stdout


def test_a_clock_that_begins_within_the_video_is_said(labelled: tuple[Path, Path], tmp_path: Path) -> None:
    """One annotation, 0 to 8 s of a clock that begins at 10 s of the video: the forward head of 10 to 18 s."""
    path = tmp_path / "labels.eaf"
    path.write_text(
        """<ANNOTATION_DOCUMENT><HEADER><MEDIA_DESCRIPTOR MEDIA_URL="file:///a/desk-front.mp4" TIME_ORIGIN="10000"/>
        </HEADER><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="0"/>
        <TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="8000"/></TIME_ORDER><TIER TIER_ID="t"><ANNOTATION>
        <ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="b"><ANNOTATION_VALUE>forward head</ANNOTATION_VALUE>
        </ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>""",
        encoding="utf-8",
    )
    done = Cli()("agree", str(labelled[0]), str(path), "--json")
    assert "The labels' clock begins at 10 s of the source" in done.stderr
    assert json.loads(done.stdout)["agreed"]["value"] > 0.9


def test_pictures_of_disagreements_only_on_request(labelled: tuple[Path, Path], tmp_path: Path) -> None:
    result, labels = labelled
    pictures = tmp_path / "pictures"
    done = Cli()(
        *("agree", str(result), str(labels), *MAPPED, "--json"),
        *("--frames", str(pictures), "--video", str(SAMPLES / "desk-front.mp4")),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["disagreements"]
    saved = sorted(pictures.iterdir())
    assert len(saved) == len(found) > 0
    assert all(path.read_bytes()[:2] == b"\xff\xd8" for path in saved)
    Cli().fails("agree", str(result), str(labels), "--frames", str(pictures), said="go together")
    other, none = str(SAMPLES / "study" / "p1a.mp4"), tmp_path / "none"
    Cli().fails(
        *("agree", str(result), str(labels), *MAPPED, "--frames", str(none), "--video", other),
        said="This is not the source of",
    )
    assert not none.exists()


def test_a_video_of_the_same_size_and_length_is_told_by_its_checksum(labelled: tuple[Path, Path]) -> None:
    given, video = read_result(labelled[0]), SAMPLES / "desk-front.mp4"
    check_source(given, video)  # made of landmarks: the checksum is of no video
    run = {**given.summary["run"], "of_landmarks": False}
    with pytest.raises(InputError, match="not the source"):
        check_source(replace(given, summary={**given.summary, "run": run}), video)


def test_wrong_input_is_refused(labelled: tuple[Path, Path], tmp_path: Path) -> None:
    result, labels = labelled
    cli = Cli()
    done = cli.fails("agree", str(result), str(labels), said="is no posture of this program")
    assert "fhp_moderate" in done.stderr
    cli.fails("agree", str(tmp_path), str(labels), said="holds no summary.json")
    cli.fails("agree", str(result), str(SAMPLES / "desk-front.mp4"), said="The labels are no text")
    late = tmp_path / "late.csv"
    late.write_text("start,end,label\n1000,1010,good\n", encoding="utf-8")
    cli.fails("agree", str(result), str(late), said="There is nothing to compare")
    cli.fails("agree", str(result), str(late), "--rest", "good", said="There is nothing to compare")
    cli.fails("agree", str(result), str(late), "--rest", "happy", said="not a state")


def test_a_sheet_for_blind_labelling(labelled: tuple[Path, Path], tmp_path: Path) -> None:
    result, _ = labelled
    sheet = tmp_path / "sheet.csv"
    done = Cli()("agree", str(result), str(sheet), "--ask", "6")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(sheet.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 6
    assert "(6 stretches)" in done.stdout
    many = Cli().here("agree", str(result), str(tmp_path / "many.csv"), "--ask", "40")
    assert "(8 stretches, all there are)" in many.stdout
    assert all(row["label"] == "" for row in rows)
    starts = [float(row["start"]) for row in rows]
    assert starts == sorted(starts)
    assert all(float(row["end"]) - float(row["start"]) == pytest.approx(5.0) for row in rows)
    Cli().fails("agree", str(result), str(sheet), "--ask", "6", said="There is such a file already")
    Cli().fails("agree", str(result), str(sheet), said="Line 2: The label is empty")


def test_a_recording_without_a_whole_stretch_makes_no_empty_sheet(tmp_path: Path) -> None:
    whole = pc.read_recording(SAMPLES / "desk-front.landmarks").landmarks
    pc.write_recording(tmp_path / "short.landmarks", whole[:30])
    baseline = pc.calibrate(whole[whole.t_s < 8]).baseline
    replay(ReplayOptions(str(tmp_path / "short.landmarks"), tmp_path / "out", baseline))
    sheet = tmp_path / "sheet.csv"
    Cli().fails("agree", str(tmp_path / "out"), str(sheet), "--ask", "6", said="There is nothing to ask")
    assert not sheet.exists()


def test_a_sheet_holds_rare_postures_too() -> None:
    state = np.full(1000, State.GOOD, np.int8)
    state[500:510] = State.SHRUG
    found = stretches_to_ask(series(np.arange(1000.0), {}, state=state), 4)
    assert len(found) == len(set(found)) == 4
    assert sum(500.0 <= a < 510.0 for a, _ in found) == 2  # half of them, of one hundredth of the time


def _each_second(count: int) -> list[float]:
    """Times that a sheet cannot hold: it rounds them to milliseconds."""
    return [k + 0.0004 for k in range(count)]


def _rated(state: np.ndarray, count: int, truth: np.ndarray) -> list[tuple[Stretch, State]]:
    """What a rater who knows the truth makes of a sheet of so many stretches; times as the sheet rounds them."""
    chosen = stretches_to_ask(series(_each_second(len(state)), {}, state=state), count)
    return [
        (
            Stretch(round(a, 3), round(b, 3), "", k + 2),
            State(int(np.bincount(truth[round(a) : round(b)]).argmax())),
        )
        for k, (a, b) in enumerate(chosen)
    ]


def test_a_sheet_stands_for_the_whole_recording() -> None:
    """Shrugs are a hundredth of what the program names and a fifth of the truth; the sheet's own share hides it."""
    random = np.random.default_rng(4)
    truth = np.full(20_000, State.GOOD, np.int8)
    truth.reshape(-1, 5)[random.permutation(4000)[:800]] = State.SHRUG  # whole stretches
    state = truth.copy()
    state.reshape(-1, 5)[np.flatnonzero(truth.reshape(-1, 5)[:, 0] == State.SHRUG)[40:]] = State.GOOD
    recording = series(_each_second(len(state)), {}, state=state)
    everything = compare(recording, stretches((0.0, 20_000.0, State.GOOD)))
    assert not everything.of_recording
    found = compare(recording, _rated(state, 80, truth))
    assert found.of_recording
    shrug = {p.posture: p for p in found.postures}["shrug"]
    assert shrug.rater_s > 200.0 * 0.99  # all forty that the program named, and some that it missed
    assert shrug.precision.value == pytest.approx(1.0, abs=1e-4)  # the sheet's times are rounded
    assert shrug.recall.value == pytest.approx(40 / 800, abs=0.02)  # without weights it would be 0.84
    assert found.agreed.value == pytest.approx(1.0 - 760 / 4000, abs=0.07)
    assert found.confusion_s.sum() == pytest.approx(found.compared_s)


def test_what_a_sheet_did_not_find_has_no_limit() -> None:
    """Forty stretches of good, none of them missed a shrug: that says little of the four thousand they stand for."""
    state = np.full(20_000, State.GOOD, np.int8)
    state[:200] = State.SHRUG
    found = compare(series(_each_second(20_000), {}, state=state), _rated(state, 80, state))
    shrug = {p.posture: p for p in found.postures}["shrug"]
    assert found.of_recording
    assert shrug.precision.has_interval
    assert shrug.recall.value == 1.0
    assert not shrug.recall.has_interval
    assert not found.agreed.has_interval


def test_labels_that_are_no_sheet_are_not_weighted() -> None:
    state = np.full(1000, State.GOOD, np.int8)
    state[:100] = State.SHRUG
    recording = series(np.arange(1000.0), {}, state=state)
    sheet = [(Stretch(a, b, ""), State.GOOD) for a, b in stretches_to_ask(recording, 10)]
    assert compare(recording, sheet).of_recording
    moved = [(Stretch(s.start_s + 1.0, s.end_s + 1.0, ""), state) for s, state in sheet]
    assert not compare(recording, moved).of_recording
    only_good = [(s, state) for s, state in sheet if s.start_s >= 100.0]
    assert not compare(recording, only_good).of_recording  # it cannot stand for the shrugs
    assert not compare(
        recording, sheet, rest=State.GOOD
    ).of_recording  # then all of the recording is compared
