"""Make `posture_cv/report/accuracy.json`: the accuracy that the reports quote, from an evaluation.

    posture-cv evaluate GROUND_TRUTH/public --json evaluation.json
    python tools/make_accuracy.py evaluation.json

Run it again after every change of an estimator.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "posture_cv" / "report" / "accuracy.json"
FIGURES = ("mae", "r", "bias", "loa_low", "loa_high", "coverage_90", "n")


def main() -> None:
    """Parse the command line, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("evaluation", type=Path, help="made by posture-cv evaluate --json")
    write(parser.parse_args().evaluation)


def write(evaluation: Path) -> None:
    """Write the part of an evaluation that a reader of a report needs."""
    result = json.loads(evaluation.read_text(encoding="utf-8"))
    views = {
        name: {
            "people": view["subjects"],
            "clips": view["clips"],
            "frames": view["frames"],
            "quantities": {
                quantity: {key: _rounded(found[key]) for key in FIGURES}
                for quantity, found in view["quantities"].items()
                if found["n"] > 0
            },
        }
        for name, view in result["views"].items()
        if not view["fit"]["in_sample"]
    }
    plain = {
        "made_by": f"posture-cv {result['version']} evaluate, then tools/make_accuracy.py",
        "dataset": "rendered people with known angles (four in twenty key postures, each judged by a fit without them)",
        "landmarks_from": result["landmarks_from"],
        "single_frames": True,
        "views": views,
    }
    TARGET.write_text(json.dumps(plain, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"Written: {TARGET}")


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 4)


if __name__ == "__main__":
    main()
