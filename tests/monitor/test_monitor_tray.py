"""The tray: what it shows of each status, and that it really sits in a tray under Xvfb."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assess_material import measurements
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.smoothing import SmoothedFrame
from posture_cv.assess.wording import plain
from posture_cv.errors import PostureError
from posture_cv.history.schema import history_file
from posture_cv.history.store import History
from posture_cv.monitor.control.channel import ControlError, NotRunningError, StartingError
from posture_cv.monitor.margins import margins, nearest, unit_of
from posture_cv.monitor.tray.report import open_today
from posture_cv.monitor.tray.view import NOT_RUNNING, Shape, view_of, view_without
from x_server import x_server


def status(level: str = "good", phase: str = "watching", share: float = 0.4) -> dict[str, Any]:
    """A status as the monitor answers it."""
    margins = [
        {
            "cue": "forward_head",
            "quantity": "neck_deg",
            "value": 4.0 * share,
            "limit": 4.0,
            "share": share,
            "reason": "",
        },
        {
            "cue": "slump",
            "quantity": "trunk_incl_deg",
            "value": None,
            "limit": 2.0,
            "share": None,
            "reason": "hips_not_seen",
        },
    ]
    return {"phase": phase, "level": level, "text": level, "margin_text": "near", "margins": margins}


def test_every_state_has_a_shape_of_its_own() -> None:
    levels = ["good", "poor", "severe", "unmeasured", "away"]
    shapes = [view_of(status(level)).shape for level in levels]
    shapes += [view_of(status(phase="paused")).shape, NOT_RUNNING.shape]
    assert len(set(shapes)) == len(shapes)
    assert view_of({"phase": "starting", "text": "starting"}).shape is Shape.BARS


def test_a_monitor_that_does_not_answer_is_not_called_one_that_does_not_run() -> None:
    assert view_without(NotRunningError()) is NOT_RUNNING
    for error in (StartingError(), ControlError("The monitor does not answer.", "No answer in 1 s.")):
        view = view_without(error)
        assert (view.title, view.running) == (error.title.rstrip("."), False)
        assert view.shape is not NOT_RUNNING.shape
        assert error.detail in view.detail


_QUITTING = """
import sys
from PySide6.QtWidgets import QApplication
from posture_cv.monitor.control.channel import ControlError, NotRunningError
from posture_cv.monitor.tray import app

said, quits = [], []
application = QApplication([])
app.look = lambda: app.view_without(NotRunningError())
app.today_text = lambda: ""
app.QApplication.quit = staticmethod(lambda: quits.append(1))

def ask(*_, **__):
    raise error

app.ask = ask
tray = app.Tray(border=False, window=False)
tray.icon.showMessage = lambda title, words: said.append(words)
for error in (ControlError("The monitor does not answer."), NotRunningError()):
    tray._quit()
    print(len(quits), said)
"""


def without_a_screen(program: str) -> list[str]:
    """The lines that a program with the tray in it prints."""
    pytest.importorskip("PySide6.QtWidgets", reason="PySide6 is not installed (extra: desktop)")
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": paths, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_tray_stays_where_the_monitor_could_not_be_ended() -> None:
    said = "['The monitor does not answer.']"
    assert without_a_screen(_QUITTING) == [f"0 {said}", f"1 {said}"]


_USING = """
import json
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication
from posture_cv.monitor.tray import app
from posture_cv.monitor.tray.view import NOT_RUNNING, view_of

margins = [{"cue": "slump", "quantity": "trunk_incl_deg", "value": 1.0, "limit": 2.0, "share": 0.5, "reason": ""}]
status = {"phase": "watching", "level": "good", "text": "good", "margins": margins}
application = QApplication([])
palette = QPalette()
palette.setColor(QPalette.ColorRole.WindowText, QColor("#eeeeee"))
application.setPalette(palette)
app.look = lambda: view_of(status)
app.today_text = lambda: "measured 1 h"
asked = []
app.ask = lambda *given: asked.append(given)
tray, said = app.Tray(border=False, window=False), []
tray.icon.showMessage = lambda title, words: said.append(f"{title}: {words}")

