"""A home as a user has it after a day: profile, settings, history."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from monitor.monitor_material import Desk, stretches
from posture_cv.assess.settings import AssessSettings
from posture_cv.history.store import History
from posture_cv.monitor.keeping import HistorySink
from posture_cv.paths import HOME_VARIABLE
from posture_cv.profiles.store import save_profile
from profile_material import a_profile
from source_tree import ROOT

RECORDING = ROOT / "samples" / "desk-front.landmarks"
SETTINGS = AssessSettings(policy=AssessSettings().policy.alert_after(10.0))


@pytest.fixture(scope="session")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once."""
    home = tmp_path_factory.mktemp("once") / "used"
    home.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(HOME_VARIABLE, str(home))
        save_profile(a_profile("desk"))
    desk = Desk(stretches(("good", 20.0), ("forward_head", 60.0)), 60.0, SETTINGS)
    parts = desk.parts()
    path = home / "data" / "history.sqlite3"
    with HistorySink(History(path), lambda _: None, source="s", profile="desk", days=90) as sink:
        parts.sinks, parts.book = [sink], sink
        desk.run(parts)
    return home


@pytest.fixture
def home(used_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One of its own for each test."""
    home = tmp_path / "used"
    shutil.copytree(used_home, home)
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    return home


@pytest.fixture
def recording() -> Path:
    if not RECORDING.exists():
        pytest.skip("the samples are not in this tree")
    return RECORDING
