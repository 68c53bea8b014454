"""The worked study of the samples: one command from videos to pages and tables."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cli_runner import Cli
from once import made_once
from posture_cv.errors import InputError
from posture_cv.landmarks.recording import RecordingInfo
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.opendata.folder import Result
from posture_cv.opendata.gather import gather
from posture_cv.replay.inputs import find_items
from posture_cv.replay.items import Item
from posture_cv.replay.study import check_study
from posture_cv.report.svg import Figure
from posture_cv.report.write import write_figures, write_study
from source_tree import ROOT

STUDY = ROOT / "samples" / "study"
END_S = 24


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of the four participants, their first seconds, every third of them: the whole takes minutes."""
    return made_once(tmp_path_factory, "study", _make_study) / "out"


def _make_study(folder: Path) -> None:
    for name in ("p1a.mp4", "p1b.mp4", "p2a.mp4", "p2b.mp4"):
        shutil.copyfile(STUDY / name, folder / name)
    lines = (STUDY / "manifest.csv").read_text(encoding="utf-8").splitlines()
    rows = [f"{lines[0]},end", *(f"{line},{END_S}" for line in lines[1:5])]
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    out = folder / "out"
    done = Cli()(
        *("study", str(folder / "manifest.csv"), "--out", str(out), "--alert-after", "10", "--every", "3s"),
        *("--conditions", "laptop,screen", "--format", "csv", "--format", "parquet", "--workers", "1"),
    )
    assert done.returncode == 0, done.stderr + done.stdout


