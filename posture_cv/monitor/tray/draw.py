"""The tray's drawings in Qt: icons by shape and colour, gauges, the border around the screen."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QWidget

from posture_cv.monitor.tray.view import Gauge, Shape

_EDGE: Final = "#767676"
"""Of an empty gauge: seen on white and on dark grey windows alike (at least 3 to 1)."""
_SIZES: Final = (16, 22, 24, 32, 48, 64)


def icon(shape: Shape, colour: str) -> QIcon:
    """The icon in every usual size, with a dark edge so that it shows on any panel."""
    made = QIcon()
    for size in _SIZES:
        made.addPixmap(pixmap(shape, colour, size))
    return made


def pixmap(shape: Shape, colour: str, size: int) -> QPixmap:
    """One icon, size x size pixels."""
    picture = QPixmap(size, size)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 32.0, size / 32.0)
    painter.setPen(QPen(QColor("#1a1a1a"), 2.0))
    painter.setBrush(QColor(colour))
    _paint(painter, shape, QColor(colour))
    painter.end()
    return picture


def _paint(painter: QPainter, shape: Shape, colour: QColor) -> None:
    """The shape on a field of 32 x 32."""
    if shape is Shape.DISC:
        painter.drawEllipse(QRectF(4, 4, 24, 24))
    elif shape is Shape.TRIANGLE:
        painter.drawPolygon(QPolygonF([QPointF(16, 3), QPointF(30, 28), QPointF(2, 28)]))
    elif shape is Shape.SQUARE:
        painter.drawRect(QRectF(4, 4, 24, 24))
    elif shape is Shape.BARS:
        painter.drawRect(QRectF(6, 4, 7, 24))
        painter.drawRect(QRectF(19, 4, 7, 24))
    elif shape is Shape.RING:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for edge, width in ((QColor("#1a1a1a"), 8.0), (colour, 5.0)):
            painter.setPen(QPen(edge, width))
            painter.drawEllipse(QRectF(6, 6, 20, 20))
    elif shape is Shape.CROSS:
        for edge, width in ((QColor("#1a1a1a"), 8.0), (colour, 5.0)):
            painter.setPen(QPen(edge, width))
            painter.drawLine(QPointF(7, 7), QPointF(25, 25))
            painter.drawLine(QPointF(25, 7), QPointF(7, 25))
    else:
        painter.drawEllipse(QRectF(3, 3, 26, 26))
        font = painter.font()
        font.setPixelSize(20)
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(QRectF(3, 3, 26, 26), Qt.AlignmentFlag.AlignCenter, "?")


class GaugeBar(QWidget):
    """How much of one posture's limit is used; the line in the middle is the limit."""

    def __init__(self) -> None:
        super().__init__()
        self._share: float | None = None
        self.setMinimumSize(180, 18)

    def show_gauge(self, gauge: Gauge) -> None:
        """Show another value."""
        self._share = gauge.share
        self.update()

    def paintEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's name
        """Draw it."""
        painter = QPainter(self)
        width, height = float(self.width()), float(self.height())
        painter.fillRect(QRectF(0, 4, width, height - 8), QColor("#e4e4e4"))
        if self._share is not None:
            beyond = self._share >= 1.0
            used = min(self._share / 2.0, 1.0) * width
            painter.fillRect(QRectF(0, 4, used, height - 8), QColor("#d55e00" if beyond else "#009e73"))
        painter.setPen(QPen(QColor(_EDGE), 1.0))
        painter.drawRect(QRectF(0.5, 4.5, width - 1, height - 9))
        painter.setPen(QPen(QColor("#1a1a1a"), 2.0))
        painter.drawLine(QPointF(width / 2, 0), QPointF(width / 2, height))
        painter.end()


class Border(QWidget):
    """A coloured frame along one edge of one screen; clicks go through it."""

    def __init__(self) -> None:
        super().__init__()
        flags = Qt.WindowType
        self.setWindowFlags(
            flags.FramelessWindowHint
            | flags.WindowStaysOnTopHint
            | flags.Tool
            | flags.WindowTransparentForInput
            | flags.WindowDoesNotAcceptFocus
            | flags.X11BypassWindowManagerHint
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)

    def place(self, x: int, y: int, width: int, height: int, colour: str) -> None:
        """Put it there."""
        self.setStyleSheet(f"background-color: {colour};")
        self.setGeometry(x, y, width, height)
        self.show()


class ScreenBorder:
    """The frame around every screen, as wide as the posture is poor."""

    def __init__(self) -> None:
        self._edges: list[Border] = []

    def show(self, width_px: int, colour: str) -> None:
        """Draw it that wide; 0 takes it away."""
        from PySide6.QtGui import QGuiApplication

        screens = QGuiApplication.screens() if width_px > 0 else []
        while len(self._edges) < 4 * len(screens):
            self._edges.append(Border())
        for edge in self._edges[4 * len(screens) :]:
            edge.hide()
        for number, screen in enumerate(screens):
            g, w = screen.geometry(), width_px
            places = (
                (g.x(), g.y(), g.width(), w),
                (g.x(), g.y() + g.height() - w, g.width(), w),
                (g.x(), g.y() + w, w, g.height() - 2 * w),
                (g.x() + g.width() - w, g.y() + w, w, g.height() - 2 * w),
            )
            for k, place in enumerate(places):
                self._edges[4 * number + k].place(*place, colour)

    @property
    def visible(self) -> int:
        """How many edges are shown."""
        return sum(edge.isVisible() for edge in self._edges)
