"""One small run over several recordings, which the others must equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch_material import recordings
from posture_cv.replay.batch import Ended, replay_many
from posture_cv.replay.pool import ProcessPool


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Ended]]:
    """The folder of a run with one worker, and how its recordings ended."""
    out = tmp_path_factory.mktemp("reference") / "out"
    with ProcessPool(1) as pool:
        return out, replay_many(recordings(out), pool, table=out)
