"""`python -m calibration` is the command `posture-cv calibrate`."""

from posture_cv.cli import run

if __name__ == "__main__":
    run("calibrate", prog_name="python -m calibration")
