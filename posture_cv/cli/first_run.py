"""What is shown once: what the program is not, and when to see a doctor."""

from __future__ import annotations

import click

MARK = "notice-shown"


def show_notice_once() -> None:
    """Print the notice to stderr unless it was shown before; used by calibrate and monitor."""
    from posture_cv.atomic import OutputError, private_folder, write_atomic
    from posture_cv.guidance.catalogue import load_catalogue
    from posture_cv.guidance.notice import first_run_notice
    from posture_cv.output.text import text_width
    from posture_cv.paths import state_dir

    mark = state_dir() / MARK
    if mark.exists():
        return
    click.echo(first_run_notice(load_catalogue()).as_text(text_width(88)) + "\n", err=True)
    try:
        private_folder(mark.parent)
        write_atomic(mark, "")
    except OutputError:
        return  # then it is shown again next time, which does no harm
