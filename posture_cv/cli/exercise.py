"""`posture-cv exercise [NAME]`: be led through an exercise, or count one in a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.assess.wording import words_of
from posture_cv.cli.options import camera_option, json_option, model_options, settings_option
from posture_cv.errors import InputError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from posture_cv.guidance.entries import Catalogue, Entry


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from posture_cv.guidance.catalogue import load_catalogue

    entries = load_catalogue().of_kind("exercise")
    return [CompletionItem(e.id, help=e.title) for e in entries if e.id.startswith(incomplete)]


@click.command(name="exercise", short_help="Be led through an exercise, counted by the camera.")
@click.argument("words", nargs=-1, metavar="[NAME]", shell_complete=_complete)
@click.option(
    "--from", "recording", metavar="FILE", help="Count in a video or a landmark recording instead of leading."
)
@camera_option
@click.option("--no-camera", is_flag=True, help="Timing only: no camera, nothing is counted.")
@click.option(
    "--preview/--no-preview",
    default=None,
    help="Show the camera's picture, as in a mirror. [default: where it counts and there is a display]",
)
@click.option("--bell", is_flag=True, help="Ring the terminal's bell at each change.")
@model_options
@settings_option
@json_option
def command(
    *,
    words: tuple[str, ...],
    recording: str | None,
    camera: str | None,
    no_camera: bool,
    preview: bool | None,
    bell: bool,
    pose_model: Path | None,
    face_model: Path | None,
    settings_path: Path | None,
    as_json: bool,
) -> None:
    """Be led through the exercise NAME, with its holds and repetitions; without NAME: list them.

    Where the camera can see the movement it counts, and says when it cannot see. Ctrl-C ends at any time.
    """
    from posture_cv.cli import exercise_run as run
    from posture_cv.cli import exercise_view as view
    from posture_cv.cli.resolve import overrides
    from posture_cv.guidance.catalogue import load_catalogue

    catalogue = load_catalogue()
    if not words:
        _refuse(recording is not None, "--from needs the NAME of the exercise to look for.")
        view.print_list(catalogue, as_json=as_json)
        return
    entry = find_exercise(catalogue, " ".join(words))
    _refuse(no_camera and camera is not None, "--camera and --no-camera contradict each other.")
    _refuse(no_camera and bool(preview), "--preview shows the camera's picture: leave --no-camera out.")
    _refuse(as_json and recording is None, "--json prints what a recording shows: give it with --from.")
    _refuse(recording is not None and (camera is not None or no_camera), "Give either --from or a camera.")
    given = overrides(pose_model, face_model, camera)
    setup = run.Setup(catalogue, entry, settings_path, given, preview=preview, bell=bell)
    if recording is not None:
        run.count_recording(setup, recording, as_json=as_json)
    else:
        run.lead(setup, with_camera=not no_camera, camera_named=camera is not None)


def _refuse(condition: bool, message: str) -> None:
    if condition:
        raise click.UsageError(message)


def find_exercise(catalogue: Catalogue, name: str) -> Entry:
    """The exercise of that name; `_`, `-` and blanks are the same, capitals do not matter.

    Raises:
        InputError: there is none; the error suggests what is near.
    """
    wanted = words_of(name)
    plain = {words_of(entry.id): entry for entry in catalogue.of_kind("exercise")}
    if wanted in plain:
        return plain[wanted]
    import difflib

    near = difflib.get_close_matches(wanted, plain, n=3, cutoff=0.5)
    near += [known for known in plain if wanted and wanted in known and known not in near]
    ids = [plain[known].id for known in near[:3]]
    every = ", ".join(entry.id for entry in plain.values())
    detail = f"Did you mean {' or '.join(ids)}?" if ids else f"Exercises: {every}."
    raise InputError(f"No exercise {name!r}.", detail, "List the exercises with: posture-cv exercise")
