from __future__ import annotations

from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from calibration.collect import Problem, Stillness
from calibration.protocol import Progress, Step, Timing, advance, prompt

STILL = Stillness(())
MOVING = Stillness((Problem.MOVING,))
TIMING = Timing(countdown_s=3.0, still_s=1.5, duration_s=8.0, give_up_s=90.0)


def run(answer: Callable[[float], Stillness], until_s: float = 100.0, step_s: float = 0.1) -> list[Progress]:
    progress, course = Progress.begin(0.0), []
    for i in range(int(until_s / step_s)):
        progress = advance(progress, i * step_s, answer(i * step_s), TIMING)
        course.append(progress)
        if progress.finished:
            break
    return course


def test_a_person_who_sits_still_is_counted_down_and_recorded() -> None:
    course = run(lambda _: STILL)
    assert list(dict.fromkeys(p.step for p in course)) == [Step.COUNTDOWN, Step.RECORD, Step.DONE]
    assert 10.9 <= course[-1].now_s <= 11.2, "3 s of countdown and 8 s of recording"
    texts = list(dict.fromkeys(prompt(p, TIMING) for p in course))
    assert texts[:3] == [f"Hold still, recording in {n} ..." for n in (3, 2, 1)]
    assert texts[-1] == "Done."
    assert "Recording, 8 s left ..." in texts
    assert "Recording, 1 s left ..." in texts


def test_moving_begins_the_countdown_anew() -> None:
    course = run(lambda t: MOVING if 2.0 <= t < 4.0 else STILL)
    assert next(p.step for p in course if p.now_s >= 2.0) is Step.PREPARE
    assert 14.9 <= course[-1].now_s <= 15.2


def test_a_short_movement_pauses_the_recording_and_does_not_count() -> None:
    course = run(lambda t: MOVING if 5.0 <= t < 7.0 else STILL)
    assert Step.PREPARE not in {p.step for p in course}
    assert prompt(next(p for p in course if p.now_s > 6.0), TIMING).startswith("Paused. ")
    assert 12.9 <= course[-1].now_s <= 13.3


def test_a_long_movement_begins_it_all_anew() -> None:
    course = run(lambda t: MOVING if 5.0 <= t < 9.0 else STILL)
    assert Step.PREPARE in {p.step for p in course}
    assert course[-1].step is Step.DONE
    assert 19.9 <= course[-1].now_s <= 20.3


def test_it_gives_up_in_the_end() -> None:
    course = run(lambda _: MOVING)
    assert course[-1].step is Step.GAVE_UP
    assert course[-1].problems == (Problem.MOVING,)
    assert prompt(course[-1], TIMING) == "Given up after 90 s."
    assert advance(course[-1], 200.0, STILL, TIMING) == course[-1]


def test_a_gap_in_the_pictures_is_not_recorded_time() -> None:
    progress = Progress.begin(0.0)
    for t_s in (0.0, 3.0, 3.1, 9.0, 9.1):
        progress = advance(progress, t_s, STILL, TIMING)
    assert progress.step is Step.RECORD
    assert progress.recorded_s < 0.8


def test_every_problem_has_a_prompt() -> None:
    assert len({problem.prompt for problem in Problem}) == len(Problem)


mostly_still = st.sampled_from([*[STILL] * 12, MOVING, Stillness((Problem.NOBODY,))])


@settings(max_examples=50)
@given(steps=st.lists(st.tuples(st.floats(0.0, 2.0), mostly_still), max_size=200))
@example(steps=[(0.4, STILL)] * 40)
@example(steps=[(0.4, STILL)] * 12 + [(0.4, MOVING)] * 5 + [(1.0, STILL)] * 40)
@example(steps=[(0.4, STILL)] * 12 + [(0.4, MOVING)] * 9 + [(0.4, STILL)] * 40)
def test_done_means_that_enough_stillness_was_seen(steps: list[tuple[float, Stillness]]) -> None:
    progress, t_s, still_s = Progress.begin(0.0), 0.0, 0.0
    for step_s, stillness in steps:
        t_s += step_s
        still_s += min(step_s, 0.5) if stillness.still else 0.0
        progress = advance(progress, t_s, stillness, TIMING)
        assert prompt(progress, TIMING)
        assert 0.0 <= progress.recorded_s <= still_s + 1e-9
        assert (progress.step is Step.DONE) == (progress.recorded_s >= TIMING.duration_s)
    if all(stillness.still for _, stillness in steps) and 13.0 <= t_s <= TIMING.give_up_s and still_s >= 13.0:
        assert progress.step is Step.DONE
