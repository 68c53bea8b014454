"""The checkout that holds these tests; its build step is tested from here, whichever package is installed."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

NO_INDEX = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
"""Settings with which pip reaches no index; add PIP_FIND_LINKS."""
