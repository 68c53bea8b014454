"""What a face, other clothes or light add to the measurement: `python tools/face_effects.py DATASET [--cache FILE]`.

DATASET was rendered with `tools/render_people.py --faces named`, `clothes` or `lit`: each posture as in the
calibration, then with another face (in other clothes, hair or a hat; in other light), and nothing else changed. Printed
is the root mean square of what each adds to a quantity, in front also without what takes faces off
(`posture_cv/measure/expression.py`), how the upright and the forward heads are named, and in what share of the pictures
other clothes are noticed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from posture_cv.assess.types import State
from posture_cv.evaluate.dataset import Dataset, Making, read_dataset
from posture_cv.evaluate.judging import JudgedClip, Judges, judge_clip
from posture_cv.measure.expression import Expression

QUANTITIES: Final = ("cva_change_deg", "head_forward_cm", "head_pitch_deg", "protraction_cm")
POSTURES: Final = ("upright", "forward")
NEUTRAL: Final = "neutral"


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--cache", type=Path, help="landmarks kept by posture-cv evaluate --cache")
    chosen = parser.parse_args()
    data = read_dataset(chosen.dataset, Making(cache=chosen.cache))
    if not any(face != NEUTRAL for *_, face in _frames(data)):
        raise SystemExit(f"{chosen.dataset} shows nothing of the kind: render it with --faces named.")
    judges = Judges.of(data)
    if any(clip.view == "front" for clip in data.clips):
        _print("in front, what faces do not taken off", data, _as_if_none(judges))
    _print("as shipped", data, judges)


def _as_if_none(judges: Judges) -> Judges:
    """Judges that take nothing off the front's meshes."""

    def coefficients(subject: str) -> MappingProxyType[str, Any]:
        shipped = judges.coefficients_for(subject)
        front = shipped["front"]
        plain = replace(front, axes=replace(front.axes, expression=Expression.none()))
        return MappingProxyType({**shipped, "front": plain})

    return replace(judges, coefficients_for=coefficients)


def _frames(data: Dataset) -> Iterator[tuple[int, int, str, str]]:
    """Clip, place among its judged frames, posture and face of every frame."""
    for number, clip in enumerate(data.clips):
        for k, segment in enumerate(data.truth.segment[clip.judged].tolist()):
            posture = segment.split("_")[0]
            yield number, k, posture, segment[len(posture) + 1 :] or NEUTRAL


def _print(what: str, data: Dataset, judges: Judges) -> None:
    judged = [judge_clip(data, clip, judges) for clip in data.clips]
    added, named = _added(data, judged)
    print(f"\n{what}: root mean square of what a face adds")
    print(f"{'':22s}" + "".join(f"{name:>17s}" for name in QUANTITIES) + "   forward heads named")
    for face, changes in added.items():
        cells = "".join(f"{np.sqrt(np.nanmean(np.square(changes[name]))):17.2f}" for name in QUANTITIES)
        print(f"{face:22s}{cells}   {_counts(named['forward', face])}")
    print(f"{NEUTRAL} {_counts(named['forward', NEUTRAL])}; upright ones named:")
    noticed = _noticed(data, judged)
    for face in (NEUTRAL, *added):
        print(f"{face:22s}{_counts(named['upright', face])}; dressed otherwise {noticed[face]:.0%}")


def _added(
    data: Dataset, judged: list[JudgedClip]
) -> tuple[dict[str, dict[str, list[float]]], dict[tuple[str, str], Counter[str]]]:
    """Face -> quantity -> what it adds in each frame; posture and face -> names."""
    added: dict[str, dict[str, list[float]]] = {}
    named: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    neutral = 0
    for number, k, posture, face in _frames(data):
        one = judged[number]
        named[posture, face][State(int(one.states.state[k])).label] += 1
        if face == NEUTRAL:
            neutral = k
            continue
        for name in QUANTITIES:
            values = one.measurements.values[name].value
            added.setdefault(face, {}).setdefault(name, []).append(float(values[k] - values[neutral]))
    return added, named


def _noticed(data: Dataset, judged: list[JudgedClip]) -> dict[str, float]:
    """Face -> share of its pictures in which other clothes are noticed."""
    seen: dict[str, list[bool]] = defaultdict(list)
    for number, k, _, face in _frames(data):
        seen[face].append(bool(judged[number].measurements.dressed_otherwise[k]))
    return {face: float(np.mean(told)) for face, told in seen.items()}


def _counts(names: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in names.most_common())


if __name__ == "__main__":
    main()
