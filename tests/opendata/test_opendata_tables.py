"""The tables as their users read them: pandas, Polars, R."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from cli_runner import Cli
from once import made_once
from posture_cv.measure.types import QUANTITIES
from posture_cv.opendata.export import export
from posture_cv.opendata.folder import Result, find_results, read_result
from posture_cv.opendata.frames import ResultError
from posture_cv.opendata.gather import gather
from posture_cv.opendata.tables import Field, from_rows
from posture_cv.opendata.write_csv import write_csv
from posture_cv.output.tables import column_stem


@pytest.fixture(scope="module")
def exported(folders: Sequence[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pyarrow.parquet")

    def make(out: Path) -> None:
        formats = [word for kind in ("csv", "parquet") for word in ("--format", kind)]
        done = Cli()("export", str(folders[0].parent), *formats, "--out", str(out))
        assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "exported", make)


def test_pandas_reads_the_time_series_as_it_is(exported: Path, results: Sequence[Result]) -> None:
    pd = pytest.importorskip("pandas")

    frame = pd.read_csv(exported / "csv" / "measurements" / "front.csv")
    m = results[0].measured
    assert len(frame) == len(m)
    assert frame["t_s"].to_numpy() == pytest.approx(m.t_s)
    for name, quantity in QUANTITIES.items():
        stem, unit = column_stem(quantity)
        assert frame[f"{stem}{unit}"].to_numpy(float) == pytest.approx(m.value(name), nan_ok=True)
        assert frame[f"{stem}_valid"].dtype == bool
        told = frame[f"{stem}_valid"].to_numpy()
        assert np.isfinite(frame[f"{stem}_sd{unit}"].to_numpy(float)[told]).all()
        assert frame[f"{stem}_reason"].isna().to_numpy()[told].all()
        assert frame[f"{stem}_reason"].notna().to_numpy()[~told].all()
    assert (~frame["forward_head_est_valid"]).any()  # the person leaves


def test_every_value_of_the_front_view_is_called_an_estimate(exported: Path) -> None:
    pd = pytest.importorskip("pandas")

    frame = pd.read_csv(exported / "csv" / "measurements" / "front.csv", nrows=1)
    values = [c for c in frame.columns if c.endswith(("_deg", "_cm"))]
    assert len(values) > 30
    assert all("_est_" in c for c in values)
    exposure = pd.read_csv(exported / "csv" / "exposure.csv")
    angles = exposure[exposure["unit"].isin(["deg", "cm"])]
    assert len(angles)
    assert angles["measure"].str.contains("_est_").all()


def test_parquet_holds_the_same_with_units(exported: Path) -> None:
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    pq = pytest.importorskip("pyarrow.parquet")

    path = exported / "parquet" / "measurements" / "side.parquet"
    frame, table = pl.read_parquet(path), pd.read_csv(exported / "csv" / "measurements" / "side.csv")
    assert frame.columns == list(table.columns)
    for column in ("t_s", "cva_change_est_deg", "trunk_incl_est_sd_deg"):
        assert frame[column].to_numpy() == pytest.approx(table[column].to_numpy(), nan_ok=True)
    assert frame["cva_change_est_valid"].dtype == pl.Boolean
    schema = pq.read_schema(path)
    assert schema.field("cva_change_est_deg").metadata[b"unit"] == b"deg"
    assert b"craniovertebral" in schema.field("cva_change_est_deg").metadata[b"description"]
    about = json.loads(schema.metadata[b"posture_cv"])
    assert about["source"]["name"] == "desk-side.mp4"


def test_tidy_tables_span_recordings(exported: Path, results: Sequence[Result]) -> None:
    pd = pytest.importorskip("pandas")

    for read, kind in ((pd.read_csv, "csv"), (pd.read_parquet, "parquet")):
        alerts = read(exported / kind / f"alerts.{kind}")
        assert len(alerts) == sum(len(r.alerts) for r in results)
        episodes = read(exported / kind / f"episodes.{kind}")
        assert set(episodes["recording"]) == {"front", "side"}
        exposure = read(exported / kind / f"exposure.{kind}")
        assert set(exposure["level"]) == {"recording", "participant", "participant_condition", "condition"}
        told = exposure[exposure["assessable"]]
        assert told["value"].notna().all()
        blank = exposure[~exposure["assessable"]]
        assert blank["value"].isna().all()
        assert blank["reason"].notna().all()
        assert exposure["unmeasured_s"].notna().all()
        assert set(exposure["source"]) >= {"rula", "reba", "iso11226", "apdf", "ours"}


def test_polars_reads_the_csv_tables(exported: Path) -> None:
    pl = pytest.importorskip("polars")

    exposure = pl.read_csv(exported / "csv" / "exposure.csv")
    assert exposure["assessable"].dtype == pl.Boolean
    front = exposure.filter((pl.col("recording") == "front") & (pl.col("measure") == "rula_neck"))
    assert front["reason"].unique().to_list() == ["not assessable from this view"]
    series = pl.read_csv(exported / "csv" / "measurements" / "front.csv", infer_schema_length=None)
    assert series["forward_head_est_deg"].dtype == pl.Float64
    assert series["severe"].dtype == pl.Boolean


def test_r_reads_the_tables(exported: Path) -> None:
    pd = pytest.importorskip("pandas")

    if shutil.which("Rscript") is None:
        pytest.skip("needs R")
    code = """
    d <- read.csv("measurements/front.csv"); e <- read.csv("exposure.csv")
    stopifnot(is.logical(d$forward_head_est_valid), is.numeric(d$forward_head_est_deg), is.logical(e$assessable))
    stopifnot(all(is.na(e$value[!e$assessable])), nrow(d) == 450)
    cat(sprintf("%.4f", mean(d$forward_head_est_deg, na.rm = TRUE)))
    """
    done = subprocess.run(
        ["Rscript", "-e", code], cwd=exported / "csv", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    mean = pd.read_csv(exported / "csv" / "measurements" / "front.csv")["forward_head_est_deg"].mean()
    assert float(done.stdout) == pytest.approx(mean, abs=1e-3)


def test_datapackage_describes_every_column(exported: Path) -> None:
    pd = pytest.importorskip("pandas")
    pq = pytest.importorskip("pyarrow.parquet")

    for kind in ("csv", "parquet"):
        package = json.loads((exported / kind / "datapackage.json").read_text(encoding="utf-8"))
        files = {p.relative_to(exported / kind).as_posix() for p in (exported / kind).rglob(f"*.{kind}")}
        assert {r["path"] for r in package["resources"]} == files
        for resource in package["resources"]:
            path = exported / kind / resource["path"]
            columns = pd.read_csv(path, nrows=1).columns if kind == "csv" else pq.read_schema(path).names
            assert [f["name"] for f in resource["schema"]["fields"]] == list(columns)
            numbers = [f for f in resource["schema"]["fields"] if f["name"].endswith(("_deg", "_cm", "_s"))]
            assert all("unit" in f for f in numbers if f["type"] == "number")
        measures = package["posture_cv"]["measures"]
        assert {m["source"] for m in measures.values()} <= package["posture_cv"]["sources"].keys()


def test_large_numbers_keep_their_digits() -> None:
    fields = (Field("n", "integer"), Field("value", "number"), Field("text", "string"))
    table = from_rows(
        "t", "", fields, [(1_234_567, 1_234_567.8, "a"), (None, float("nan"), ""), (3, 0.1234, "b")]
    )
    write_csv(file := StringIO(), table)
    assert file.getvalue().splitlines()[1:] == ["1234567,1234567.8,a", ",,", "3,0.1234,b"]


def test_names_in_any_script_keep_files_of_their_own(results: Sequence[Result], tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")

    names = ("Анна_стоя", "Борис_сидя", "p 1", "p-1", "P.1", "p.1", "…")
    named = [
        Result(results[0].folder, {**results[0].summary, "recording": n, "run": {}}, results[0].alerts)
        for n in names
    ]
    (out,) = export(gather(named), ["csv"], tmp_path, "Учёба")
    tables = list((out / "measurements").iterdir())
    assert {pd.read_csv(path, nrows=1)["recording"][0] for path in tables} == set(names)
    assert len(list((out / "sidecars").iterdir())) == len(names)
    package = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    called = [resource["name"] for resource in package["resources"]]
    assert len(set(called)) == len(called)
    assert all(re.fullmatch(r"[-a-z0-9._/]+", name) for name in [*called, package["name"]])


def test_sidecar_is_enough_to_reproduce(exported: Path, folders: Sequence[Path], tmp_path: Path) -> None:
    about = json.loads((exported / "csv" / "sidecars" / "front.json").read_text(encoding="utf-8"))
    assert len(about["source"]["sha256"]) == 64
    assert len(about["estimator"]["pose"]["sha256"]) == 64
    assert about["timing"]["found_hz"] == pytest.approx(10.0)
    assert about["timing"]["dropped_frames"] == 0
    assert about["baseline"]["calibrated_s"] == [0.0, 8.0]
    assert len(about["baseline"]["values"]["pose"]) == 33
    # what it names makes the same table again
    start, end = about["baseline"]["calibrated_s"]
    source = Path(__file__).resolve().parents[2] / "samples" / "desk-front.landmarks"
    done = Cli()(
        "replay",
        str(source),
        "--calibrate",
        f"{start}:{end}",
        "--alert-after",
        "5",
        "--out",
        str(tmp_path / "o"),
    )
    assert done.returncode == 0, done.stderr
    again, first = tmp_path / "o" / "measurements.csv", folders[0] / "measurements.csv"
    assert again.read_bytes() == first.read_bytes()


def test_killed_or_wrong_folders_are_named(tmp_path: Path, folders: Sequence[Path]) -> None:
    cli = Cli()
    out = str(tmp_path / "x")
    cli.fails("export", str(tmp_path), "--out", out, said="holds no summary.json")
    cli.fails("export", str(tmp_path / "none"), "--out", out, said="is no folder")
    cli.fails("export", str(folders[0]), str(folders[0]), "--out", out, said="is given twice")
    broken = tmp_path / "broken"
    shutil.copytree(folders[0], broken)
    text = (broken / "measurements.csv").read_text(encoding="utf-8").splitlines()
    (broken / "measurements.csv").write_text("\n".join([*text[:5], text[5][:40]]), encoding="utf-8")
    cli.fails("export", str(broken), "--out", out, said="is damaged")
    later = json.loads((broken / "summary.json").read_text(encoding="utf-8")) | {"schema_version": 2}
    (broken / "summary.json").write_text(json.dumps(later), encoding="utf-8")
    cli.fails("export", str(broken), "--out", out, said="later version of posture-cv has written it")
    (broken / "summary.json").write_text("[]", encoding="utf-8")
    cli.fails("export", str(broken), "--out", out, said="not the summary of a replay")
    (broken / "summary.json").write_text("[" * 100_000, encoding="utf-8")
    cli.fails("export", str(broken), "--out", out, said="summary.json")
    assert find_results([folders[0].parent]) == sorted(folders)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("measurements.csv", ",forward_head,", ",good,"),
        ("alerts.jsonl", '"lasted_s": ', '"lasted_s": 1'),
        ("provenance.json", '"frame_count": ', '"frame_count": 1'),
    ],
)
def test_results_that_were_changed_are_refused(
    name: str, old: str, new: str, tmp_path: Path, folders: Sequence[Path]
) -> None:
    """Everything in them can be read; only their checksum tells."""
    broken = tmp_path / "broken"
    shutil.copytree(folders[0], broken)
    text = (broken / name).read_text(encoding="utf-8")
    assert old in text
    (broken / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    said = f"cannot be read: {broken.resolve() / name}"
    for arguments in (
        ("export", str(broken), "--out", str(tmp_path / "open")),
        ("report", str(broken), "--out", str(tmp_path / "pages")),
        ("agree", str(broken), str(tmp_path / "sheet.csv"), "--ask", "4"),
    ):
        assert "SHA-256" in Cli().fails(*arguments, said=said).stderr
    assert list(tmp_path.iterdir()) == [broken]
    (broken / name).unlink()
    Cli().fails("export", str(broken), "--out", str(tmp_path / "open"), said=name)
    summary = json.loads((broken / "summary.json").read_text(encoding="utf-8"))
    shutil.copyfile(folders[0] / name, broken / name)
    (broken / "summary.json").write_text(json.dumps({**summary, "run": None}), encoding="utf-8")
    assert len(read_result(broken).measured) == 450  # of a version that noted none


def test_recordings_that_make_no_study_are_refused(tmp_path: Path, folders: Sequence[Path]) -> None:
    twin = tmp_path / "run" / "twin"
    shutil.copytree(folders[0], twin)
    shutil.copytree(folders[1], tmp_path / "run" / "side")
    summary = json.loads((twin / "summary.json").read_text(encoding="utf-8"))
    summary |= {"recording": "twin", "participant": "p 01", "condition": None}
    (twin / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    done = Cli().fails(
        "export",
        str(folders[0].parent),
        str(tmp_path / "run"),
        "--out",
        str(tmp_path / "o"),
        said="do not make one study",
    )
    assert "Two recordings are called 'side'" in done.stderr
    assert "front and twin show the same 44.9 s of one source" in done.stderr
    assert "No condition is given for twin, but for others it is" in done.stderr
    assert "The participant is spelt in several ways: 'P 01', 'p 01'" in done.stderr


def test_only_what_the_latest_run_of_many_names_is_taken(tmp_path: Path, folders: Sequence[Path]) -> None:
    """After a correction of the manifest the recording lies there twice, under its old and its new name."""
    for name in ("new", "old"):
        shutil.copytree(folders[0], tmp_path / "many" / name)
    (tmp_path / "many" / "recordings.csv").write_text("recording,status\nnew,done\n")
    assert find_results([tmp_path / "many"]) == [tmp_path / "many" / "new"]
    done = Cli().here("export", str(tmp_path / "many"), "--out", str(tmp_path / "open"))
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path / 'many' / 'old'} is not in recordings.csv" in done.stderr


def test_results_of_one_recording_do_not_hide_those_of_many(tmp_path: Path, folders: Sequence[Path]) -> None:
    """Two runs into one folder: which of them is meant is not guessed."""
    out = tmp_path / "out"
    shutil.copytree(folders[0], out)
    shutil.copytree(folders[1], out / "side")
    (out / "recordings.csv").write_text("recording,status\nside,done\n")
    with pytest.raises(ResultError, match=r"one recording and recordings\.csv, the table of many"):
        find_results([out])
    assert find_results([out / "side"]) == [out / "side"]


def test_a_folder_whose_name_is_no_unicode_has_a_legible_one(tmp_path: Path) -> None:
    result = Result(tmp_path / "bjo\udcf8rn", {"participant": "\ud800"}, ())
    assert (result.name, result.participant) == (r"bjo\udcf8rn", r"\ud800")
