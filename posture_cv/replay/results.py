"""What each recording's results hold beyond the tables of the replay itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posture_cv.replay.types import Replayed


def extra_tables(result: Replayed) -> dict[str, str]:
    """File name to text of further tables of one recording; the same result gives the same text.

    `provenance.json` holds the whole baseline: with it, the source's checksum and the settings of the summary,
    the tables can be made again. Exposure is computed where it is read (`study`, `export`, `report`): its
    bootstrap takes longer than a re-assessment.
    """
    from posture_cv.opendata.folder import PROVENANCE
    from posture_cv.opendata.sidecar import provenance_text

    return {PROVENANCE: provenance_text(result.baseline.baseline)}
