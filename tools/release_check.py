"""Checks a release from nothing: packages, fresh environments on every Python at hand, other platforms, licences.

    python tools/release_check.py [--out FOLDER] [--write] [--only STEP ...]

Builds sdist and wheel, installs the wheel into a new environment of every supported Python at hand and replays the
sample with it, resolves all dependencies for the supported versions and systems that are not at hand (wheels only),
and writes the bill of materials. Needs the extra `release` and a package index.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from releasing.install import install, replay_sample
from releasing.licences import normal, third_party
from releasing.packages import build, version
from releasing.platforms import resolve_all
from releasing.pythons import ROOT, at_hand, supported
from releasing.sbom import make_sbom
from releasing.shell import ReleaseError, run

STEPS = ("install", "readme", "platforms", "sbom")


def main() -> int:
    """Every step; 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="keep packages and bill of materials there")
    parser.add_argument("--write", action="store_true", help="write THIRD-PARTY.md anew")
    parser.add_argument("--only", nargs="+", choices=STEPS, default=list(STEPS))
    given = parser.parse_args()
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as made:
        work = Path(made)
        out: Path = given.out or work / "dist"
        out.mkdir(parents=True, exist_ok=True)
        if not _step(failed, f"packages of version {version()}", lambda: _packages(out)):
            return 1
        wheel = next(out.glob("*.whl"))
        if "install" in given.only:
            for name, python in sorted(at_hand().items()):
                _step(
                    failed,
                    f"Python {name}: install and replay",
                    lambda n=name, p=python: _install(wheel, n, p, work),
                )
            for name in set(supported()) - set(at_hand()):
                print(f"Python {name}: not at hand, resolved only")
        if "readme" in given.only:
            _step(failed, "the README's first command, word by word", lambda: _set_up(out, work))
        if "platforms" in given.only:
            _step(failed, "wheels for every version and system", lambda: _platforms(wheel, work))
        if "sbom" in given.only:
            _step(
                failed, "bill of materials and licences", lambda: _bill(wheel, work, out, write=given.write)
            )
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def _step(failed: list[str], title: str, work: Callable[[], str]) -> bool:
    begin_s = time.monotonic()
    try:
        told = work()
    except ReleaseError as error:
        failed.append(title)
        print(f"FAILED  {title}\n{error}")
        return False
    print(f"ok      {title}: {told} ({time.monotonic() - begin_s:.0f} s)", flush=True)
    return True


def _packages(out: Path) -> str:
    wheel, sdist = build(out)
    return f"{wheel.name} ({wheel.stat().st_size:,} bytes), {sdist.name} ({sdist.stat().st_size:,} bytes)"


def _install(wheel: Path, name: str, python: Path, work: Path) -> str:
    installed = install(python, wheel, work / f"venv-{name}")
    replay_sample(installed, work / f"replay-{name}")
    return f"{len(installed.packages)} packages, three alerts as expected"


def _set_up(out: Path, work: Path) -> str:
    """In the unpacked sdist, as a reader has it; the second set-up command is that of the continuous checks."""
    set_up_line = next(
        line
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("python3 -m venv") and "posture-cv replay" in line
    )
    with tarfile.open(next(out.glob("*.tar.gz"))) as archive:
        archive.extractall(work / "reader", filter="data")
    (folder,) = (work / "reader").iterdir()
    path = f"{at_hand()[max(at_hand())].parent}{os.pathsep}{os.environ['PATH']}"
    told = run(
        ["sh", "-c", set_up_line], folder, {"PATH": path, "POSTURE_CV_HOME": str(work / "reader-home")}
    )
    if "3 alerts" not in told:
        raise ReleaseError(f"it ended without three alerts:\n{told}")
    return "three alerts"


def _platforms(wheel: Path, work: Path) -> str:
    rows = resolve_all(wheel, work)
    for row in rows:
        extra = f" with {row.extra}" if row.extra else ""
        print(
            f"        {row.system}, Python {row.python}{extra}: {row.problem or f'{row.packages} packages'}"
        )
    problems = [row for row in rows if row.problem]
    if problems:
        raise ReleaseError(f"{len(problems)} of {len(rows)} combinations cannot be had as wheels")
    return f"{len(rows)} combinations"


def _bill(wheel: Path, work: Path, out: Path, *, write: bool) -> str:
    python = at_hand()[min(at_hand())]
    folder = work / f"venv-{min(at_hand())}"
    own = folder / "bin" / "python"
    if not own.exists():
        own = install(python, wheel, folder).python
    sbom = make_sbom(own)
    (out / f"posture_cv-{version()}.cdx.json").write_text(json.dumps(sbom, indent=2) + "\n", encoding="utf-8")
    page = third_party(sbom, _direct())
    kept = ROOT / "THIRD-PARTY.md"
    if write:
        kept.write_text(page, encoding="utf-8")
    unknown = re.findall(r"^\| (\S+) \| unknown \|", page, re.MULTILINE)
    if unknown:
        raise ReleaseError(f"no licence is known of {', '.join(unknown)}")
    if not kept.exists() or kept.read_text(encoding="utf-8") != page:
        raise ReleaseError("THIRD-PARTY.md is not of this release: run with --write and commit it")
    return f"{len(sbom['components'])} components, licences of all known"


def _direct() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {normal(re.match(r"[A-Za-z0-9._-]+", text)[0]) for text in project["dependencies"]}  # type: ignore[index]


if __name__ == "__main__":
    sys.exit(main())
