"""What a monitor leaves for the next one: windows, cool-downs, caps and a pause outlive a restart.

One small file for its owner only, written every ten seconds at most: a monitor that is killed loses no more. After
an hour only a pause, a silence and the back-off are of use: nothing else that the policy remembers reaches farther
back than its cap, but what was asked for holds as long as it was asked for, and what unheeded alerts have lengthened
is shortened by the user alone, not by a night.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from posture_cv.assess.answers import Response, respond
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import Ledger, PolicyState, from_json, to_json
from posture_cv.atomic import OutputError, private_folder, write_atomic
from posture_cv.file_facts import bytes_of
from posture_cv.monitor.clock import uptime_s
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.sinks import BaseSink

if TYPE_CHECKING:
    from posture_cv.assess.settings import AssessSettings
    from posture_cv.profiles.types import Profile

VERSION: Final = 1
FILE_NAME: Final = "monitor-state.json"
WRITE_EVERY_S: Final = 10.0
"""A monitor that is killed forgets no more than this; ours."""
OLDEST_S: Final = 3600.0
"""After so long another session begins: the hour that the cap counts is over; ours."""
_NOTHING: Final = Ledger()
_MOST_BYTES: Final = 1_000_000
"""A larger file is none of ours."""
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an earlier run knew.

    Attributes:
        t_s: its clock; wall_s: seconds since 1970; uptime_s, boot_id: the system's, to tell time from clock changes.
        profile: judged by.
        tick_s: length of the policy's ticks.
        policy: of the engine.
        keys: the history's numbers of its last alerts, by the policy's.
        paused_until_wall_s: see `Facts`.
    """

    t_s: float
    wall_s: float
    uptime_s: float
    boot_id: str
    profile: str
    tick_s: float
    policy: PolicyState
    keys: Mapping[int, int] = field(default_factory=dict)
    paused_until_wall_s: float | None = None

    def elapsed_s(self, wall_s: float, up_s: float, boot: str) -> float:
        """How long ago that was: by the system's uptime, or since another boot by the wall clock."""
        return up_s - self.uptime_s if boot and boot == self.boot_id else wall_s - self.wall_s


@dataclass(frozen=True, slots=True)
class Resumption:
    """What a new run goes on with.

    Attributes:
        begin_s: what its clock is to show at its beginning.
        remembered: None: there is nothing to go on with.
        paused_until_wall_s: a pause that still runs; None without.
        lasting: the part of the ledger that holds however long ago it was.
    """

    begin_s: float = 0.0
    remembered: Remembered | None = None
    paused_until_wall_s: float | None = None
    lasting: Ledger = _NOTHING


def lasting(ledger: Ledger, since_s: float, begin_s: float = 0.0) -> Ledger:
    """What holds however long nobody watched: the back-off and the rows that lead to it, and a silence to its end.

    Args:
        ledger: of the earlier run.
        since_s: what that run's clock would show now.
        begin_s: what the new run's clock is to show now.
    """
    silent_until_s = max(0.0, ledger.silent_until_s - since_s + begin_s)
    return Ledger(unheeded=ledger.unheeded, backoff=ledger.backoff, silent_until_s=silent_until_s)


def policy_for(
    known: Remembered | None, profile: Profile, settings: AssessSettings, kept: Ledger = _NOTHING
) -> PolicyState | None:
    """The state that an engine with this profile and these settings goes on with; None: it begins anew.

    With another profile, or one made since, windows begin anew; what was told and answered stays. Of ticks of
    another length, and of what was too long ago to be `known`, only what is `kept` stays.
    """
    policy = Policy.of(settings.policy, settings.breaks, settings.ticks.tick_s)
    if known is None or known.tick_s != settings.ticks.tick_s:
        return None if kept == _NOTHING else policy.begin()._replace(ledger=kept)
    if known.profile == profile.name and _made_s(profile) <= known.wall_s:
        return known.policy
    return policy.new_session(known.policy)


def _made_s(profile: Profile) -> float:
    try:
        return datetime.fromisoformat(profile.created).timestamp()
    except ValueError:
        return math.inf


def state_file() -> Path:
    """Where it is kept."""
    from posture_cv.paths import state_dir

    return state_dir() / FILE_NAME


def boot_id() -> str:
    """Differs after each start of the system; empty where it does not tell."""
    try:
        return _BOOT.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def resumption(path: Path, wall_s: float | None = None, up_s: float | None = None) -> Resumption:
    """What the file holds for a run that begins now; nothing where it is missing, damaged or of another version."""
    found = read(path)
    if found is None:
        return Resumption()
    now_wall_s = time.time() if wall_s is None else wall_s
    elapsed_s = found.elapsed_s(now_wall_s, uptime_s() if up_s is None else up_s, boot_id())
    until = found.paused_until_wall_s
    paused = until if until is not None and until > now_wall_s else None
    since_s = found.t_s + max(0.0, elapsed_s)
    if not 0.0 <= elapsed_s <= OLDEST_S:
        return Resumption(paused_until_wall_s=paused, lasting=lasting(found.policy.ledger, since_s))
    return Resumption(since_s, found, paused, lasting(found.policy.ledger, since_s, since_s))


