"""What warm processes have imported when they begin: the program, and what it imports once it is at work."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from contextlib import suppress

import posture_cv

_OTHERS = (
    "av",
    "rich.live",
    "rich.progress",
    "rich.table",
    "filelock",
    "mediapipe.tasks.python.vision",
    "warm",
)
_ASIDE = ("posture_cv.__main__", "posture_cv.monitor.tray", "posture_cv.replay.cluster")  # extras are heavy

for found in pkgutil.walk_packages(posture_cv.__path__, "posture_cv."):
    if not found.name.startswith(_ASIDE):
        with suppress(ImportError):  # another system's, or an extra's
            importlib.import_module(found.name)
for other in _OTHERS:
    importlib.import_module(other)
gc.collect()
gc.freeze()  # what was imported is not gone through again by each process
