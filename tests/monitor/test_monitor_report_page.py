"""The report in a real browser: what it shows, and that it asks nobody for anything."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.browser import Browser
from posture_cv.history.read import Reader
from posture_cv.history.report import COLOURS, DARK, material, render
from posture_cv.history.store import History

DAY: Final = date(2026, 3, 4)
DAY_S: Final = datetime(2026, 3, 4, tzinfo=UTC).timestamp()
ELSEWHERE: Final = (
    '<img src="http://pictures.example/x.png"><link rel="stylesheet" href="http://styles.example/s.css">'
    '<script>fetch("http://scripts.example/y")</script>'
)


def share(image: NDArray[np.uint8], colour: str) -> float:
    """Share of the pixels that have a colour, #rrggbb."""
    wanted = [int(colour[k : k + 2], 16) for k in (5, 3, 1)]
    return float(np.mean(np.all(np.abs(image.astype(int) - wanted) <= 3, axis=2)))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A day of eight hours: good, one poor quarter an hour, an hour not measured, a break; as a page."""
    path = tmp_path / "history.sqlite3"
    minutes = {}
    for minute in range(9 * 60, 17 * 60):
        state = "forward_head" if minute % 60 < 15 else "good"
        label = ("turned", "head_turned") if 13 * 60 <= minute < 14 * 60 else (state, "")
        minutes[int(DAY_S) + 60 * minute, 0, *label] = 60.0
    with closing(History(path)) as history:
        history.begin_session(DAY_S + 9 * 3600, "default", "camera")
        history.save(DAY_S + 17 * 3600, minutes, [], [(DAY_S + 11 * 3600, DAY_S + 11 * 3600 + 420, 0)])
    with Reader(path) as reader:
        text = render(material(reader, "today", DAY), datetime(2026, 3, 4, 17, tzinfo=UTC))
    out = tmp_path / "today.html"
    out.write_text(text, encoding="utf-8")
    return out


def test_the_report_shows_the_day_and_asks_nobody(browser: Browser, page: Path) -> None:
    image, asked = browser.open(page)
    assert share(image, COLOURS["good"]) > 0.02
    assert share(image, COLOURS["poor"]) > 0.01
    assert share(image, COLOURS["untold"]) > 0.005
    assert share(image, "#ffffff") > 0.3
    assert asked == []


def test_at_night_the_page_is_dark(browser: Browser, page: Path) -> None:
    browser.dark(wanted=True)
    try:
        image, asked = browser.open(page)
    finally:
        browser.dark(wanted=False)
    assert share(image, DARK["good"]) > 0.02
    assert np.median(image) < 40
    assert asked == []


def test_on_a_phone_nothing_lies_beside_the_page(browser: Browser, page: Path) -> None:
    browser.open(page, width_px=390)
    assert browser.wider_px() == 0


def test_a_page_that_asks_somebody_is_noticed(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "asks.html"
    page.write_text(f"<p>Pictures from elsewhere</p>{ELSEWHERE}")
    _, asked = browser.open(page)
    hosts = {"http://pictures.example/x.png", "http://styles.example/s.css", "http://scripts.example/y"}
    assert set(asked) == hosts


def test_even_markup_in_the_page_could_not_ask(browser: Browser, page: Path) -> None:
    text = page.read_text("utf-8")
    assert "</body>" in text
    page.write_text(text.replace("</body>", f"{ELSEWHERE}</body>"), encoding="utf-8")
    _, asked = browser.open(page)
    assert asked == []
