"""An empty place for a history, and the history of one run as the user's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from history_material import SETTINGS, recorded
from monitor.monitor_material import Desk, stretches
from posture_cv.atomic import private_folder
from posture_cv.history.schema import history_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.sqlite3"


@pytest.fixture(scope="session")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history of one run; to be copied."""
    path = tmp_path_factory.mktemp("run") / "data" / "history.sqlite3"
    recorded(path, Desk(stretches(("good", 30.0), ("forward_head", 60.0)), 80.0, SETTINGS))
    return path


@pytest.fixture
def users(a_run: Path) -> Path:
    """Such a run as the user's own history, a new one for each test."""
    private_folder(history_file().parent)
    for file in a_run.parent.iterdir():
        shutil.copy(file, history_file().parent)
    return history_file()
