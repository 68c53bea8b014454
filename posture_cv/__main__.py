"""`python -m posture_cv` is the command `posture-cv`."""

import gc
import sys

from posture_cv.errors import INTERRUPTED


def main() -> None:
    """Entry point of the console command `posture-cv`: Ctrl-C while the command line is imported is quiet, too."""
    try:
        from posture_cv import cli

        cli.main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()  # else all that is loaded is gone through for garbage once more, at the end of the process


if __name__ == "__main__":
    main()
