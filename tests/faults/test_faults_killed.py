"""Writers that are killed at random moments: what was promised is there, nothing is doubled, every file is sound.

All two hundred kills of each kind: POSTURE_CV_FULL=1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from amounts import amount
from limited import environment
from source_tree import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the writers are forked")
KILLS = amount(3, 200)
SEED = 20_261_121


@pytest.mark.parametrize("kind", ["history", "recording", "profile", "replay"])
def test_a_killed_writer_leaves_what_is_promised(kind: str, tmp_path: Path) -> None:
    if kind == "replay" and not (ROOT / "samples" / "desk-front.landmarks").exists():
        pytest.skip("the samples are not in this tree")
    server = Path(__file__).with_name("kill_server.py")
    done = subprocess.run(
        [sys.executable, str(server), kind, str(tmp_path), str(SEED), str(KILLS)],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kills = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(kills) == KILLS
    assert not [kill for kill in kills if kill["faults"]]
    assert all(kill["done"] >= 1 for kill in kills), "each had written something"