def read(path: Path) -> Remembered | None:
    """What the file holds; None where it is missing, damaged or of another version."""
    try:
        return _remembered(json.loads(bytes_of(path, _MOST_BYTES)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _remembered(plain: Any) -> Remembered:  # noqa: ANN401 - whatever the file holds
    if plain["version"] != VERSION:
        raise ValueError("another version")
    until = plain["paused_until_wall_s"]
    found = Remembered(
        t_s=_finite(plain["t_s"]),
        wall_s=_finite(plain["wall_s"]),
        uptime_s=_finite(plain["uptime_s"]),
        boot_id=str(plain["boot_id"]),
        profile=str(plain["profile"]),
        tick_s=_finite(plain["tick_s"]),
        policy=from_json(plain["policy"]),
        keys={int(number): int(key) for number, key in plain["keys"]},
        paused_until_wall_s=math.inf if until == "resumed" else None if until is None else _finite(until),
    )
    tick = found.policy.tick
    if found.t_s < 0.0 or (tick is not None and not -1.0 <= tick * found.tick_s <= found.t_s + 1.0):
        raise ValueError("times that do not fit")
    return found


def _finite(value: Any) -> float:  # noqa: ANN401 - whatever the file holds
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def as_plain(known: Remembered) -> dict[str, Any]:
    """For JSON."""
    until = known.paused_until_wall_s
    return {
        "version": VERSION,
        "t_s": known.t_s,
        "wall_s": known.wall_s,
        "uptime_s": known.uptime_s,
        "boot_id": known.boot_id,
        "profile": known.profile,
        "tick_s": known.tick_s,
        "keys": [list(pair) for pair in known.keys.items()],
        "paused_until_wall_s": "resumed" if until == math.inf else until,
        "policy": to_json(known.policy),
    }


class StateSink(BaseSink):
    """Writes the state every ten seconds, at once when something was told or a pause changed, and at the end.

    Args:
        path: the file.
        tick_s: length of the policy's ticks.
        note: shows a sentence: once, when it cannot be written.
        up_s: the system's uptime.
    """

    def __init__(
        self, path: Path, tick_s: float, note: Callable[[str], None], up_s: Callable[[], float] = uptime_s
    ) -> None:
        self._path, self._tick_s, self._note, self._up_s = path, tick_s, note, up_s
        self._boot = boot_id()
        self._latest: Moment | None = None
        self._written_s = -math.inf
        self._paused: float | None = None
        self._failed = False

    def show(self, moment: Moment) -> None:
        """Write, if it is time."""
        self._latest = moment
        due = moment.t_s - self._written_s >= WRITE_EVERY_S
        if due or moment.said or moment.paused_until_wall_s != self._paused:
            self._write(moment)

    def close(self) -> None:
        """Write the last."""
        if self._latest is not None:
            self._write(self._latest)

    def _write(self, moment: Moment) -> None:
        self._written_s, self._paused = moment.t_s, moment.paused_until_wall_s
        known = Remembered(
            t_s=moment.t_s,
            wall_s=moment.wall_s,
            uptime_s=self._up_s(),
            boot_id=self._boot,
            profile=moment.profile,
            tick_s=self._tick_s,
            policy=moment.policy,
            # Others mean nothing to the next run.
            keys={number: key for number, key in moment.keys.items() if key > 0},
            paused_until_wall_s=moment.paused_until_wall_s,
        )
        try:
            private_folder(self._path.parent)
            write_atomic(self._path, json.dumps(as_plain(known)), durable=False)
        except OutputError as error:
            if not self._failed:
                self._note(f"Note: cool-downs will not outlive a restart. {error.sentences}")
            self._failed = True


def change(path: Path, changed: Callable[[PolicyState], PolicyState]) -> None:
    """Change what the next monitor goes on with; the caller holds the single-instance lock.

    Raises:
        OutputError: it cannot be written.
    """
    known = read(path)
    if known is not None:
        write_atomic(path, json.dumps(as_plain(replace(known, policy=changed(known.policy)))))


def answer(path: Path, key: int, response: Response, settings: AssessSettings) -> None:
    """Hand an answer to what the next monitor goes on with, as a running one does; the caller holds the lock.

    Args:
        path: the file; without one, or where it does not know the alert, nothing changes.
        key: the history's number of the alert.
        response, settings: see `assess.answers.respond`.

    Raises:
        OutputError: it cannot be written.
    """
    known = read(path)
    ids = [] if known is None else [number for number, told in known.keys.items() if told == key]
    if known is None or not ids:
        return
    t_s, policy, breaks = known.t_s, settings.policy, settings.breaks
    change(path, lambda state: respond(state, ids[-1], response, t_s, policy, breaks))


def forget(path: Path) -> None:
    """Remove the file; harmless when there is none."""
    with suppress(OSError):
        path.unlink()
