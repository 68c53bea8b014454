"""What the monitor's loop is connected to: each a small protocol with a real part and one for tests and replays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from posture_cv.assess.answers import Response
from posture_cv.assess.records import Record
from posture_cv.assess.settings import CUES
from posture_cv.capture.types import Frame

if TYPE_CHECKING:
    from posture_cv.landmarks.types import Landmarks
    from posture_cv.monitor.moment import Moment


class Clock(Protocol):
    """Time as the monitor sees it."""

    def now_s(self) -> float:
        """Seconds that only go forwards, on through a suspended system; the origin is arbitrary."""

    def wall_s(self) -> float:
        """Seconds since 1970 (UTC), as the user's clock shows it; may jump."""

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""


@dataclass(frozen=True, slots=True)
class CameraIdentity:
    """Which camera: its kind (webcam, stream, video, landmarks), name, and picture size in pixels."""

    kind: str
    name: str
    width_px: int
    height_px: int

    @property
    def live(self) -> bool:
        """Whether it stands somewhere now; a recording is played."""
        return self.kind in ("webcam", "stream")


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """One picture, or what a landmark recording kept of it; exactly one of the two is given."""

    t_s: float
    frame: Frame | None = None
    landmarks: Landmarks | None = None


class Camera(Protocol):
    """A camera that can be closed, so that its light goes out, and opened again."""

    @property
    def opened(self) -> bool:
        """Whether it is open now."""

    @property
    def ended(self) -> bool:
        """Whether nothing further will come (a recording is over)."""

    @property
    def identity(self) -> CameraIdentity:
        """Which camera it is; waits for its answer. Raises SourceError if there is none."""

    def open(self) -> None:
        """Begin to open it; its faults come with `read` or `identity`. Harmless when open."""

    def read(self, timeout_s: float) -> Glimpse | None:
        """The newest picture, None if there is none within that time. Raises SourceError when it is lost."""

    def set_interval(self, seconds: float) -> None:
        """How far apart pictures are wanted."""

    def close(self) -> None:
        """Free the device; harmless when closed."""


class Eyes(Protocol):
    """The models behind the camera; loaded when first used."""

    def look(self, frame: Frame, *, fresh: bool) -> Landmarks:
        """Landmarks of one frame; `fresh`: its past is not worth following (camera was closed)."""

    def need_face(self, *, face: bool) -> None:
        """Whether the face model is needed from now on."""

    def close(self) -> None:
        """Release the models."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the system says.

    Attributes:
        locked: the session is locked or its screen saver is on.
        asleep: the system is about to suspend.
        in_call: a microphone is being recorded from; False where it cannot be told.
        on_battery: running on battery; False where it cannot be told.
        idle_s: seconds since the user's last input; None where it cannot be told.
    """

    locked: bool = False
    asleep: bool = False
    in_call: bool = False
    on_battery: bool = False
    idle_s: float | None = None


class SurroundingsSource(Protocol):
    """Tells about the system, cheaply and without blocking."""

    def poll(self) -> Surroundings:
        """What is known now."""

    def close(self) -> None:
        """Stop watching."""


class Sink(Protocol):
    """Something that is told each moment; a context manager with one verb."""

    def show(self, moment: Moment) -> None:
        """One moment of the monitor's life."""

    def __enter__(self) -> Self:
        """Return the sink itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


class NoSurroundings:
    """Nothing is known of the system: nothing is locked, nothing sleeps."""

    def poll(self) -> Surroundings:
        """Nothing."""
        return Surroundings()

    def close(self) -> None:
        """Nothing to stop."""


class Book(Protocol):
    """Where alerts are written down with their words, what was answered, and the thresholds that follow."""

    def alert(self, record: Record, words: Mapping[str, Any], wall_s: float) -> int:
        """Write something told down; its number."""

    def number(self, key: int) -> int:
        """The number by which it is known now: what was written late has got one since."""

    def answer(self, key: int, response: Response, wall_s: float) -> None:
        """Write an answer to number `key` down."""

    def recovered(self, key: int, after_s: float) -> None:
        """The posture of number `key` was over so long after."""

    def factors(self, wall_s: float) -> tuple[float, ...]:
        """Threshold factors in the order of `CUES`, from the answers of the last days."""


class NoBook:
    """Numbers what is told and forgets it."""

    def __init__(self) -> None:
        self._count = 0

    def alert(self, record: Record, words: Mapping[str, Any], wall_s: float) -> int:  # noqa: ARG002 - see Book
        """Its number."""
        self._count += 1
        return self._count

    def number(self, key: int) -> int:
        """The same."""
        return key

    def answer(self, key: int, response: Response, wall_s: float) -> None:
        """Forgotten."""

    def recovered(self, key: int, after_s: float) -> None:
        """Forgotten."""

    def factors(self, wall_s: float) -> tuple[float, ...]:  # noqa: ARG002 - see Book
        """Nothing is raised."""
        return (1.0,) * len(CUES)