def showing(**more):
    status.update(more)
    tray.refresh()

print([item.isEnabled() for item in (tray._state, tray._summary)])
bar, today = tray.window._rows[0][1], tray.window._today
edge = bar.grab().toImage().pixelColor(bar.width() // 4, 4).name()
print(edge)
print(bar.accessibleName(), "|", today.palette().color(today.foregroundRole()).name())
showing(snoozed_s=60.0)
print(tray._resume.isEnabled(), tray.window._resume.isEnabled(), tray._pauses.isEnabled())
showing(trouble="The disk is full & more of <it>. " * 9)
print(len(tray._why.text()) < 99, "&&" in tray._why.text(), tray.window.sizeHint().width() < 600)
showing(calibration="failed: from before")
tray.act("recalibrate")
showing(calibration="")
print(tray.window.isVisible(), said)
for _ in range(2):
    showing(calibration="failed: Nobody was seen.")
print(said)
tray._moved.trigger()
print(asked)
app.look = lambda: NOT_RUNNING
tray.refresh()
print(tray._resume.isEnabled(), tray.window._resume.isEnabled(), tray._pauses.isEnabled())
"""


def test_the_tray_can_be_read_and_says_how_a_calibration_ended() -> None:
    assert without_a_screen(_USING) == [
        "[True, True]",
        "#767676",
        "slumping: +1.0 of 2.0° | #eeeeee",
        "True True True",
        "True True True",
        "True []",
        "['The calibration failed: Nobody was seen.']",
        "[('recalibrate', {'moved': False}), ('recalibrate', {'moved': True})]",
        "False False False",
    ]


_REFRESHING = """
import sys
from PySide6.QtWidgets import QApplication
from posture_cv.monitor.tray import app
from posture_cv.monitor.tray.view import NOT_RUNNING

application = QApplication([])
app.look = lambda: NOT_RUNNING
app.today_text = lambda: ""
tray = app.Tray(border=True, window=True)
before = sys.getrefcount(None)
for _ in range(20):
    tray.refresh()
    application.processEvents()
print(sys.getrefcount(None) > before - 20)
"""


def test_a_second_of_the_tray_takes_no_reference_away_with_which_it_would_end_in_minutes() -> None:
    """As it does under Python 3.11 with PySide6 6.12, which the extra `desktop` does not allow there."""
    assert without_a_screen(_REFRESHING) == ["True"]


def test_a_report_that_no_browser_opens_is_said_to_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path))
    History(history_file()).close()
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    with pytest.raises(PostureError, match=r"today\.html"):
        open_today()
    assert (tmp_path / "data" / "reports" / "today.html").exists()


def test_the_tray_says_how_long_it_pauses_or_is_silent() -> None:
    paused = {"phase": "paused", "text": "paused", "paused_until": "2026-11-28T20:15:00+00:00"}
    assert view_of(paused).detail == "until 20:15 (2026-11-28)"
    silent = view_of({**status(), "snoozed_s": 61.0})
    assert silent.detail == "silent for 2 min; near"
    assert (silent.resumable, view_of(paused).resumable, view_of(status()).resumable) == (True, True, False)


def test_gauges_say_what_is_measured_or_why_not() -> None:
    forward, slump = view_of(status()).gauges
    assert (forward.text, forward.share) == ("+1.6 of 4.0°", 0.4)
    assert (slump.text, slump.share) == ("cannot be told: hips not seen", None)


@pytest.mark.parametrize("cue", ["forward_head", "rounded_shoulders", "shrug", "slump"])
def test_a_gauge_shows_the_quantity_by_which_the_monitor_says_how_near_it_is(cue: str) -> None:
    """A slump needs a trunk that bends, and shoulders that come forward or sink: one of the two is enough."""
    frame = SmoothedFrame.of(measurements([0.0], [cue]))
    found = margins(frame, AssessSettings())
    close = nearest(found)
    assert close is not None
    assert close.cue == cue
    shown = view_of({"phase": "watching", "level": "poor", "margins": [m.as_plain() for m in found]})
    (gauge,) = (gauge for gauge in shown.gauges if gauge.name == plain(cue))
    assert gauge.share == pytest.approx(close.share, abs=0.01)
    assert gauge.text == f"{close.value:+.1f} of {close.limit:.1f}{unit_of(close.quantity)}"
    assert shown.severity > 0.5, "as far beyond its limit as it is"


def test_a_slump_is_told_where_one_of_what_is_enough_is() -> None:
    told = {"trunk_incl_deg": 1.5, "protraction_cm": 2.0, "sink_cm": None}
    slump = [
        {"cue": "slump", "quantity": q, "value": share, "limit": 1.0, "share": share, "reason": "uncertain"}
        for q, share in told.items()
    ]
    (gauge,) = view_of({"phase": "watching", "level": "poor", "margins": slump}).gauges
    assert (gauge.text, gauge.share) == ("+1.5 of 1.0°", 1.5)


def test_the_border_grows_with_severity_and_is_away_while_all_is_well() -> None:
    widths = [view_of(status(share=share, level="poor")).border_px for share in (1.0, 2.0, 3.0, 9.0)]
    assert widths == sorted(widths)
    assert 0 < widths[0] < widths[-1] <= 14
    assert view_of(status()).border_px == 0
    assert view_of(status("severe", phase="paused", share=3.0)).border_px == 0


@pytest.fixture
def display() -> Iterator[str]:
    """An X server with a tray in it."""
    for program, package in (("trayer", "trayer"), ("xwininfo", "x11-utils")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (apt: {package})")
    pytest.importorskip("PySide6.QtWidgets", reason="PySide6 is not installed (extra: desktop)")
    with x_server() as name:
        placed = ["--edge", "top", "--align", "right", "--margin", "40", "--distance", "30", "--height", "28"]
        tray = subprocess.Popen(
            ["trayer", *placed],
            env={**os.environ, "DISPLAY": name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        yield name
        tray.terminate()
        tray.wait(10)


_PROGRAM = """
import json, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from posture_cv.monitor.tray import app
from posture_cv.monitor.tray.view import view_of

application = QApplication([])
application.setQuitOnLastWindowClosed(False)
app.look = lambda: view_of(json.loads(sys.argv[1]))
app.today_text = lambda: "measured 1 h"
tray = app.Tray(border=True, window=True)

def look_round():
    found = {
        "available": app.QSystemTrayIcon.isSystemTrayAvailable(),
        "icon": [tray.icon.geometry().width(), tray.icon.geometry().height()],
        "edges": tray.border.visible,
        "window": tray.window.isVisible(),
        "items": [action.text() for action in tray._menu.actions() if action.text()],
        "tip": tray.icon.toolTip(),
    }
    picture = application.primaryScreen().grabWindow(0)
    picture.save(sys.argv[2])
    print(json.dumps(found), flush=True)
    application.quit()

QTimer.singleShot(2500, look_round)
application.exec()
"""


def test_the_tray_sits_in_a_real_tray_and_draws_its_border(display: str, tmp_path: Path) -> None:
    import json

    import cv2

    picture = tmp_path / "screen.png"
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "DISPLAY": display, "PYTHONPATH": paths, "QT_QPA_PLATFORM": "xcb"}
    time.sleep(0.5)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps(status("severe", share=3.0)), str(picture)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "xcb" in done.stderr and done.returncode:
        pytest.skip("Qt's xcb plugin lacks libraries (apt: libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1)")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["available"]
    assert found["icon"][0] > 8
    assert found["edges"] == 4
    assert found["window"]
    assert {"severe", "Resume", "Recalibrate", "Quit and end the monitor"} <= set(found["items"])
    assert found["tip"].startswith("posture-cv: severe")
    screen = cv2.imread(str(picture))
    assert screen is not None
    blue, green, red = (int(v) for v in screen[300, 2])
    assert (red, green, blue) == (0xD5, 0x5E, 0x00), "the left border in its colour"
