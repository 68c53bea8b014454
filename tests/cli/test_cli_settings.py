from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from cli_runner import Cli


def test_path_init_show(cli: Cli, home: Path) -> None:
    path = home / "config" / "settings.toml"
    assert cli("settings", "path").stdout == f"{path}\n"
    assert not home.exists()
    assert f"there is no file at {path}" in cli("settings", "show").stdout
    assert cli.here("settings", "init").returncode == 0
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"# from {path}" in cli.here("settings", "show").stdout


def test_init_never_overwrites(cli: Cli, home: Path, tmp_path: Path) -> None:
    cli.here("settings", "init")
    path = home / "config" / "settings.toml"
    path.write_text("[policy]\nsensitivity = 2\n")
    cli.fails("settings", "init", said="There is a settings file already")
    assert path.read_text() == "[policy]\nsensitivity = 2\n"
    assert "sensitivity = 2.0  # set in the file" in cli.here("settings", "show").stdout
    assert cli.here("settings", "init", "--out", str(tmp_path / "x.toml")).returncode == 0
    cli.fails("settings", "init", "--out", str(tmp_path / "no" / "x.toml"), said="Cannot write")
    cli.fails("settings", "init", "--out", str(tmp_path), said=f"There is a folder already: {tmp_path}")
    cli.fails("settings", "init", "--out", str(tmp_path / "x.toml"), said="There is a file already")


def test_show_as_json(cli: Cli) -> None:
    assert json.loads(cli.here("settings", "show", "--json").stdout)["policy"]["sensitivity"] == 1.0


def test_three_faults_one_message(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("[policy]\nsensitivity = 3\nshre = 1\n[capture]\ncamera = -1\n")
    done = cli.fails("settings", "show", "--settings", str(path), said="The settings have 3 faults")
    for part in (
        "policy.sensitivity: must be",
        "policy.shre: unknown key; did you mean share?",
        "capture.camera:",
    ):
        assert part in done.stderr


def test_what_a_faulty_file_is_told_to_do_works_in_spite_of_it(cli: Cli, home: Path, tmp_path: Path) -> None:
    cli.here("settings", "init")
    (home / "config" / "settings.toml").write_text("[policy]\nsensitivity = 3\n")
    advice = cli.fails("settings", "show", said="one fault").stderr.rpartition("posture-cv ")[2]
    example = tmp_path / "example.toml"
    done = cli.here(*advice.replace("FILE", str(example)).split())
    assert done.returncode == 0, done.stderr
    assert "# sensitivity = 1.0  # " in example.read_text()


def test_unwritable_home(cli: Cli, home: Path) -> None:
    home.write_text("a file in the way")
    cli.fails("settings", "init", said="Not a directory")


def test_help_names_the_default_that_the_settings_can_change(cli: Cli) -> None:
    for command in ("monitor", "replay"):
        text = " ".join(cli.here(command, "--help").stdout.split())
        assert "How long a posture must last before an alert" in text
        assert "[default: from the settings, usually 120; severe: 30]" in text
