"""`python -m posture_cv` is the command `posture-cv`."""

from posture_cv.cli import main

if __name__ == "__main__":
    main()
