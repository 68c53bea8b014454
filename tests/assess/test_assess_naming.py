"""Naming single frames: what looks alike is told apart by what moved, and by how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

import numpy as np
import pytest

from posture_cv.assess.naming import name_states, neck_deg
from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.types import ALERTING, State
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements, Reason, View

DEFAULT = Thresholds()


def frame(sd: float = 0.3, **known: float) -> Measurements:
    """One frame with these quantities, all others unchanged."""
    return told(Reason.OK, sd, known)


def told(reason: Reason, sd: float, known: Mapping[str, float]) -> Measurements:
    """One frame for which this reason holds."""
    codes = np.array([reason], np.int8)
    values = {name: Estimate.of(np.array([known.get(name, 0.0)]), sd, codes) for name in QUANTITIES}
    return Measurements(np.zeros(1), np.array([View.FRONT], np.int8), codes, values)


def without(m: Measurements, *names: str) -> Measurements:
    """The frame as if these could not be told."""
    untold = {name: Estimate.withheld(1, Reason.NOT_FROM_THIS_VIEW) for name in names}
    return replace(m, values={**m.values, **untold})


def named(m: Measurements, thresholds: Thresholds = DEFAULT) -> str:
    """The name of the one frame."""
    return State(int(name_states(m, thresholds).state[0])).label


def test_leaning_sideways_asks_more_of_a_slump() -> None:
    slump = {"trunk_incl_deg": 2.6, "protraction_cm": 1.4}
    assert named(frame(**slump)) == "slump"
    assert named(frame(**slump, lateral_lean_deg=5.0)) == "good"
    assert named(frame(**slump, lateral_lean_deg=-5.0)) == "good"


def test_a_head_carried_forward_while_leaning_in_as_a_whole_is_no_slump() -> None:
    """The trunk bends with the head either way; who comes nearer as a whole has not sunk into themselves."""
    bent = {"cva_change_deg": -9.5, "trunk_incl_deg": 4.0}
    assert named(frame(**bent, approach_cm=3.0)) == "slump"
    assert named(frame(**bent, approach_cm=9.0)) == "forward_head"


def test_shoulders_that_stay_where_they_are_tell_a_forward_head_from_a_slump() -> None:
    """Of 3 degrees of the trunk; where nearness cannot be told, as from the side, 0.6 cm a degree are taken."""
    bent = {"cva_change_deg": -8.5, "trunk_incl_deg": 3.0}
    assert [named(frame(**bent, approach_cm=x)) for x in (-2.0, 0.0, 1.3, 1.5)] == [
        *["forward_head"] * 3,
        "slump",
    ]
    assert named(without(frame(**bent), "approach_cm")) == "slump"
    assert named(without(frame(**{**bent, "cva_change_deg": -9.0}), "approach_cm")) == "forward_head"
    known = frame(**bent)
    for sd, name in ((1.4, "forward_head"), (1.6, "slump")):
        vague = {**known.values, "approach_cm": Estimate.of(np.zeros(1), sd)}
        assert named(replace(known, values=vague)) == name, "more vaguely than 1.5 cm, it is not told"


def test_a_head_far_forward_is_no_part_of_a_slump() -> None:
    found = name_states(frame(cva_change_deg=-12.0, trunk_incl_deg=3.0, sink_cm=0.7), DEFAULT)
    assert found.state.tolist() == [State.FORWARD_HEAD]
    assert found.excess[0, ALERTING.index(State.SLUMP)] == 0.0


@pytest.mark.parametrize(
    ("known", "label"),
    [
        ({}, "good"),
        ({"cva_change_deg": -8.0}, "forward_head"),
        ({"cva_change_deg": -8.0, "trunk_incl_deg": 9.0, "approach_cm": 9.0}, "leaning_in"),
        ({"trunk_incl_deg": 4.0, "protraction_cm": 1.2}, "slump"),
        ({"trunk_incl_deg": 4.0, "sink_cm": 2.0}, "slump"),
        ({"cva_change_deg": -6.2, "head_pitch_deg": 25.0}, "looking_down"),
        ({"cva_change_deg": -22.0, "head_pitch_deg": 33.0}, "text_neck"),
        ({"protraction_cm": 2.5}, "rounded_shoulders"),
        ({"shoulder_elevation_cm": 2.0}, "shrug"),
        ({"shoulder_elevation_left_cm": 2.5}, "shrug"),
        ({"trunk_incl_deg": -8.0, "cva_change_deg": 5.0}, "reclining"),
        ({"lateral_lean_deg": -8.0}, "leaning_sideways"),
        ({"approach_cm": 15.0}, "good"),
    ],
)
def test_each_posture_has_its_name(known: dict[str, float], label: str) -> None:
    assert named(frame(**known)) == label


def test_a_small_forward_head_on_a_bending_trunk_is_a_slump() -> None:
    """A slump lowers the CVA by about 6 degrees, the trunk bends by 3: 3.4 degrees are left to the neck."""
    assert named(frame(cva_change_deg=-6.0, trunk_incl_deg=3.0)) == "slump"
    assert named(frame(cva_change_deg=-6.0)) == "forward_head"
    assert named(frame(cva_change_deg=-12.0, trunk_incl_deg=3.0)) == "forward_head"


def test_a_trunk_that_leans_in_as_a_whole_is_no_slump() -> None:
    assert named(frame(cva_change_deg=-9.5, trunk_incl_deg=7.5, approach_cm=12.0)) != "slump"


def test_shoulders_that_sink_as_far_as_a_straight_trunk_takes_them_are_no_slump() -> None:
    leaning = {"trunk_incl_deg": 5.0, "cva_change_deg": -4.35, "sink_cm": 1.2}
    assert named(frame(**leaning)) == "good"
    assert named(frame(**{**leaning, "sink_cm": 2.2})) == "slump"


@pytest.mark.parametrize(
    ("lean", "label"),
    [
        ({"trunk_incl_deg": 9.0}, "leaning_in"),
        ({"trunk_incl_deg": -9.0}, "reclining"),
        ({"lateral_lean_deg": -9.0}, "leaning_sideways"),
    ],
)
def test_a_lean_that_may_as_well_be_none_explains_nothing_away(lean: dict[str, float], label: str) -> None:
    (name,) = lean

    def leaning(sd: float, **more: float) -> Measurements:
        m = frame(**lean, **more)
        return replace(m, values={**m.values, name: replace(m.values[name], sd=np.array([sd]))})

    assert named(leaning(5.0)) == label
    states = name_states(leaning(6.0), DEFAULT)
    assert State(int(states.state[0])) is State.CANNOT_TELL
    assert Reason(int(states.reason[0])) is Reason.UNCERTAIN
    assert named(leaning(6.0, shoulder_elevation_cm=2.0)) == "shrug"
    assert named(leaning(6.0, head_pitch_deg=15.0)) == "looking_down"


def test_shoulders_that_have_surely_sunk_are_not_called_good_while_the_trunk_may_bend() -> None:
    """As in photographs of people who have slid down: a slump, or a chair that was lowered."""

    def sunk(sink_cm: float, sink_sd: float, trunk_sd: float) -> str:
        m = frame(sink_cm=sink_cm, trunk_incl_deg=0.5)
        sds = {"sink_cm": sink_sd, "trunk_incl_deg": trunk_sd}
        vague = {name: replace(m.values[name], sd=np.array([sd])) for name, sd in sds.items()}
        return named(replace(m, values={**m.values, **vague}))

    assert sunk(5.0, 2.0, 8.0) == "cannot_tell"
    assert sunk(5.0, 3.0, 8.0) == "good", "it may have sunk by nothing"
    assert sunk(5.0, 0.5, 0.5) == "good", "the trunk is upright: another chair"
    assert named(frame(sink_cm=5.0, trunk_incl_deg=4.0)) == "slump"


@pytest.mark.parametrize("lean_deg", [-9.0, 9.0])
def test_leaning_sideways_asks_for_more(lean_deg: float) -> None:
    small, large = {"cva_change_deg": -4.5}, {"cva_change_deg": -12.0}
    assert named(frame(**small)) == "forward_head"
    assert named(frame(**small, lateral_lean_deg=lean_deg)) == "leaning_sideways"
    assert named(frame(**large, lateral_lean_deg=lean_deg)) == "forward_head"
    assert named(frame(protraction_cm=2.0, lateral_lean_deg=lean_deg)) == "leaning_sideways"


def test_so_does_another_distance() -> None:
    assert named(frame(cva_change_deg=-4.0, approach_cm=-12.0)) == "good"
    assert named(frame(cva_change_deg=-8.0, approach_cm=-12.0)) == "forward_head"


@pytest.mark.parametrize(
    ("known", "label", "little"),
    [
        ({"cva_change_deg": -4.0}, "forward_head", "good"),
        ({"protraction_cm": 2.2}, "rounded_shoulders", "good"),
        ({"shoulder_elevation_cm": 1.9}, "shrug", "good"),
    ],
)
def test_what_is_little_known_does_not_alert(known: dict[str, float], label: str, little: str) -> None:
    assert named(frame(sd=0.5, **known)) == label
    assert named(frame(sd=4.0, **known)) == little


def test_a_rise_told_within_half_of_it_is_a_rise() -> None:
    assert named(frame(sd=1.5, shoulder_elevation_cm=2.6)) == "shrug"
    assert named(frame(sd=1.5, shoulder_elevation_cm=1.5)) == "good"
    assert named(frame(sd=1.9, protraction_cm=2.6)) == "good", "not so of the shoulders' way forwards"


def test_the_neck_is_what_trunk_and_pitch_do_not_explain() -> None:
    leaning = frame(cva_change_deg=-10.0, trunk_incl_deg=10.0)
    assert neck_deg(leaning)[0] == pytest.approx(10.0 - 8.7)
    assert neck_deg(without(leaning, "trunk_incl_deg"))[0] == pytest.approx(10.0)
    assert neck_deg(frame(cva_change_deg=-5.0, head_pitch_deg=20.0))[0] == pytest.approx(0.8)
    assert neck_deg(frame(trunk_incl_deg=-10.0))[0] == 0.0


def test_a_view_that_tells_less_still_names_the_rest() -> None:
    m = without(frame(cva_change_deg=-8.0), "approach_cm", "lateral_lean_deg", "trunk_incl_deg", "sink_cm")
    assert named(m) == "forward_head"
    blind = without(frame(), *QUANTITIES)
    states = name_states(blind, DEFAULT)
    assert State(int(states.state[0])) is State.CANNOT_TELL
    assert Reason(int(states.reason[0])) is Reason.NOT_FROM_THIS_VIEW


def test_who_may_have_a_forward_head_is_not_called_good() -> None:
    """The head was seen, and too vaguely to say where it is; what else is seen keeps its name."""

    def vague(**known: float) -> Measurements:
        m = frame(**known)
        return replace(m, values={**m.values, "cva_change_deg": Estimate.withheld(1, Reason.UNCERTAIN)})

    states = name_states(vague(), DEFAULT)
    assert State(int(states.state[0])) is State.CANNOT_TELL
    assert Reason(int(states.reason[0])) is Reason.UNCERTAIN
    assert np.isnan(states.excess).all()
    assert named(vague(shoulder_elevation_cm=2.0)) == "shrug"
    assert named(vague(head_pitch_deg=15.0)) == "looking_down"
    # who leans in far is seen with a head too vague to be placed, and leans in all the same
    assert named(vague(trunk_incl_deg=11.0, approach_cm=9.0)) == "leaning_in"
    assert named(vague(lateral_lean_deg=8.0)) == "leaning_sideways"
    assert (
        named(without(frame(), "cva_change_deg")) == "good"
    )  # what this view or file never tells is no doubt


@pytest.mark.parametrize("why", [Reason.FACE_NOT_SEEN, Reason.IMPLAUSIBLE])
@pytest.mark.parametrize(
    ("known", "label"),
    [
        ({}, "cannot_tell"),
        ({"trunk_incl_deg": -8.0}, "cannot_tell"),
        ({"trunk_incl_deg": 8.0, "approach_cm": 9.0}, "cannot_tell"),
        ({"lateral_lean_deg": 8.0}, "cannot_tell"),
        ({"protraction_cm": 2.5}, "rounded_shoulders"),
    ],
)
def test_a_head_that_is_hidden_is_called_nothing_harmless(
    why: Reason, known: dict[str, float], label: str
) -> None:
    """A face behind a cup, or cut off by the picture: the shoulders alone do not tell that all is well."""
    m = frame(**known)
    states = name_states(
        replace(m, values={**m.values, "cva_change_deg": Estimate.withheld(1, why)}), DEFAULT
    )
    assert State(int(states.state[0])).label == label
    assert Reason(int(states.reason[0])) is (why if label == "cannot_tell" else Reason.OK)


@pytest.mark.parametrize(
    ("trunk_sd", "cva_sd", "label"),
    [
        (1.0, 2.0, "leaning_in"),
        (15.0, 5.0, "cannot_tell"),
        (3.0, 3.0, "leaning_in"),
        (1.0, 11.0, "cannot_tell"),
    ],
)
def test_what_is_called_harmless_rules_out_a_head_far_forward(
    trunk_sd: float, cva_sd: float, label: str
) -> None:
    """As in photographs of a slump from far below: a fallen angle, and a trunk that explains it or does not."""

    def seen(**known: float) -> Measurements:
        m = frame(**known)
        sds = {"trunk_incl_deg": trunk_sd, "cva_change_deg": cva_sd}
        vague = {name: replace(m.values[name], sd=np.array([sd])) for name, sd in sds.items()}
        return replace(m, values={**m.values, **vague})

    fallen = seen(cva_change_deg=-13.0, trunk_incl_deg=18.0)
    states = name_states(fallen, DEFAULT)
    assert State(int(states.state[0])).label == label
    assert Reason(int(states.reason[0])) is (Reason.UNCERTAIN if label == "cannot_tell" else Reason.OK)
    assert named(seen(cva_change_deg=-13.0, trunk_incl_deg=18.0, head_pitch_deg=15.0)) == "looking_down"
    assert named(seen(shoulder_elevation_cm=2.0, cva_change_deg=-13.0, trunk_incl_deg=18.0)) == "shrug"
    upright = named(seen(trunk_incl_deg=-1.0))
    assert upright == (
        "cannot_tell" if cva_sd == 11.0 else "good"
    )  # a trunk that is not bent explains nothing


@pytest.mark.parametrize(
    ("reason", "label"),
    [
        (Reason.HEAD_TURNED, "turned"),
        (Reason.TRUNK_TURNED, "turned"),
        (Reason.NOBODY, "away"),
        (Reason.OTHER_PERSON, "away"),
        (Reason.TOO_DARK, "cannot_tell"),
        (Reason.CAMERA_MOVED, "cannot_tell"),
        (Reason.OUTLINE_UNSURE, "cannot_tell"),
    ],
)
def test_a_frame_that_cannot_be_judged_says_why(reason: Reason, label: str) -> None:
    states = name_states(told(reason, 0.3, {"cva_change_deg": -20.0}), DEFAULT)
    assert State(int(states.state[0])).label == label
    assert states.reason[0] == reason
    assert np.isnan(states.excess).all()


@pytest.mark.parametrize(
    ("name", "limit", "beside", "below", "above", "sd"),
    [
        ("cva_change_deg", -2.3, {}, "good", "forward_head", 0.01),
        ("cva_change_deg", -3.0, {}, "good", "forward_head", 2.5),
        ("cva_change_deg", -4.6, {"approach_cm": 7.0}, "good", "forward_head", 0.01),
        ("cva_change_deg", -3.45, {"lateral_lean_deg": -4.5}, "good", "forward_head", 0.01),
        ("cva_change_deg", -12.88, {"head_pitch_deg": 24.0}, "looking_down", "text_neck", 0.01),
        ("cva_change_deg", -7.11, {"trunk_incl_deg": 3.0}, "slump", "forward_head", 0.01),
        (
            "cva_change_deg",
            -10.11,
            {"trunk_incl_deg": 3.0, "approach_cm": 3.0},
            "slump",
            "forward_head",
            0.01,
        ),
        (
            "cva_change_deg",
            -11.11,
            {"trunk_incl_deg": 3.0, "approach_cm": 5.9},
            "slump",
            "forward_head",
            0.01,
        ),
        ("cva_change_deg", -5.98, {"trunk_incl_deg": 4.0, "approach_cm": -7.0}, "good", "slump", 0.01),
        ("approach_cm", 6.0, {"cva_change_deg": -3.0}, "forward_head", "good", 0.01),
        ("approach_cm", 8.0, {"trunk_incl_deg": 4.0, "protraction_cm": 1.6}, "slump", "good", 0.01),
        ("head_pitch_deg", 12.0, {}, "good", "looking_down", 0.01),
        ("protraction_cm", 1.5, {}, "good", "rounded_shoulders", 0.01),
        ("protraction_cm", 3.0, {}, "good", "rounded_shoulders", 2.0),
        ("protraction_cm", 0.8, {"trunk_incl_deg": 4.0}, "good", "slump", 0.01),
        ("shoulder_elevation_cm", 1.2, {}, "good", "shrug", 0.01),
        ("shoulder_elevation_left_cm", 2.0, {}, "good", "shrug", 0.01),
        ("shoulder_elevation_right_cm", 2.0, {}, "good", "shrug", 0.01),
        ("shoulder_elevation_cm", 1.909, {}, "good", "shrug", 1.5),
        ("trunk_incl_deg", 2.0, {"protraction_cm": 1.2}, "good", "slump", 0.01),
        ("trunk_incl_deg", 3.3, {"sink_cm": 5.0}, "cannot_tell", "slump", 2.0),
        ("trunk_incl_deg", 1.0, {"cva_change_deg": -3.37}, "forward_head", "slump", 0.01),
        ("trunk_incl_deg", 6.0, {}, "good", "leaning_in", 0.01),
        ("trunk_incl_deg", -5.0, {}, "good", "reclining", 0.01),
        ("lateral_lean_deg", -6.0, {}, "good", "leaning_sideways", 0.01),
        ("sink_cm", 1.46, {"trunk_incl_deg": 4.0}, "good", "slump", 0.01),
    ],
)
def test_each_name_begins_at_its_limit(
    name: str, limit: float, beside: dict[str, float], below: str, above: str, sd: float
) -> None:
    """The defaults, worked out by hand from the rules of the module and of `Thresholds`."""
    assert [named(frame(sd, **beside, **{name: limit * share})) for share in (0.995, 1.005)] == [below, above]


@pytest.mark.parametrize(
    ("name", "limit", "beside"),
    [
        ("cva_change_deg", -14.0, {}),
        ("cva_change_deg", -20.3, {"head_pitch_deg": 30.0}),
        ("protraction_cm", 3.5, {}),
        ("shoulder_elevation_cm", 3.0, {}),
    ],
)
def test_each_severe_name_begins_at_its_limit(name: str, limit: float, beside: dict[str, float]) -> None:
    shares = (0.995, 1.005)
    severe = [name_states(frame(0.01, **beside, **{name: limit * s}), DEFAULT).severe for s in shares]
    assert [bool(one[0]) for one in severe] == [False, True]
    sd = abs(limit) / 10.0
    severe = [name_states(frame(sd, **beside, **{name: limit * s}), DEFAULT).severe for s in (1.09, 1.11)]
    assert [bool(one[0]) for one in severe] == [False, True], (
        "one standard deviation beyond, to be sure of it"
    )


def test_scaling_the_thresholds_scales_the_excess() -> None:
    m = frame(sd=0.01, cva_change_deg=-9.0, protraction_cm=2.0, shoulder_elevation_cm=2.0)
    plain, stricter = (name_states(m, th).excess[0] for th in (DEFAULT, DEFAULT.scaled(2.0)))
    for cue in (State.FORWARD_HEAD, State.ROUNDED_SHOULDERS, State.SHRUG):
        place = ALERTING.index(cue)
        assert stricter[place] == pytest.approx(plain[place] / 2.0)


def test_scaling_moves_where_postures_begin_and_not_what_is_asked_of_the_evidence() -> None:
    """How sure a change must be, and what one quantity makes of another, are no limits of a posture."""
    twice = DEFAULT.scaled(2.0)
    kept = [f.name for f in fields(DEFAULT) if f.name.endswith(("_sd", "_per_deg", "_per_cm"))]
    assert len(kept) == 8
    for name in (*kept, "slump_like_most_cm"):
        assert getattr(twice, name) == getattr(DEFAULT, name), name
    for name in ("neck_deg", "slump_like_neck_deg", "neck_severe_deg", "protraction_severe_cm"):
        assert getattr(twice, name) == 2.0 * getattr(DEFAULT, name), name
