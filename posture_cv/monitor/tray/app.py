"""The tray program: an icon, a menu, a window with the live margins, and an optional border around the screen."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSystemTrayIcon,
    QVBoxLayout,
    QWidget,
)

from posture_cv.errors import PostureError
from posture_cv.local_time import local_now
from posture_cv.monitor.control.channel import NotRunningError
from posture_cv.monitor.control.client import ask
from posture_cv.monitor.pause_text import pause_end
from posture_cv.monitor.tray.draw import GaugeBar, ScreenBorder, icon, pixmap
from posture_cv.monitor.tray.view import Gauge, View, view_of, view_without

_EVERY_MS: Final = 1000
_ASK_TIMEOUT_S: Final = 1.0
_MENU_CHARACTERS: Final = 80
PAUSES: Final = ("15m", "30m", "1h", "tomorrow")


def look() -> View:
    """The monitor's state now; that none runs, or none answers, is a state too."""
    try:
        return view_of(ask("status", timeout_s=_ASK_TIMEOUT_S)["status"])
    except PostureError as error:
        return view_without(error)


def today_text() -> str:
    """Today in one line, from the history; empty without one."""
    from posture_cv.history.days import day_lines, day_summaries
    from posture_cv.history.read import Reader
    from posture_cv.history.schema import history_file

    try:
        with Reader(history_file()) as reader:
            found = day_summaries(reader, local_now().date(), 1)
    except PostureError:
        return ""
    return day_lines(found)[0].partition("  ")[2] if found else ""


def menu_text(text: str) -> str:
    """A line for the menu, which is as wide as its longest; the window has all of it. "&" would mark a key."""
    return textwrap.shorten(text, _MENU_CHARACTERS, placeholder=" …").replace("&", "&&")


class StatusWindow(QWidget):
    """The state and every posture's margin, live."""

    def __init__(self, act: Callable[..., None]) -> None:
        super().__init__()
        self.setWindowTitle("posture-cv")
        self._icon, self._title, self._detail, self._today = QLabel(), QLabel(), QLabel(), QLabel()
        self._title.setStyleSheet("font-size: 16px; font-weight: bold;")
        for words in (self._title, self._detail, self._today):
            words.setTextFormat(Qt.TextFormat.PlainText)  # paths and addresses are no markup
            words.setWordWrap(True)
        self._grid = QGridLayout()
        self._rows: list[tuple[QLabel, GaugeBar, QLabel]] = []
        head = QHBoxLayout()
        head.addWidget(self._icon)
        head.addWidget(self._title, 1)
        self._pause = QPushButton("Pause 30 min")
        self._resume = QPushButton("Resume")
        self._recalibrate = QPushButton("Recalibrate")
        self._pause.clicked.connect(lambda: act("pause", "30m"))
        self._resume.clicked.connect(lambda: act("resume"))
        self._recalibrate.clicked.connect(lambda: act("recalibrate"))
        buttons = QHBoxLayout()
        for button in (self._pause, self._resume, self._recalibrate):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.addLayout(head)
        column.addWidget(self._detail)
        column.addLayout(self._grid)
        column.addWidget(self._today)
        column.addLayout(buttons)
        self.setMinimumWidth(460)

    def show_view(self, view: View, today: str) -> None:
        """Show another state."""
        self._icon.setPixmap(pixmap(view.shape, view.colour, 32))
        self._icon.setAccessibleName(view.title)
        self._title.setText(view.title)
        self._detail.setText(view.detail)
        self._today.setText(f"Today: {today}" if today else "")
        for number, gauge in enumerate(view.gauges):
            self._show_gauge(number, gauge)
        for row in self._rows[len(view.gauges) :]:
            for part in row:
                part.hide()
        self._pause.setEnabled(view.running and not view.paused)
        self._resume.setEnabled(view.resumable)
        self._recalibrate.setEnabled(view.running)

    def _show_gauge(self, number: int, gauge: Gauge) -> None:
        if number == len(self._rows):
            row = (QLabel(), GaugeBar(), QLabel())
            for column, part in enumerate(row):
                self._grid.addWidget(part, number, column)
            self._rows.append(row)
        name, bar, text = self._rows[number]
        name.setText(gauge.name)
        bar.show_gauge(gauge)
        bar.setAccessibleName(f"{gauge.name}: {gauge.text}")
        text.setText(gauge.text)
        for part in self._rows[number]:
            part.show()


