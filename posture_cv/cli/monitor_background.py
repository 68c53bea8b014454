"""`posture-cv monitor --background`: the parent's and the child's half."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from posture_cv.errors import PostureError

if TYPE_CHECKING:
    from posture_cv.monitor.app import Request


def start(files: Mapping[str, Path]) -> int:
    """Start the child with the same options and wait until it watches.

    Args:
        files: options that name files, with their absolute paths; said last, they hold.

    Raises:
        PostureError: why it does not.
    """
    from posture_cv.cli.echo import echo_lines, echo_note
    from posture_cv.monitor.background import start_child

    given = sys.argv[sys.argv.index("monitor") + 1 :]
    arguments = [argument for argument in given if argument != "--background"]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    arguments[end:end] = [part for option, file in files.items() for part in (option, str(file))]
    word = start_child(arguments)
    for note in word.get("notes") or ():
        echo_note(str(note).removeprefix("Note: "))
    does = f"Watching through {word['camera']}" if word.get("camera") else "Waiting for the camera"
    echo_lines(
        f"{does}, judged by profile {word.get('profile')} (process {word.get('pid')}).",
        "See it: posture-cv status. Pause: posture-cv pause 30m. End: posture-cv stop",
    )
    return 0


def run_child(request: Request) -> int:
    """Watch; the first word goes to the parent, everything else into the log."""
    from posture_cv.monitor.app import run
    from posture_cv.monitor.background import Word, error_word
    from posture_cv.monitor.moment import Moment

    word, notes = Word(), list[str]()

    def ready(moment: Moment) -> None:
        camera = moment.camera.name if moment.camera else ""
        word.say({"pid": os.getpid(), "camera": camera, "profile": moment.profile, "notes": notes})

    def heard(note: str) -> None:
        """Whoever starts it by hand has not seen the log."""
        if not word.said:
            notes.append(note)

    try:
        outcome = run(request, ready, heard)
    except PostureError as error:
        if word.said:
            raise
        word.say(error_word(error))
        return error.exit_code
    if not word.said:
        word.say(error_word(PostureError("The monitor was ended before it watched.", f"{outcome.why}.")))
    return 0
