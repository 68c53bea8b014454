"""How much memory a process holds, where the system tells it."""

from __future__ import annotations

import math
from pathlib import Path


def resident_mb() -> float:
    """Memory that this process holds now, in megabytes (10^6 bytes); NaN where the system does not tell."""
    found_mb = memory_mb("self", "VmRSS")
    return math.nan if found_mb is None else found_mb


def memory_mb(process: int | str, what: str) -> float | None:
    """A figure of a process's memory in megabytes (10^6 bytes): VmRSS now, VmHWM at most; None if it is not told."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    kib = next((line.split()[1] for line in lines if line.startswith(f"{what}:")), None)
    return None if kib is None else int(kib) * 1.024e-3