class Tray:
    """Icon, menu, window and border; follows the monitor once a second.

    Args:
        border: draw the border around the screen.
        window: open the status window at once.
    """

    def __init__(self, *, border: bool, window: bool) -> None:
        self.icon = QSystemTrayIcon()
        self.window = StatusWindow(self.act)
        self.border = ScreenBorder() if border else None
        self.view: View | None = None
        self._today, self._ticks = "", 0
        self._calibrating = False
        self._menu = QMenu()
        # Items without an action are too pale to be read, and skipped by keyboard and screen reader.
        self._state = self._item("", self._open_window)
        self._why = self._item("", self._open_window)
        self._summary = self._item("", self._open_window)
        self._menu.addSeparator()
        self._pauses = self._menu.addMenu("Pause")
        for words in PAUSES:
            label = "until tomorrow" if words == "tomorrow" else words
            self._add(self._pauses, label, lambda _=False, w=words: self.act("pause", w))
        self._resume = self._item("Resume", lambda: self.act("resume"))
        self._recalibrate = self._item("Recalibrate", lambda: self.act("recalibrate"))
        self._moved = self._item("The camera was moved, I sit as before", lambda: self.act("moved"))
        self._item("Margins …", self._open_window)
        self._item("Today's report …", lambda: self.act("report"))
        self._menu.addSeparator()
        self._item("Quit and end the monitor", self._quit)
        self.icon.setContextMenu(self._menu)
        self.icon.activated.connect(self._clicked)
        self._timer = QTimer()
        self._timer.timeout.connect(self.refresh)
        self._timer.start(_EVERY_MS)
        self.refresh()
        self.icon.show()
        if window:
            self._open_window()

    def refresh(self) -> None:
        """Ask the monitor, and show what it says."""
        if self._ticks % 30 == 0:
            self._today = today_text()
        self._ticks += 1
        view = look()
        if self.view is None or (view.shape, view.colour) != (self.view.shape, self.view.colour):
            self.icon.setIcon(icon(view.shape, view.colour))
        self.view = view
        self.icon.setToolTip("\n".join(filter(None, ("posture-cv: " + view.title, view.detail))))
        self._state.setText(menu_text(view.title))
        self._why.setText(menu_text(view.detail))
        self._why.setVisible(bool(view.detail))
        self._summary.setText(f"Today: {self._today}")
        self._summary.setVisible(bool(self._today))
        self._pauses.setEnabled(view.running)
        self._resume.setEnabled(view.resumable)
        for action in (self._recalibrate, self._moved):
            action.setEnabled(view.running)
        self.window.show_view(view, self._today)
        if self.border is not None:
            self.border.show(view.border_px, view.colour)
        if self._calibrating and view.calibrated is not None:
            self._calibrating = False
            self.icon.showMessage(view.calibrated.title, view.calibrated.text)

    def act(self, verb: str, words: str = "") -> None:
        """Do what a menu item says; what stands in the way is shown as a tray message."""
        try:
            if verb == "report":
                _open_report()
            elif verb == "pause":
                end = pause_end(words, local_now())
                ask("pause", {"until": None if end is None else end.timestamp()})
            elif verb in ("recalibrate", "moved"):
                ask("recalibrate", {"moved": verb == "moved"})
                self._watch_calibration(sit=verb == "recalibrate")
            else:
                ask(verb)
        except PostureError as error:
            self.icon.showMessage("posture-cv", error.sentences)
        QTimer.singleShot(600, self.refresh)

    def _watch_calibration(self, *, sit: bool) -> None:
        """How it ends is told; whoever is to sit still for it must see what is asked of them."""
        self._calibrating = True
        if sit:
            self._open_window()

    def _item(self, text: str, act: Callable[[], Any]) -> QAction:
        return self._add(self._menu, text, act)

    @staticmethod
    def _add(menu: QMenu, text: str, act: Callable[..., Any]) -> QAction:
        action = QAction(text, menu)
        action.triggered.connect(act)
        menu.addAction(action)
        return action

    def _clicked(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self._open_window()

    def _open_window(self) -> None:
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def _quit(self) -> None:
        try:
            ask("stop")
        except NotRunningError:
            pass  # it has ended already
        except PostureError as error:  # it goes on, so this stays to show it
            self.icon.showMessage("posture-cv", error.sentences)
            return
        QApplication.quit()


def _open_report() -> None:
    """Make today's page and open it, as `posture-cv report today` does."""
    from posture_cv.monitor.tray.report import open_today

    open_today()


def run(*, border: bool) -> int:
    """Show the tray until it is quit; the window where there is no tray. Returns the exit code."""
    import signal

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("posture-cv")
    there = QSystemTrayIcon.isSystemTrayAvailable()
    application.setQuitOnLastWindowClosed(not there)
    tray = Tray(border=border, window=not there)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Qt's loop would not see it otherwise
    code = application.exec()
    tray.icon.hide()
    return code
