from __future__ import annotations

import os
import re
import stat
import tomllib
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture_cv import settings as module
from posture_cv.assess.settings import AssessSettings
from posture_cv.paths import settings_file
from posture_cv.settings import Settings, SettingsError, load_settings
from posture_cv.settings_schema import section_class
from posture_cv.settings_text import example_text, in_force_text, toml_value


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def faults_of(text: str, tmp_path: Path, **overrides: object) -> list[str]:
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {key.replace("__", "."): value for key, value in overrides.items()})
    assert ("on the command line" if overrides else str(path)) in caught.value.title
    return caught.value.detail.splitlines()


def numbers() -> list[tuple[str, str, dict[str, Any]]]:
    """Every numeric key with its schema."""
    found = []
    for section in Settings.model_fields:
        for name, schema in section_class(section).model_json_schema()["properties"].items():
            part = next((p for p in schema.get("anyOf", [schema]) if "minimum" in p), None)
            if part is not None:
                found.append((section, name, part))
    return found


def test_without_a_file_the_defaults_are_those_of_the_assessment() -> None:
    assert load_settings().assess() == AssessSettings()


def test_every_setting_of_the_assessment_can_be_set() -> None:
    plain = AssessSettings()
    for group in fields(plain):
        values = getattr(plain, group.name)
        assert is_dataclass(values)
        wanted = {field.name for field in fields(values)} - {"threshold_factor"}  # raised by feedback only
        assert set(section_class(group.name).model_fields) == wanted


def test_every_setting_of_the_assessment_is_asked_for_by_some_code() -> None:
    """One that nothing reads would be taken without a word and change nothing."""
    schema = {"settings_assess.py", "settings_schema.py"}
    sources = [p for p in Path(module.__file__).parent.rglob("*.py") if p.name not in schema]
    asked = {name for path in sources for name in re.findall(r"\.(\w+)", path.read_text(encoding="utf-8"))}
    groups = [getattr(AssessSettings(), group.name) for group in fields(AssessSettings)]
    assert [f.name for group in groups for f in fields(group) if f.name not in asked] == []


@pytest.mark.parametrize(("section", "name", "schema"), numbers())
@pytest.mark.parametrize("end", ["minimum", "maximum"])
def test_limits_are_those_of_the_assessment_too(
    section: str, name: str, schema: dict[str, Any], end: str, tmp_path: Path
) -> None:
    """What the schema allows, the plain values accept: no fault surfaces later and elsewhere."""
    others = {
        "ticks": {"tick_s": 0.05, "hold_max_s": 60.0, "gap_skip_s": 86400.0},
        "breaks": {"micro_absence_s": 1.0},
        "calibration": {"countdown_s": 0.0, "still_s": 0.5, "duration_s": 2.0},
    }
    values = others.get(section, {}) | {name: schema[end]}
    if section == "ticks":
        values |= {"tick_s": {"tick_s": 0.05}, "hold_max_s": {"tick_s": 0.05}, "gap_skip_s": {}}.get(name, {})
        values[name] = schema[end]
        if name == "hold_max_s" and end == "minimum":
            values["tick_s"] = 0.05
        if name == "gap_skip_s" and end == "minimum":
            values |= {"hold_max_s": 0.05}
    if (section, name, end) == ("breaks", "micro_absence_s", "maximum"):
        values["long_absence_s"] = 7200.0
    load_settings(None, {f"{section}.{key}": value for key, value in values.items()}).assess()


@pytest.mark.parametrize(("section", "name", "schema"), numbers())
def test_beyond_its_limits_a_number_is_refused_with_them(
    section: str, name: str, schema: dict[str, Any], tmp_path: Path
) -> None:
    (line,) = faults_of(f"[{section}]\n{name} = {schema['maximum'] + 1}\n", tmp_path)
    assert line.startswith(f"{section}.{name}: must be ")
    assert f"{schema['minimum']:g} to {schema['maximum']:g}" in line


