"""What a release is checked by, in little: versions, licences, bill of materials. All of it: tools/release_check.py."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from amounts import FULL
from posture_cv._version import __version__
from posture_cv.models import BUNDLED_SHA256
from source_tree import ROOT

TOOLS = ROOT / "tools"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def tool(code: str) -> str:
    """What some code prints that may import the tools."""
    prelude = f"import json, sys; sys.path.insert(0, {str(TOOLS)!r})\n"
    done = subprocess.run([sys.executable, "-c", prelude + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


ELSEWHERE = (
    {"sys_platform": "darwin", "platform_system": "Darwin"},
    {"sys_platform": "win32", "platform_system": "Windows"},
)


def requirements_of(name: str) -> list[Requirement]:
    """Of a package, if it is installed here."""
    try:
        return [Requirement(text) for text in importlib.metadata.requires(name) or ()]
    except importlib.metadata.PackageNotFoundError:
        return []


def test_the_version_stands_in_one_place() -> None:
    assert "version" in PROJECT["dynamic"]
    assert tool("from releasing.packages import version; print(version())").strip() == __version__
    holders = [
        path
        for folder in ("posture_cv", "calibration", "buildtools")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(rf'"{re.escape(__version__)}"', path.read_text(encoding="utf-8"))
    ]
    assert holders == [ROOT / "posture_cv" / "_version.py"]


def test_the_changelog_begins_with_this_version() -> None:
    tool("from releasing.packages import check_changelog; check_changelog()")


def test_every_dependency_is_listed_with_its_licence() -> None:
    page = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([\w.-]+) \| (.+?) \| by ", page, re.MULTILINE))
    known = {re.sub(r"[-_.]+", "-", name).lower() for name in rows}
    assert {name.lower() for name in names_in(PROJECT["dependencies"])} <= known
    assert "unknown" not in rows.values()
    extras = PROJECT["optional-dependencies"]
    optional = names_in([text for key in ("desktop", "research", "cluster") for text in extras[key]])
    assert not [name for name in optional if name not in page]


def test_libraries_in_wheels_under_another_licence_than_their_package_are_named() -> None:
    page = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    names = {"libavcodec": "FFmpeg", "libx264": "x264", "libx265": "x265", "libQt5Core": "Qt 5"}
    site = Path(sysconfig.get_path("platlib"))
    held = [path.name for name in ("av", "opencv_python") for path in (site / f"{name}.libs").glob("lib*")]
    inside = {name for library, name in names.items() if any(file.startswith(library) for file in held)}
    assert not [name for name in inside if name not in page]


def test_an_sdist_with_somebody_s_own_files_is_refused() -> None:
    code = """
from releasing.packages import check_against_repository as check
from releasing.shell import ReleaseError
made = {"PKG-INFO", "posture_cv/models/face_landmarker.task"}
check({"README.md", *made}, {"README.md"})
for names in ({"README.md", "out/summary.json"}, {"out/summary.json"}):
    try:
        check(names, {"README.md"})
    except ReleaseError as error:
        print(error)
"""
    assert tool(code).splitlines() == [
        "the sdist holds what the repository does not: out/summary.json",
        "the sdist lacks README.md",
    ]


def names_in(requirements: list[str]) -> list[str]:
    """Package names of requirement lines."""
    return [re.split(r"[^\w.-]", text, maxsplit=1)[0] for text in requirements]


def test_the_notice_names_every_model() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert set(PROJECT["license-files"]) == {"LICENSE", "NOTICE", "THIRD-PARTY.md"}
    for name in BUNDLED_SHA256:
        assert f"posture_cv/models/{name}" in notice


def test_what_only_other_systems_install_is_named_with_its_licence() -> None:
    """Of the packages here, what they ask for on macOS and Windows."""
    page = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S+) \|", page, re.MULTILINE)
    named = [row.removesuffix("*").replace("_", "-").lower() for row in rows]
    here = [name for name in named if name not in ("package", "what")]
    asked = {
        requirement.name
        for name in here
        for requirement in requirements_of(name)
        if requirement.marker
        and any(requirement.marker.evaluate({"extra": "", **system}) for system in ELSEWHERE)
    }
    assert "rubicon-objc" in asked
    assert not [
        name for name in asked if not any(name.replace("_", "-").lower().startswith(row) for row in named)
    ]


def test_licences_are_read_as_they_are_told() -> None:
    cases = [
        {"licenses": [{"expression": "MIT OR Apache-2.0"}]},
        {"licenses": [{"license": {"id": "BSD-3-Clause"}}]},
        {"licenses": [{"license": {"name": "License :: OSI Approved :: MIT License"}}]},
        {"licenses": [{"license": {"name": "declared license of 'x'"}}]},
        {},
    ]
    code = f"from releasing.licences import licence_of; print(json.dumps([licence_of(c) for c in {cases!r}]))"
    assert json.loads(tool(code)) == ["MIT OR Apache-2.0", "BSD-3-Clause", "MIT", "unknown", "unknown"]


def test_supported_versions_are_those_of_the_classifiers() -> None:
    told = json.loads(tool("from releasing.pythons import supported; print(json.dumps(supported()))"))
    assert told == ["3.11", "3.12", "3.13"]
    assert PROJECT["requires-python"] == ">=3.11,<3.14"


def little_environment(folder: Path) -> Path:
    """Stands in for the `python` of an environment that holds the dependencies that we name, of the hundred here."""
    site, python = folder / "site", folder / "python"
    site.mkdir()
    wanted = {name.lower().replace("-", "_") for name in names_in(PROJECT["dependencies"])}
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for info in Path(place).glob("*.dist-info"):
            if info.name.partition("-")[0].lower() in wanted:
                (site / info.name).symlink_to(info)
    python.write_text(f"#!/bin/sh\ncat <<'end'\n{json.dumps([str(site)])}\nend\n")
    python.chmod(0o755)
    return python


@pytest.mark.skipif(importlib.util.find_spec("cyclonedx_py") is None, reason="needs the extra `release`")
def test_a_bill_of_materials_holds_packages_and_models(tmp_path: Path) -> None:
    python = Path(sys.executable) if FULL or os.name != "posix" else little_environment(tmp_path)
    code = "from pathlib import Path\nfrom releasing.sbom import make_sbom\n"
    code += f"print(json.dumps(make_sbom(Path({str(python)!r}))))"
    sbom = json.loads(tool(code))
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == ("CycloneDX", "posture-cv")
    assert sbom["metadata"]["component"]["version"] == __version__
    by_name = {component["name"]: component for component in sbom["components"]}
    assert {"mediapipe", "numpy", "click", *BUNDLED_SHA256} <= set(by_name)
    for name, digest in BUNDLED_SHA256.items():
        assert by_name[name]["hashes"] == [{"alg": "SHA-256", "content": digest}]
        assert by_name[name]["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    references = {component["bom-ref"] for component in sbom["components"]} | {
        sbom["metadata"]["component"]["bom-ref"]
    }
    assert {row["ref"] for row in sbom["dependencies"]} <= references
