"""Results of the sample recordings, made once in a run; to be read only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from posture_cv.opendata.folder import Result, read_result
from result_material import sample_folders


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    return sample_folders(tmp_path_factory)


@pytest.fixture(scope="session")
def results(folders: Sequence[Path]) -> Sequence[Result]:
    return tuple(read_result(folder) for folder in folders)
