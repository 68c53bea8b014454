from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cli_runner import Cli
from posture_cv.profiles.store import profile_names, save_profile
from posture_cv.profiles.types import ProfileSource
from profile_material import a_profile


@pytest.fixture
def desk() -> Path:
    return save_profile(a_profile("desk", reasons=("It was dark.",)))


def test_list(cli: Cli, desk: Path, home: Path) -> None:
    (desk.parent / "broken.json").write_text("{}")
    lines = cli("profiles", "list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "VIEW", "QUALITY", "MADE", "SOURCE"]
    assert lines[1].startswith("broken  cannot be used: format_version: missing")
    assert lines[2].split()[:3] == ["desk", "front", "accept"]


def test_list_as_json(cli: Cli, desk: Path) -> None:
    (desk.parent / "broken.json").write_text("{}")
    broken, good = json.loads(cli.here("profiles", "list", "--json").stdout)
    assert "problem" in broken
    assert (good["name"], good["view"], good["path"]) == ("desk", "front", str(desk))


def test_what_others_have_named_cannot_steer_the_terminal(cli: Cli) -> None:
    source = ProfileSource("video", "a\nb\x1b[2J日本.mp4")
    save_profile(replace(a_profile("desk"), source=source))
    assert "video, a?b?[2J日本.mp4 (" in cli.here("profiles", "show", "desk").stdout
    assert cli.here("profiles", "list").stdout.splitlines()[1].endswith("a?b?[2J日本.mp4")
    plain = json.loads(cli.here("profiles", "show", "desk", "--json").stdout)
    assert plain["source"]["name"] == source.name


def test_none_yet(cli: Cli) -> None:
    assert "posture-cv calibrate" in cli.here("profiles", "list").stdout
    assert json.loads(cli.here("profiles", "list", "--json").stdout) == []


def test_show(cli: Cli, desk: Path) -> None:
    text = cli.here("profiles", "show", "desk").stdout
    for part in (
        str(desk),
        "from the front",
        "76 of 80, over 7.5 s",
        "It was dark.",
        "about 40 cm",
        "top edge",
    ):
        assert part in text
    plain = json.loads(cli.here("profiles", "show", "desk", "--json").stdout)
    assert plain["quality"]["grade"] == "accept"
    assert "pose" not in plain["baseline"], "landmarks are for the program"
    assert cli.here("profiles", "show", str(desk)).stdout == text


def test_show_what_is_not_there_or_broken(cli: Cli, desk: Path) -> None:
    cli.fails("profiles", "show", "dsk", said="Did you mean desk?")
    cli.fails("profiles", "show", "../../no/such", said="No profile at")
    desk.write_text(desk.read_text().replace('"front"', '"above"', 1))
    cli.fails("profiles", "show", "desk", said="view: ")


def test_delete_asks(cli: Cli, desk: Path) -> None:
    done = cli.here("profiles", "delete", "desk")
    assert done.returncode == 2
    assert "nobody to answer" in done.stderr
    assert cli.here("profiles", "delete", "desk", stdin="n\n").returncode == 130
    assert desk.exists()
    assert cli.here("profiles", "delete", "desk", stdin="y\n").returncode == 0
    assert profile_names() == []
    cli.fails("profiles", "delete", "desk", "--yes", said="There is no profile 'desk'")


def test_delete_takes_names_only(cli: Cli, desk: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious.json"
    precious.write_text("{}")
    cli.fails("profiles", "delete", str(precious), "--yes", said="cannot be called")
    assert precious.exists()
