"""The documentation of the JSON says what the JSON is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from posture_cv.evaluate.segments import HARMLESS, RIGHT_NAMES
from posture_cv.evaluate.truth import REQUIRED_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "evaluation_schema.py"


@pytest.mark.skipif(not TOOL.exists(), reason="needs the checkout: tools/ is not installed")
def test_the_tables_of_the_document_are_those_of_the_models() -> None:
    spec = importlib.util.spec_from_file_location("evaluation_schema", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    text = tool.DOCUMENT.read_text("utf-8")
    assert tool.document(text) == text, "run python tools/evaluation_schema.py"
    for column in REQUIRED_COLUMNS:
        assert f"`{column}`" in text


def test_every_harmless_segment_has_a_right_name_that_does_not_alert() -> None:
    from posture_cv.assess.types import ALERTING

    for segment in HARMLESS:
        assert not set(RIGHT_NAMES[segment]) & set(ALERTING), segment
