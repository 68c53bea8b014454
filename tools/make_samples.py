"""Make `samples/` from a copy of the rendered ground truth: clips, their truth, frames, landmark recordings.

    python tools/make_samples.py GROUND_TRUTH

Everything but the profile is a copy or follows from the models; run it again after a change of the recording
format, the models or the contour. The profile is made by `posture-cv calibrate` (see samples/README.md).
"""

from __future__ import annotations

import argparse
import csv
import shutil
from pathlib import Path

from posture_cv.capture import open_source
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.replay.record import record

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
CLIPS = ("desk-front", "desk-side")
FRAMES = (
    "p1_f1/000_calibration.jpg",
    "p1_f1/022_fhp_severe.jpg",
    "p1_f1/031_shrug.jpg",
    "p2_s2/000_calibration.jpg",
    "p3_o2/000_calibration.jpg",
    "p3_f3/055_absent.jpg",
    "p3_f3/056_second_person.jpg",
)
TRUTH = (
    "t_s",
    "segment",
    "posture_class",
    "person_present",
    "cva_deg",
    "head_pitch_down_deg",
    "head_fwd_rel_trunk_delta_cm",
    "trunk_incl_deg",
    "protraction_delta_cm_L",
    "protraction_delta_cm_R",
    "elevation_delta_cm_L",
    "elevation_delta_cm_R",
)


def main() -> None:
    """Parse the command line, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ground_truth", type=Path, help="folder with clips/ and public/")
    write(parser.parse_args().ground_truth)


def write(ground_truth: Path) -> None:
    """Write every sample."""
    for clip in CLIPS:
        folder = ground_truth / "clips" / clip
        shutil.copyfile(folder / f"{clip}.mp4", SAMPLES / f"{clip}.mp4")
        _truth(folder / "ground_truth.csv", SAMPLES / f"{clip}.truth.csv")
        with open_source(str(SAMPLES / f"{clip}.mp4")) as source:
            record(source, SAMPLES / f"{clip}.landmarks", EstimatorOptions())
        (SAMPLES / f"{clip}.landmarks").chmod(0o644)
    for name in FRAMES:
        shutil.copyfile(ground_truth / "public" / name, SAMPLES / "frames" / name.replace("/", "_"))


def _truth(source: Path, target: Path) -> None:
    with source.open(newline="") as file, target.open("w", newline="") as out:
        writer = csv.DictWriter(out, TRUTH, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(csv.DictReader(file))


if __name__ == "__main__":
    main()
