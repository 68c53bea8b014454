"""Today's page, made and opened."""

from __future__ import annotations

from posture_cv.errors import PostureError


def open_today() -> None:
    """Write today's report into the data folder and open it in the browser.

    Raises:
        HistoryError, OutputError, SettingsError: it cannot be made.
        PostureError: it is there, but no browser opened it.
    """
    import webbrowser

    from posture_cv.atomic import private_folder, write_atomic
    from posture_cv.history.read import Reader
    from posture_cv.history.report import material, render
    from posture_cv.history.schema import history_file
    from posture_cv.local_time import local_now
    from posture_cv.paths import data_dir
    from posture_cv.settings import load_settings

    now, breaks = local_now(), load_settings().breaks.plain()
    with Reader(history_file()) as reader:
        page = render(material(reader, "today", now.date(), breaks), now)
    path = private_folder(data_dir() / "reports") / "today.html"
    write_atomic(path, page)
    if not webbrowser.open(path.as_uri()):
        raise PostureError("No browser opened the report.", f"It is in {path}.", "Open it yourself.")
