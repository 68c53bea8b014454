"""The page of a day, a week or a month."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli_runner import Cli
from history_material import DAY, SETTINGS, WALL_S, autumn, noted, recorded
from monitor.monitor_material import Desk, stretches
from posture_cv.assess.answers import Response
from posture_cv.assess.records import Record
from posture_cv.assess.settings import CUES, BreakSettings
from posture_cv.assess.types import Alert
from posture_cv.atomic import private_folder
from posture_cv.cli import cli
from posture_cv.history.days import day_lines, day_summaries
from posture_cv.history.gather import Gatherer
from posture_cv.history.read import Reader
from posture_cv.history.report import material, render
from posture_cv.history.schema import HistoryError, connect
from posture_cv.history.store import History
from posture_cv.paths import settings_file
from zones import needs_zones, zone


def test_the_share_of_good_stands_over_the_middle_of_its_hour_where_enough_was_measured(path: Path) -> None:
    day_s = int(datetime(2023, 11, 14, tzinfo=UTC).timestamp())
    watched = {"good": ((9, 30.0), (18, 59.0)), "slump": ((9, 30.0), (18, 0.5))}
    minutes = {
        (day_s + 3600 * hour, 0, state, ""): seconds
        for state, hours in watched.items()
        for hour, seconds in hours
    }
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.save(WALL_S, minutes, [], [])
    with Reader(path) as reader:
        page = render(material(reader, "today", DAY), datetime(2023, 11, 14, 23, tzinfo=UTC))
    found = re.findall(r'<circle cx="([^"]*)" cy="([^"]*)"[^>]*><title>([^<]*)</title>', page)
    ((x, y, text),) = found
    assert (float(x), float(y)) == pytest.approx((50 + 840 * 9.5 / 24, 100.0), abs=0.1)
    assert text == "09:00: 50 % good"


@needs_zones
def test_the_hour_that_autumn_repeats_is_shown_twice(path: Path) -> None:
    autumn(path)
    with Reader(path) as reader:
        day = material(reader, "today", date(2026, 10, 25))
        page = render(day, datetime(2026, 10, 25, 23, tzinfo=UTC))
        week = render(material(reader, "week", date(2026, 10, 25)), datetime(2026, 10, 25, 23, tzinfo=UTC))
        shown = day_summaries(reader, date(2026, 10, 25), 1)
    labels = re.findall(r">(\d\d:00[^<]*)</text>", page.partition("Share of good posture")[0])
    assert labels == ["01:00 UTC+2", "02:00 UTC+2", "02:00 UTC+1", "03:00 UTC+1"], (
        "as they came, nothing else"
    )
    assert page.count("<title>02:15 UTC+2 good</title>") == 1
    assert page.count("<title>02:15 UTC+1 slumping</title>") == 1
    assert len(re.findall("<title>0", page.partition("Time per state")[0])) == 240, "a cell a minute"
    for text in ("Sun 02:30 UTC+2", "Sun 02:30 UTC+1"):
        assert text in page
    assert [alert["at"] for alert in shown[0]["alerts"]] == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    ]
    assert [line.split()[1:3] for line in day_lines(shown)[1:]] == [["02:30", "UTC+2"], ["02:30", "UTC+1"]]
    heights = [float(h) / 31 for h in re.findall(r'x="130" y="[^"]*" width="33" height="([^"]*)"', week)]
    assert heights == pytest.approx([0.5, 0.5], abs=0.01), "both hours within the cell of their day"


def test_an_hour_that_somebody_made_longer_stays_in_its_cell(path: Path) -> None:
    """The clock was set back by hand: two hours that cannot be told apart."""
    minutes = {(int(WALL_S) // 3600 * 3600 + 60 * k, 0, "good", ""): 120.0 for k in range(60)}
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.save(WALL_S, minutes, [], [])
    with Reader(path) as reader:
        page = render(material(reader, "week", DAY), datetime(2023, 11, 14, 23, tzinfo=UTC))
    assert max(float(h) for h in re.findall(r'width="33" height="([^"]*)"', page)) <= 31.0


def test_a_day_of_which_only_an_alert_is_known_is_shown(path: Path) -> None:
    """A monitor that is killed may have written no more of the day."""
    told = Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.alert(Record(1, told), {"seen": "You slump."}, WALL_S)
    with Reader(path) as reader:
        assert [day["posture_alerts"] for day in day_summaries(reader, DAY, 1)] == [1]
        page = render(material(reader, "today", DAY), datetime(2023, 11, 14, 23, tzinfo=UTC))
        lines = day_lines(day_summaries(reader, DAY, 1))
    assert "You slump." in page
    assert "<td>slumping (notice)" in page
    assert lines[1].endswith(" slumping (notice)"), "as everywhere else"


def test_the_time_to_recover_is_measured_from_the_first_alert_of_a_bout(path: Path) -> None:
    page = noted(
        path,
        ("slump", 0, 1800.0),
        ("slump", 1, 1200.0),
        ("slump", 2, 20.0),
        ("shrug", 0, 600.0),
        ("slump", 0, None),
    )
    assert "<b>20 min</b>median time to recover" in page, "between 10 and 30"


@pytest.mark.parametrize(
    ("answers", "after_s", "meant"),
    [
        (("ignored",), None, ("ignored",)),
        (("ignored",), 200.0, ("ignored",)),
        (("ignored",), 15.0, ()),
        (("ignored", "wrong"), 200.0, ("wrong",)),
        (("dismissed",), 15.0, ("dismissed",)),
    ],
)
def test_an_expiry_is_not_shown_as_ignored_where_the_user_said_or_did_otherwise(
    path: Path, answers: tuple[Response, ...], after_s: float | None, meant: tuple[str, ...]
) -> None:
    noted(path, ("slump", 0, after_s))
    with closing(History(path)) as history:
        for answer in answers:
            history.answer(1, answer, WALL_S + 10.0)
    with Reader(path) as reader:
        assert reader.alert(1).meant == meant
        assert day_summaries(reader, DAY, 1)[0]["alerts"][0]["answers"] == list(meant)


def test_prompts_are_no_alerts_about_a_posture(users: Path, path: Path) -> None:
    page = noted(path, ("stillness", 0, None), ("break", 0, None))
    assert "<b>0</b>alerts about a posture" in page
    assert "<b>2</b>prompts" in page
    with Reader(path) as reader:
        found = day_summaries(reader, DAY, 1)
        with pytest.raises(HistoryError, match="no alert about a posture"):
            reader.alert(None, CUES)
    assert (found[0]["posture_alerts"], found[0]["prompts"]) == (0, 2)
    assert "0 alerts, 2 prompts, 0 breaks" in day_lines(found)[0]


def test_breaks_are_as_long_as_the_settings_say(path: Path) -> None:
    gatherer = Gatherer(break_s=20.0)
    for t_s, away in ((0.0, False), (5.0, True), (35.0, False), (40.0, True), (140.0, False), (145.0, True)):
        for step in range(5):  # moments come at least every ten seconds
            gatherer.moment(t_s + step, WALL_S + t_s + step, 0, ("good", ""), away=away)
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        minutes, breaks = gatherer.take()
        history.save(WALL_S, minutes, [], breaks)
    lengths = BreakSettings(micro_absence_s=20.0, long_absence_s=90.0)
    with Reader(path) as reader:
        page = render(material(reader, "today", DAY, lengths), datetime(2023, 11, 14, 23, tzinfo=UTC))
    assert "2 of 20 s or more, 1 of them full (1 min 30 s or more)" in page
    assert page.count("(full)") == 1
    assert "<b>2</b>breaks of 20 s or more" in page


def test_the_report_knows_the_settings(users: Path) -> None:
    with closing(History(users)) as history:
        history.save(time.time(), {(int(time.time()) // 60 * 60, 0, "good", ""): 60.0}, [], [])
    private_folder(settings_file().parent)
    settings_file().write_text("[breaks]\nmicro_absence_s = 200\nlong_absence_s = 400\n")
    done = CliRunner().invoke(cli, ["report", "today", "--no-open"])
    assert done.exit_code == 0, done.output
    assert "breaks of 3 min 20 s or more" in (users.parent / "reports" / "today.html").read_text("utf-8")


def test_what_is_much_is_summed_up_and_folded(path: Path) -> None:
    few = noted(path, ("slump", 0, 600.0), ("slump", 0, 60.0), ("shrug", 0, None))
    with closing(History(path)) as history:
        history.answer(1, "right", WALL_S)
    assert "<details open>" in few
    assert '<td>slumping</td><td class="n">2</td><td class="n">5 min 30 s</td>' in few
    many = noted(path, *[("slump", 0, None)] * 13)
    assert '<td class="n">15</td>' in many
    assert '<td class="n">1</td><td class="n">\N{EN DASH}</td></tr>' in many, (
        "one was called right, none wrong"
    )
    assert "<details open>" not in many


@needs_zones
def test_a_month_has_several_mondays(path: Path) -> None:
    told = Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
    day_s = datetime(2023, 11, 14, 10, 30, tzinfo=UTC).timestamp()
    with closing(History(path)) as history, zone("UTC0"):
        history.begin_session(day_s, "p", "c")
        for weeks in range(3):
            history.alert(Record(weeks, told), {}, day_s - weeks * 7 * 86400)
            history.save(day_s, {}, [], [(day_s - weeks * 7 * 86400, day_s - weeks * 7 * 86400 + 70, 0)])
    now = datetime(2023, 11, 14, 23, tzinfo=UTC)
    with Reader(path) as reader:
        month, week = (render(material(reader, period, DAY), now) for period in ("month", "week"))
    for day in ("Tue 31 Oct", "Tue 07 Nov", "Tue 14 Nov"):
        assert month.count(f"{day} 10:30") == 2, "an alert and a break"
    assert week.count("Tue 10:30") == 2


@pytest.mark.parametrize("period", ["today", "week", "month"])
def test_the_page_is_self_contained(path: Path, period: str) -> None:
    desk = Desk(
        stretches(("good", 60.0), ("forward_head", 60.0), ("turned", 60.0), ("good", 60.0)), 240.0, SETTINGS
    )
    recorded(path, desk)
    with Reader(path) as reader:
        page = render(material(reader, period, DAY), datetime(2023, 11, 14, 23, tzinfo=UTC))  # type: ignore[arg-type]
    assert not re.search(r"https?://|src=|@import|url\(", page), "nothing is loaded from anywhere"
    for text in ("forward head", "Timeline", "Breaks", "Not measured", "head turned", "<svg"):
        assert text in page


def test_words_of_an_alert_cannot_become_markup(path: Path) -> None:
    desk = Desk(stretches(("forward_head", 1.0)), 30.0, SETTINGS)
    recorded(path, desk)
    with closing(connect(path, create=False)) as db:
        db.execute("UPDATE alerts SET words = ?", (json.dumps({"seen": "<script>alert(1)</script>"}),))
    with Reader(path) as reader:
        page = render(material(reader, "today", DAY), datetime(2023, 11, 14, tzinfo=UTC))
    assert "<script>" not in page


def test_nothing_recorded_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["report", "today"])
    assert done.exit_code == 2
    assert "There is no history yet" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["today", "week"], "one at a time"),
        (["week", "."], "one at a time"),
        (["yesterday"], "'yesterday' is neither a folder of results nor one of today, week, month."),
    ],
)
def test_a_period_that_is_none_is_not_taken_for_a_folder(users: Path, words: list[str], said: str) -> None:
    Cli().fails("report", "--no-open", *words, said=said)