def test_three_faults_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    lines = faults_of(
        '[policy]\nsensitivity = 3\nshare = "most"\n[capture]\ncamera = -1\n[thresholds]\nneck_deg = nan\n',
        tmp_path,
    )
    assert lines == [
        "capture.camera: must be a whole number 0 to 99 or text in quotes, found -1",
        "policy.sensitivity: must be a number 0.5 to 2, found 3",
        "policy.share: must be a number 0.5 to 0.95, found 'most'",
        "thresholds.neck_deg: must be a number 1 to 45, found nan",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[policy]\nsensitivty = 1.0", "policy.sensitivty: unknown key; did you mean sensitivity?"),
        ("[breaks]\nsensitivity = 1.0", "breaks.sensitivity: unknown key; it belongs in [policy]"),
        ("sensitivity = 1.0", "sensitivity: unknown here; it belongs in [policy]"),
        ("[polcy]\n", "polcy: unknown section; did you mean [policy]?"),
        ("[zzz]\n", "zzz: unknown section"),
        ("[policy]\nzzz = 1", "policy.zzz: unknown key"),
        ("policy = 3", "policy: must be a section: [policy], found 3"),
        ("[breaks]\nenabled = 1", "breaks.enabled: must be true or false, found 1"),
        ("[policy]\nsensitivity = true", "policy.sensitivity: must be a number 0.5 to 2, found True"),
        ("[policy]\ncap_per_hour = 1.5", "policy.cap_per_hour: must be a whole number 0 to 3600, found 1.5"),
        ("[policy]\nwindow_s = inf", "policy.window_s: must be a number 0.5 to 3600, found inf"),
        ("[policy.window_s]\na = 1", "policy.window_s: must be a number 0.5 to 3600, found a section"),
        ("[models]\npose = ''", "models.pose: must be text in quotes, found ''"),
        ("[ticks]\nhold_max_s = 0.1", "ticks: hold_max_s is 0.1, expected 0.5 to 60"),
        ("[breaks]\nlong_absence_s = 2", "breaks: long_absence_s is 2.0, expected 60 to 7200"),
        (
            "[calibration]\ngive_up_s = 10",  # allowed by itself, and no calibration could ever be done
            "calibration: give_up_s is 10, and countdown_s, still_s and duration_s take 12.5 together",
        ),
    ],
)
def test_one_fault_in_words(text: str, said: str, tmp_path: Path) -> None:
    assert faults_of(text, tmp_path) == [said]


