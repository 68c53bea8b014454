"""Notifications reach a real server and its answers come back; a missing server is reported, never a success."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from itertools import pairwise

import pytest

from monitor.monitor_material import Desk, stretches
from monitor.notification_server import NotificationServer, private_bus
from posture_cv.assess.answers import HEEDED_WITHIN_S
from posture_cv.assess.settings import AssessSettings
from posture_cv.guidance.adviser import Adviser
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.assembling import answer_command
from posture_cv.monitor.sinks import NotificationSink
from posture_cv.monitor.unanswered import Unanswered
from posture_cv.output.notify import Delivery, Message, NoNotifier
from posture_cv.output.notify_dbus import DbusNotifier

MESSAGE = Message(7, "Head <forward>", "Sit & rest", (("right", "Right"), ("snooze", "Snooze")), urgent=True)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


def test_a_message_is_shown_and_the_click_comes_back(bus: str) -> None:
    answers: queue.Queue[tuple[int, str]] = queue.Queue()
    with (
        NotificationServer(bus) as server,
        closing(DbusNotifier(lambda k, w: answers.put((k, w)))) as notifier,
    ):
        delivery = notifier.send(MESSAGE).result(10)
        assert delivery.by == "test server 1.0"
        (shown,) = server.received.wait(1)
        assert shown.title == "Head <forward>"
        assert shown.body == "Sit &amp; rest", "the server reads markup"
        assert shown.actions == ["right", "Right", "snooze", "Snooze"]
        assert shown.hints["urgency"].value == 2
        server.click(shown.number, "snooze")
        assert answers.get(timeout=10) == (7, "snooze")
        notifier.send(replace(MESSAGE, key=8)).result(10)
        server.close(server.received.wait(2)[1].number, 1)
        assert answers.get(timeout=10) == (8, "expired")
        notifier.send(replace(MESSAGE, key=9)).result(10)
        server.close(server.received.wait(3)[2].number, 2)
        assert answers.get(timeout=10) == (9, "dismissed")
    assert answers.empty(), "a click is one answer, however the notification closes"


def test_a_server_without_buttons_and_markup_gets_none(bus: str) -> None:
    with NotificationServer(bus, ("body",)) as server, closing(DbusNotifier(lambda *_: None)) as notifier:
        assert notifier.send(MESSAGE).result(10).shown
        (shown,) = server.received.wait(1)
        assert (shown.body, shown.actions) == ("Sit & rest", [])


def test_no_server_is_not_delivered_and_a_server_that_comes_later_is_found(bus: str) -> None:
    with closing(DbusNotifier(lambda *_: None)) as notifier:
        missing = notifier.send(MESSAGE).result(10)
        assert not missing.shown
        assert "no notification server" in missing.problem
        with NotificationServer(bus) as server:
            assert notifier.send(MESSAGE).result(10).shown
            server.received.wait(1)
        gone = notifier.send(MESSAGE).result(10)
        assert not gone.shown


def test_another_server_knows_nothing_of_what_the_last_one_showed(bus: str) -> None:
    """It counts from 1 again, and its notifications are other programs'."""
    answers: queue.Queue[tuple[int, str]] = queue.Queue()
    with closing(DbusNotifier(lambda k, w: answers.put((k, w)))) as notifier:
        with NotificationServer(bus) as server:
            notifier.send(MESSAGE).result(10)
            assert server.received.wait(1)[0].number == 1
        with NotificationServer(bus, ("body",)) as server:
            server.close(1, 2)
            assert notifier.send(replace(MESSAGE, key=8)).result(10).shown
            (shown,) = server.received.wait(1)
            assert (shown.body, shown.actions) == ("Sit & rest", []), "it can do less than the last one"
            server.close(shown.number, 2)
            assert answers.get(timeout=10) == (8, "dismissed")
    assert answers.empty()


def test_of_many_that_nobody_answers_the_latest_are_known(bus: str) -> None:
    answers: queue.Queue[tuple[int, str]] = queue.Queue()
    with (
        closing(DbusNotifier(lambda k, w: answers.put((k, w)))) as notifier,
        NotificationServer(bus) as server,
    ):
        for key in range(1, 71):
            assert notifier.send(replace(MESSAGE, key=key)).result(10).shown
        for number in (1, 6, 7, 70):
            server.close(number, 2)
        assert [answers.get(timeout=10) for _ in range(2)] == [(7, "dismissed"), (70, "dismissed")]
    assert answers.empty()


def test_who_is_closed_sends_nothing_any_more(bus: str) -> None:
    with NotificationServer(bus) as server:
        notifier = DbusNotifier(lambda *_: None)
        notifier.close()
        assert notifier.send(MESSAGE).cancelled()
        with closing(DbusNotifier(lambda *_: None)) as other:
            assert other.send(replace(MESSAGE, title="later")).result(10).shown
        assert [shown.title for shown in server.received.wait(1)] == ["later"]


