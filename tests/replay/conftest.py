"""One small run over several recordings, which the others must equal."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from batch_material import recordings
from once import made_once
from posture_cv.replay.batch import Ended, replay_many
from posture_cv.replay.pool import ProcessPool


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Ended]]:
    """The folder of a run with one worker, and how its recordings ended; nothing may be written there."""

    def make(folder: Path) -> None:
        out = folder / "out"
        with ProcessPool(1) as pool:
            ended = replay_many(recordings(out), pool, table=out)
        (folder / "ended").write_bytes(pickle.dumps(ended))

    folder = made_once(tmp_path_factory, "reference", make)
    ended: list[Ended] = pickle.loads((folder / "ended").read_bytes())
    return folder / "out", ended