@pytest.mark.parametrize(
    "content",
    [
        b"[policy\n",
        b"a = = 1",
        b"\xff\xfe",
        b"a = 1\na = 2",
        b"x" * (module.MAX_BYTES + 1),
        b"a=" + b"[" * 9999,
    ],
)
def test_a_file_that_is_no_toml(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert str(path) in caught.value.title
    assert caught.value.detail


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load_settings(tmp_path / "nope.toml")
    with pytest.raises(SettingsError):
        load_settings(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_in_the_settings_place_holds_nobody_up() -> None:
    settings_file().parent.mkdir(parents=True)
    os.mkfifo(settings_file())
    with pytest.raises(SettingsError, match="It is a pipe"):
        load_settings()


def test_command_line_over_file_over_default(tmp_path: Path) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text("[policy]\nsensitivity = 2\nshare = 0.9\n")
    settings = load_settings(
        None, {"policy.sensitivity": 1.5, "capture.camera": None, "models.pose": Path("a.task")}
    )
    assert (settings.policy.sensitivity, settings.policy.share, settings.capture.camera) == (1.5, 0.9, 0)
    assert settings.models.pose == "a.task"


def test_faults_of_the_command_line_are_told_likewise(tmp_path: Path) -> None:
    assert faults_of("", tmp_path, capture__width_px=3) == [
        "capture.width_px: must be a whole number 160 to 7680, found 3"
    ]


def test_a_fault_is_looked_for_where_it_is() -> None:
    settings_file().parent.mkdir(parents=True)
    cases: list[tuple[dict[str, object], str, str]] = [
        ({"calibration.duration_s": 100.0}, "", "on the command line"),
        ({"calibration.duration_s": 30.0}, "[calibration]\ngive_up_s = 20\n", "on the command line"),
        ({"calibration.duration_s": 5.0}, "[policy]\nshare = 3\n", str(settings_file())),
        ({"capture.camera": -1}, "[policy]\nshare = 3\n", f"{settings_file()} and on the command line"),
    ]
    for overrides, content, places in cases:
        settings_file().write_text(content)
        with pytest.raises(SettingsError) as caught:
            load_settings(None, overrides)
        assert caught.value.title.endswith(f": {places}")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes(b"\xef\xbb\xbf[policy]\nsensitivity = 2\n")
    assert load_settings(path).policy.sensitivity == 2


def test_model_paths_of_the_file_start_from_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('[models]\npose = "mine.task"\nface = "~/f.task"\n')
    models = load_settings(path).models
    assert models.pose == str(tmp_path / "mine.task")
    assert models.face == "~/f.task"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("../desk.json", "../desk.json"),
        ("/x/desk.json", "/x/desk.json"),
        ("desk", None),
        ("~/desk.json", None),
    ],
)
def test_a_profile_path_of_the_file_starts_from_its_folder(
    written: str, meant: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A monitor in the background works in another folder than the one it was started in."""
    (tmp_path / "s.toml").write_text(f'[general]\nprofile = "{written}"\n')
    monkeypatch.chdir(tmp_path)
    assert load_settings(Path("s.toml")).general.profile == (str(tmp_path / meant) if meant else written)


def test_the_example_changes_nothing_and_shows_every_key() -> None:
    text = example_text()
    assert "until it is started anew" in text
    assert Settings.model_validate(tomllib.loads(text)) == Settings()
    for section in Settings.model_fields:
        assert f"[{section}]" in text
        for name in section_class(section).model_fields:
            assert re.search(rf"^# {name} = ", text, re.MULTILINE)


def test_the_example_without_its_comment_marks_is_valid() -> None:
    text = re.sub(r"^# (?=[a-z_]+ = )", "", example_text(), flags=re.MULTILINE)
    opened = Settings.model_validate(tomllib.loads(text))
    assert opened.assess() == AssessSettings()
    assert opened.capture.width_px == 1280


def test_what_is_shown_can_be_read_back(tmp_path: Path) -> None:
    settings = load_settings(None, {"policy.sensitivity": 1.25, "general.profile": 'my "desk"'})
    shown = "\n".join(in_force_text(settings, {"policy": {"sensitivity": 1.25}}, "here"))
    assert Settings.model_validate(tomllib.loads(shown)) == settings
    assert "sensitivity = 1.25  # set in the file" in shown


@given(
    st.one_of(
        st.booleans(),
        st.integers(-(10**9), 10**9),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    )
)
def test_values_are_written_as_toml_reads_them(value: object) -> None:
    assert tomllib.loads(f"a = {toml_value(value)}") == {"a": value}


@given(text=st.text(max_size=200))
def test_no_text_is_a_crash(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    with suppress(SettingsError):
        load_settings(path)


_scalars = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.none(), st.lists(st.integers())
)


@given(
    plain=st.dictionaries(
        st.sampled_from([*Settings.model_fields, "other"]),
        st.one_of(
            _scalars, st.dictionaries(st.sampled_from(["sensitivity", "camera", "tick_s", "x"]), _scalars)
        ),
    )
)
def test_every_fault_has_words(plain: dict[str, Any]) -> None:
    from pydantic import ValidationError

    try:
        Settings.model_validate(plain)
    except ValidationError as error:
        for fault in error.errors():
            assert module.fault_line(fault)


def test_owner_only(home: Path) -> None:
    from posture_cv.atomic import private_folder, write_atomic

    write_atomic(private_folder(settings_file().parent) / "settings.toml", example_text())
    if os.name == "posix":
        assert stat.S_IMODE(settings_file().stat().st_mode) == 0o600
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