def test_no_bus_is_not_delivered(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    with closing(DbusNotifier(lambda *_: None)) as notifier:
        delivery = notifier.send(MESSAGE).result(10)
    assert not delivery.shown
    assert "no session bus" in delivery.problem


def test_a_bus_that_dies_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(DbusNotifier(lambda *_: None)) as notifier:
        with private_bus() as address:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
            with NotificationServer(address):
                assert notifier.send(MESSAGE).result(10).shown
        assert not notifier.send(MESSAGE).result(10).shown


def test_an_alert_of_the_monitor_is_shown_and_answered(bus: str) -> None:
    settings = AssessSettings()
    settings = replace(
        settings, policy=settings.policy.alert_after(10.0), breaks=replace(settings.breaks, enabled=False)
    )
    desk = Desk(stretches(("good", 5.0), ("forward_head", 60.0)), 40.0, settings)
    parts = desk.parts()
    answered: queue.Queue[cmd.Command | None] = queue.Queue()
    notes: list[str] = []
    with NotificationServer(bus) as server:
        notifier = DbusNotifier(lambda key, what: answered.put(answer_command(key, what)))
        with NotificationSink(notifier, notes.append) as sink:
            parts.sinks = [desk.kept, sink]
            desk.run(parts)
            # the reminder, too: what is still on its way at the end is not shown
            shown = server.received.wait(2)[0]
            assert shown.actions == ["right", "Right", "wrong", "Wrong", "snooze", "Snooze"]
            server.click(shown.number, "wrong")
            assert answered.get(timeout=10) == cmd.Answer(1, "wrong")
    assert notes == []


def test_what_is_not_delivered_is_said_once_in_words() -> None:
    settings = AssessSettings()
    settings = replace(
        settings, policy=settings.policy.alert_after(5.0), breaks=replace(settings.breaks, enabled=False)
    )
    settings = replace(settings, policy=replace(settings.policy, cue_cooldown_s=5.0, global_cooldown_s=5.0))
    desk = Desk(stretches(("forward_head", 60.0)), 40.0, settings)
    parts = desk.parts()
    notes: list[str] = []
    with NotificationSink(NoNotifier("switched off"), notes.append) as sink:
        parts.sinks = [desk.kept, sink]
        desk.run(parts)
    assert len(desk.kept.told()) > 2
    assert notes == ["      (not shown as a desktop notification: switched off)"]


class _Shown:
    """A notifier that shows everything and keeps it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> Future[Delivery]:
        self.messages.append(message)
        done: Future[Delivery] = Future()
        done.set_result(Delivery(by="made up"))
        return done

    def close(self) -> None:
        """Nothing to close."""


def test_a_break_and_sitting_still_at_one_moment_are_one_message() -> None:
    settings = AssessSettings()
    settings = replace(settings, breaks=replace(settings.breaks, interval_s=30.0, still_window_s=30.0))
    desk = Desk(stretches(("good", 60.0)), 40.0, settings)
    parts = desk.parts()
    parts.adviser = Adviser(load_catalogue())
    shown, delivered = _Shown(), list[int]()
    with NotificationSink(shown, print, lambda key, _: delivered.append(key)) as sink:
        parts.sinks = [desk.kept, sink]
        desk.run(parts)
    told = [said for moment in desk.kept.moments for said in moment.said]
    assert [said.record.alert.cue for said in told] == ["break", "stillness"]
    [message] = shown.messages
    pause, still = told
    assert message.title == pause.words["seen"]
    assert message.body == f"{still.words['seen']} {pause.words['text']}"
    assert message.actions == (("snooze", "Later"),)
    assert delivered == [pause.key, still.key], "the history knows that both were shown"


@pytest.mark.parametrize(
    ("how", "gaps_s"),
    [
        ("silent desktop", [100, 200, 200]),
        ("told that it expired", [100, 200, 200]),
        ("called right", [100, 100, 100]),
        ("not shown", [100, 100, 100]),
    ],
)
def test_who_sits_through_alerts_is_told_less_often_also_where_the_desktop_tells_nothing(
    how: str, gaps_s: list[int]
) -> None:
    settings = AssessSettings()
    policy = replace(settings.policy.alert_after(50.0), cue_cooldown_s=100.0)
    settings = replace(settings, policy=policy, breaks=replace(settings.breaks, enabled=False))
    desk = Desk(stretches(("forward_head", 1e6)), 60.0 + sum(gaps_s), settings, rate_hz=1.0)
    parts = desk.parts()
    unanswered = Unanswered(lambda key: parts.commands.put(cmd.Answer(key, "ignored")))

    class Clicking(_Shown):
        def send(self, message: Message) -> Future[Delivery]:
            answer = {"told that it expired": "expired", "called right": "right"}.get(how)
            if answer is not None:
                unanswered.settled(message.key)
                command = answer_command(message.key, answer)
                assert command is not None
                parts.commands.put(command)
            return super().send(message)

    notifier = NoNotifier("switched off") if how == "not shown" else Clicking()
    with NotificationSink(notifier, lambda _: None, None, unanswered) as sink:
        parts.sinks = [desk.kept, sink]
        desk.run(parts)
    told = [t_s for t_s, _ in desk.kept.told()]
    assert [later - before for before, later in pairwise(told)] == pytest.approx(gaps_s, abs=2.0)


def test_silence_that_was_asked_for_answers_what_was_said_before() -> None:
    ignored: list[int] = []
    unanswered = Unanswered(ignored.append)
    for key, t_s in ((1, 0.0), (2, 100.0), (3, 200.0)):
        unanswered.sent(key, t_s)
    unanswered.settled(3)
    unanswered.passed(HEEDED_WITHIN_S, silent=True)
    assert ignored == []
    unanswered.passed(1000.0, silent=False)
    assert ignored == [2]


def test_what_answers_mean() -> None:
    assert answer_command(3, "expired") == cmd.Answer(3, "ignored")
    assert answer_command(3, "dismissed") == cmd.Answer(3, "dismissed")
    assert answer_command(3, "snooze") == cmd.Answer(3, "snooze")
    assert answer_command(3, "recalibrate") == cmd.Recalibrate()
    assert answer_command(3, "moved") == cmd.FollowCamera()
    assert answer_command(3, "opened") is None