def test_the_samples_are_what_the_manifest_says() -> None:
    lines = (STUDY / "manifest.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "file,participant,condition,calibrate"
    assert {line.split(",")[0] for line in lines[1:]} == {p.name for p in STUDY.glob("*.mp4")}
    assert {line.split(",")[2] for line in lines[1:]} == {"laptop", "screen"}


def test_study_page_links_to_every_recording(study: Path) -> None:
    text = (study / "study.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"#]+)"', text)
    assert len(links) == 4
    assert all((study / link).is_file() for link in links)
    for word in (
        "Conditions against each other",
        "screen less laptop",
        "Means over 2 participants",
        "Methods",
    ):
        assert word in text


def test_recordings_whose_names_come_to_one_folder_name_keep_a_page_each(
    results: Sequence[Result], tmp_path: Path
) -> None:
    names = ("山田", "鈴木")
    named = [
        replace(result, folder=result.folder.resolve(), summary={**result.summary, "recording": name})
        for result, name in zip(results[:2], names, strict=True)
    ]
    text = write_study(gather(named), tmp_path, "study").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"#]+)"', text)
    assert len(set(links)) == 2
    for link, name in zip(links, names, strict=True):
        assert name in (tmp_path / link).read_text(encoding="utf-8")


def test_figures_whose_names_come_to_one_are_a_file_each(tmp_path: Path) -> None:
    write_figures({name: Figure(10.0, 10.0, name) for name in ("立 座", "座 立")}, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_tables_of_the_study_are_read_by_pandas_and_polars(study: Path) -> None:
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    exposure = pd.read_csv(study / "open" / "csv" / "exposure.csv")
    good = exposure[(exposure["measure"] == "state") & (exposure["item"] == "good")]
    by_condition = good[good["level"] == "condition"].set_index("condition")
    assert set(by_condition.index) == {"laptop", "screen"}
    assert (by_condition["n"] == 2).all()
    cells = good[good["level"] == "participant_condition"]
    means = cells.groupby("condition")["value"].mean()
    assert by_condition["value"].to_dict() == pytest.approx(means.to_dict(), abs=2e-4)
    assert (by_condition["ci_low"] <= by_condition["value"]).all()
    differences = pl.read_parquet(study / "open" / "parquet" / "differences.parquet")
    row = differences.filter((pl.col("measure") == "state") & (pl.col("item") == "good"))
    assert row["difference"][0] == pytest.approx(means["screen"] - means["laptop"], abs=2e-4)
    assert row["n"][0] == 2
    assert row["agreement_low"][0] is None  # two participants have no limits of agreement


def test_a_second_run_replays_nothing(study: Path, tmp_path: Path) -> None:
    made, study = study.parent, shutil.copytree(study, tmp_path / "again")
    before = (study / "recordings.csv").read_bytes()
    done = Cli().here(
        *("study", str(made / "manifest.csv"), "--out", str(study), "--alert-after", "10"),
        *("--every", "3s", "--workers", "1"),
    )
    assert done.returncode == 0, done.stderr
    assert "4 of them finished by an earlier run" in done.stdout
    assert (study / "recordings.csv").read_bytes() == before


@pytest.mark.parametrize(("bad", "code"), [("p1a.mp4 p1b.mp4", 2), ("p1b.mp4", 3)])
def test_where_nothing_is_done_it_leaves_as_replay_does(tmp_path: Path, bad: str, code: int) -> None:
    """Of faults with a fault: 1 would say that all went well and nobody was there."""
    empty = Landmarks.empty(20)
    empty.t_s[:] = np.arange(20) / 10
    empty.size_px[:] = (640, 480)
    for name in ("p1a.mp4", "p1b.mp4"):
        with RecordingWriter(tmp_path / name, RecordingInfo({"name": name}, {})) as writer:
            writer.write(empty)
    for name in bad.split():
        (tmp_path / name).write_text("no video")
    profile = str(ROOT / "samples" / "desk-front.profile.json")
    rows = ["file,participant,condition,profile", *(f"p1{k}.mp4,p1,{k},{profile}" for k in "ab")]
    (tmp_path / "m.csv").write_text("\n".join(rows) + "\n")
    done = Cli().here("study", str(tmp_path / "m.csv"), "--out", str(tmp_path / "out"), "--workers", "1")
    assert "There is nothing to report." in done.stderr
    assert done.returncode == code, done.stderr


def test_bad_manifests_are_refused_before_hours_are_spent(tmp_path: Path) -> None:
    shutil.copyfile(STUDY / "p1a.mp4", tmp_path / "p1a.mp4")
    shutil.copyfile(STUDY / "p1b.mp4", tmp_path / "p1b.mp4")

    def manifest(*rows: str) -> str:
        path = tmp_path / "m.csv"
        path.write_text("\n".join(("file,participant,condition,start,end", *rows)) + "\n", encoding="utf-8")
        return str(path)

    def refused(path: str, said: str, conditions: Sequence[str] = ()) -> None:
        with pytest.raises(InputError) as error:
            check_study(find_items([path], tmp_path / "out"), conditions, calibrated=True)
        assert said in str(error.value)

    refused(manifest("gone.mp4,P1,laptop,,"), "there is no file gone.mp4")
    refused(manifest("p1a.mp4,P1,laptop,0,50", "p1a.mp4,P1,laptop,40,80"), "overlaps that of line 2")
    refused(manifest("p1a.mp4,P1,laptop,,", "p1a.mp4,P1,laptop,,"), "the same recording as line 2")
    spelt = manifest("p1a.mp4,P1,laptop,,", "p1b.mp4,p 1,screen,,")
    refused(spelt, "The same participant in several spellings: 'P1', 'p 1'")
    refused(manifest("p1a.mp4,P1,laptop,,", "p1b.mp4,,screen,,"), "No participant is given for")
    unknown = manifest("p1a.mp4,P1,laptop,,", "p1b.mp4,P1,sofa,,")
    options = ("--out", str(tmp_path / "out"), "--calibrate", "0:12", "--conditions", "laptop,screen")
    done = Cli().fails("study", unknown, *options, said="the unknown condition 'sofa'")
    assert "No recording has the condition 'screen'" in done.stderr
    assert not (tmp_path / "out" / "recordings.csv").exists()


def test_one_profile_does_not_judge_several_participants() -> None:
    def check(*lines: tuple[str, str | None, tuple[float, float] | None], calibrated: bool = False) -> None:
        items = [
            Item(f"{place}.mp4", participant=who, profile=profile, calibrate_s=own)
            for place, (who, profile, own) in enumerate(lines)
        ]
        check_study(items, [], calibrated=calibrated)

    own = (0.0, 12.0)
    check(
        ("P1", None, own), ("P2", None, own), ("P3", "three", None), ("P3", "three", None), ("P4", None, None)
    )
    check(("P1", None, None), ("P2", None, None), calibrated=True)
    check(("P1", None, None), ("P1", None, None))
    with pytest.raises(InputError, match="P1, P2 would all be judged by the default profile"):
        check(("P2", None, None), ("P1", None, None), ("P3", None, own))
    with pytest.raises(InputError, match="P1, P2 would all be judged by the profile 'desk'"):
        check(("P1", "desk", None), ("P2", "desk", None), calibrated=True)


def test_another_file_of_the_pages_name_is_said_before_anything_is_replayed(tmp_path: Path) -> None:
    mine = tmp_path / "study.html"
    mine.write_text("notes\n")
    given = (
        "study",
        str(ROOT / "samples" / "desk-side.landmarks"),
        "--calibrate",
        "0:5",
        "--out",
        str(tmp_path),
    )
    Cli().fails(*given, said=str(mine))
    assert mine.read_text() == "notes\n"
    assert list(tmp_path.iterdir()) == [mine]
