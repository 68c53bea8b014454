"""The pages: complete, closed to the network, honest about the view, small whatever the length."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import posture_cv
from amounts import amount
from cli_runner import Cli
from once import made_once
from posture_cv.exposure.catalogue import MEASURES
from posture_cv.exposure.measures import exposure
from posture_cv.exposure.sources import SOURCES
from posture_cv.file_facts import is_page
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements, Reason
from posture_cv.opendata.folder import Result, read_result
from posture_cv.opendata.frames import Frames
from posture_cv.opendata.gather import gather
from posture_cv.report.accuracy import measured
from posture_cv.report.methods import methods
from posture_cv.report.provenance import named_model, provenance
from posture_cv.report.recording import recording_page, timeline_data
from posture_cv.report.study import study_page
from posture_cv.report.svg import Figure
from posture_cv.report.tiles import MISSING, MOST_BINS, runs, tiles
from posture_cv.report.write import write_figures, write_study
from source_tree import ROOT


class Page(HTMLParser):
    """What a browser would load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, list[str]] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag if tag in ("script", "style") else ""
        if self._open and dict(attrs).get("type") != "application/json":
            self.inline.setdefault(tag, []).append("")
        else:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inline[self._open][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


@pytest.fixture(scope="module")
def pages(folders: Sequence[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(out: Path) -> None:
        done = Cli()("report", *map(str, folders), "--out", str(out))
        assert done.returncode == 0, done.stderr
        assert f"Written: {out / 'study.html'}" in done.stdout

    return made_once(tmp_path_factory, "pages", make)


def test_nothing_is_loaded_and_only_our_own_script_may_run(pages: Path) -> None:
    for path in (pages / "study.html", pages / "front" / "report.html", pages / "side" / "report.html"):
        text = path.read_text(encoding="utf-8")
        page = Page(text)
        assert not [a for _, a in page.tags if a.get("src") or a.get("srcset") or a.get("style")]
        links = [a["href"] for tag, a in page.tags if tag == "a" and a.get("href")]
        assert all(re.match(r"#|[\w./-]+\.html$", str(link)) for link in links), links
        assert not [
            tag for tag, _ in page.tags if tag in ("link", "iframe", "object", "embed", "form", "base")
        ]
        assert not [name for _, a in page.tags for name in a if name.startswith("on")]
        assert not re.search(r"https?://(?!www\.w3\.org)", text)
        (policy,) = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
        assert policy is not None
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "img-src" not in policy
        for kind in ("style", "script"):
            for inline in page.inline.get(kind, []):
                digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
                assert f"{kind}-src 'sha256-{digest}'" in policy


def test_every_measure_and_source_is_on_the_page(pages: Path) -> None:
    text = (pages / "side" / "report.html").read_text(encoding="utf-8").replace("&amp;", "&")
    for measure in MEASURES.values():
        assert measure.title in text
        assert SOURCES[measure.source].short in text
    for source in SOURCES.values():
        assert f'id="ref-{source.key}"' in text


def test_a_front_view_says_what_it_cannot_tell(pages: Path) -> None:
    front = (pages / "front" / "report.html").read_text(encoding="utf-8")
    side = (pages / "side" / "report.html").read_text(encoding="utf-8")
    assert front.count("not assessable from this view") > side.count("not assessable from this view") > 0
    assert "A camera there does not see the angles of neck and trunk" in front
    assert "A camera there does not see" not in side
    titles = re.findall(r'"title":"([^"]+)"', front)
    assert titles
    assert all("estimate" in title for title in titles)


def test_methods_and_accuracy_are_what_was_measured(pages: Path, results: Sequence[Result]) -> None:
    text = (pages / "study.html").read_text(encoding="utf-8")
    for result in results:
        assert result.summary["estimator"]["pose"]["sha256"][:12] in text
        found = measured()["views"][result.view.label]["quantities"]["cva_change_deg"]
        assert f"mean absolute error of {found['mae']:.1f} degrees (n = {found['n']}, " in text
        assert f"{found['mae']:.2f} deg" in text
    assert "forward head 2.3 degrees" in text
    assert "evaluate" in measured()["made_by"]


@pytest.mark.parametrize(
    ("sensitivity", "needed"),
    [
        (1.0, "Alerts needed a posture beyond these thresholds in 70 % of a window of 5.0 s"),
        (2.0, "Alerts needed a posture beyond 0.71 times these thresholds in 57 % of a window of 5.0 s"),
        (0.5, "Alerts needed a posture beyond 1.41 times these thresholds in 86 % of a window of 5.0 s"),
    ],
)
def test_methods_say_what_alerts_needed_at_that_sensitivity(
    results: Sequence[Result], sensitivity: float, needed: str
) -> None:
    given = results[0]
    settings = given.summary["settings"]
    policy = {**settings["policy"], "sensitivity": sensitivity}
    changed = Result(
        given.folder, {**given.summary, "settings": {**settings, "policy": policy}}, given.alerts, given.given
    )
    text = methods([changed], [exposure(given.series())])[1]
    assert needed in text
    assert "uncertainty; looking down 12.0 degrees of pitch." in text, "which no uncertainty widens"
    unknown = Result(given.folder, {**given.summary, "settings": {}}, given.alerts, given.given)
    assert "What alerts needed is not known." in methods([unknown], [exposure(given.series())])[1]


def test_imported_landmarks_name_a_model_without_a_checksum(folders: Sequence[Path], tmp_path: Path) -> None:
    """`import` notes a face mesh so; replay hands it on."""
    shutil.copytree(folders[0], tmp_path / "imported")
    path = tmp_path / "imported" / "summary.json"
    summary = json.loads(path.read_text())
    summary["estimator"] |= {"engine": "imported: npz", "pose": None, "face": {"name": "imported"}}
    path.write_text(json.dumps(summary))
    result = read_result(tmp_path / "imported")
    page = recording_page(result, exposure(result.series()))
    assert "models imported." in page
    assert named_model({"name": "m", "sha256": "ab" * 32}, digits=4) == "m, SHA-256 abab…"


def test_methods_do_not_claim_the_outline_and_the_accuracy_for_landmarks_made_elsewhere(
    results: Sequence[Result],
) -> None:
    given, own = results[0], "Body and face landmarks and the outline of the person were found with"
    missing = ["no face mesh: from in front forward head cannot be told", "no contour: rounding less surely"]
    source = {"kind": "import", "name": "op", "format": "openpose-json", "missing": missing}
    about = {"source": source, "estimator": {"engine": "imported: openpose-json", "pose": None, "face": None}}
    imported = Result(given.folder, {**given.summary, **about}, given.alerts)
    found = exposure(given.series())
    text = " ".join(methods([imported], [found]))
    assert text.startswith("1 recording (")
    assert "made elsewhere and brought in (openpose-json: no face mesh, no contour)." in text
    assert own not in text
    note = "These figures are of landmarks that posture-cv found itself"
    assert note in text
    assert recording_page(imported, found).count(note) == 2  # beside the table of accuracy, too
    assert note not in recording_page(given, found)
    both = " ".join(methods([given, imported], [found, found]))
    assert own in both
    assert "The landmarks of 1 recording were made elsewhere" in both


def test_conditions_without_participants_are_said_to_be_uncompared(results: Sequence[Result]) -> None:
    nobody = [Result(r.folder, {**r.summary, "participant": None}, r.alerts) for r in results]
    text = study_page(gather(nobody), "Study", {})
    assert "No participants are given. Conditions (laptop, screen)" in text
    assert "Means over" not in text
    assert "are means over participants of equal weight" not in text
    different = [Result(r.folder, {**r.summary, "participant": r.name}, r.alerts) for r in results]
    text = study_page(gather(different), "Study", {})
    assert "are means over participants of equal weight" in text
    assert "differences are within participants" not in text  # nobody was seen in both


def test_methods_do_not_call_a_baseline_of_several_participants_each_ones_own(
    results: Sequence[Result],
) -> None:
    given = results[0]

    def told(*names: str | None) -> str:
        those = [Result(given.folder, {**given.summary, "participant": who}, given.alerts) for who in names]
        return methods(those, [exposure(r.series()) for r in those])[0]

    own = "the change against the same person's own baseline"
    for names in (("P1", "P1"), ("P1", None)):
        assert own in told(*names)
        assert "one and the same" not in told(*names)
    assert own not in told("P2", "P1")
    assert "P1 and P2 were judged by one and the same baseline" in told("P2", "P1")


def test_methods_say_that_two_cameras_were_there(results: Sequence[Result]) -> None:
    given = results[0]
    alone = methods([given], [exposure(given.series())])[0]
    assert "camera at once" not in alone
    about = {"offset_found": True, "quantities": {"cva_change_deg": {"preferred": "side"}}}
    each = {"calibrated_s": [0.0, 6.0]}
    baseline = {"view": "front", "front": each, "side": {"calibrated_s": [1.5, 7.5]}}
    pair = Result(given.folder, {**given.summary, "pair": about, "baseline": baseline}, given.alerts)
    text = methods([pair], [exposure(given.series())])[0]
    assert "filmed by a front and a side camera at once, whose offset in time was found" in text
    assert "of 6 s at the seconds 0 to 6 before the front camera and" in text
    assert "of 6 s at the seconds 1.5 to 7.5 before the side camera" in text


def test_a_page_names_both_sources_and_their_offset(results: Sequence[Result]) -> None:
    given = results[0]
    offset = {"offset_s": 3.366, "offset_sd_s": 0.02, "offset_drift_s": 0.31, "agreement": 0.8}
    side = {"side_source": {"name": "left.mp4"}, "side_sha256": "ab" * 32}
    about = {**offset, "offset_found": True, **side, "quantities": {}}
    baseline = {"view": "front", "front": {"calibrated_s": [0.0, None]}, "side": {"calibrated_s": [1.5, 7.5]}}
    pair = Result(given.folder, {**given.summary, "pair": about, "baseline": baseline}, given.alerts)
    told = provenance(pair)
    assert [text.split(",")[0] for name, text in told if name == "source"] == ["desk-front.mp4", "left.mp4"]
    said = dict(told)
    assert said["offset of the second source"].startswith("+3.37 s, found, standard deviation 0.02 s")
    assert said["offset of the second source"].endswith("drift +0.31 s")
    assert said["baseline"] == "view front, front (calibrated s 0 to the end), side (calibrated s 1.5 to 7.5)"
    assert "sources desk-front.mp4 and left.mp4" in recording_page(pair, exposure(given.series()))


def test_figures_are_files_of_their_own(pages: Path) -> None:
    figures = sorted((pages / "side" / "figures").glob("*.svg"))
    assert len(figures) >= 9
    for path in [*figures, *(pages / "figures").glob("*.svg")]:
        root = ET.fromstring(path.read_text(encoding="utf-8"))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(list(root.iter())) >= 5


def test_timeline_holds_every_value(pages: Path, results: Sequence[Result]) -> None:
    text = (pages / "front" / "report.html").read_text(encoding="utf-8")
    found = re.search(r'id="timeline-data">(.*?)</script>', text, re.DOTALL)
    assert found
    data = json.loads(found[1])
    raw = np.frombuffer(zlib.decompress(base64.b64decode(data["packed"])), "<i2")
    low, high, _ = raw.reshape(3, len(data["quantities"]), data["bins"])
    m = results[0].measured
    value = m.value("forward_head_deg")
    told = np.isfinite(value)
    assert low[0][told] / 10.0 == pytest.approx(value[told])
    assert (low[0] == high[0]).all()
    assert (low[0][~told] == MISSING).all()
    assert sum(b - a for a, b, *_ in data["runs"]) == pytest.approx(45.0)
    assert [a["t_s"] for a in data["alerts"]] == [a["t_s"] for a in results[0].alerts]
    th = results[0].summary["settings"]["thresholds"]
    assert data["quantities"][0]["limits"] == [
        [th["neck_deg"], "forward head (neck alone)"],
        [th["neck_severe_deg"], "severe (neck alone)"],
    ]


def long_result(like: Result, hours: float, rate_hz: float) -> Result:
    """A recording as long as a working morning, with every quantity moving."""
    random = np.random.default_rng(5)
    n = int(hours * 3600 * rate_hz)
    t_s = np.arange(n) / rate_hz
    values = {}
    lost = np.repeat(random.random(n // 900 + 1) < 0.05, 900)[:n]
    for name, about in QUANTITIES.items():
        x = np.repeat(random.normal(0.0, 6.0, n // 600 + 1), 600)[:n] + random.normal(0.0, 0.6, n)
        reason = np.where(lost, Reason.NOBODY, Reason.OK).astype(np.int8)
        values[name] = Estimate.of(np.round(x, about.decimals), 1.5, reason)
    codes = np.ones(n, np.int8)
    reason = values["forward_head_deg"].reason
    state = np.where(lost, 12, codes).astype(np.int8)
    measured = Measurements(t_s, codes, reason, values)
    frames = Frames(measured, state, reason, np.zeros(n, bool))
    return Result(like.folder, like.summary, like.alerts, frames)


def test_four_hours_make_a_page_of_a_few_megabytes(results: Sequence[Result], tmp_path: Path) -> None:
    result = long_result(results[0], 4.0, amount(10.0, 30.0))
    assert len(result.measured) > 2 * MOST_BINS
    found = tiles(result, ["forward_head_deg"])
    assert found.bins == MOST_BINS
    assert found.bin_s < 0.5
    value = result.measured.value("forward_head_deg")
    assert found.high.max() == np.nanmax(np.round(value * 10.0))  # no extreme is lost
    assert found.low[found.low != MISSING].min() == np.nanmin(np.round(value * 10.0))
    text = recording_page(result, exposure(result.series()))
    assert len(text) < 4_000_000
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium to open the page")
    page = tmp_path / "four.html"
    page.write_text(text, encoding="utf-8")
    timing = opened(chromium, f"{page.as_uri()}#timing", tmp_path)
    assert timing["lanes"] == len(QUANTITIES)
    assert timing["drawings"] > 50
    # the work of one drawing follows the screen, not the recording
    assert timing["most_bins_drawn"] <= 1.6 * timing["pixels"]


def opened(chromium: str, address: str, home: Path) -> dict[str, float]:
    """Open a page and read what its script found."""
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,1600"]
    command += [f"--user-data-dir={home / 'chromium'}", "--virtual-time-budget=20000", "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    found = re.search(r'<output id="timing">(.*?)</output>', done.stdout)
    assert found, done.stderr[-2000:]
    timing: dict[str, float] = json.loads(found[1])
    return timing


def test_names_cannot_break_out_of_the_page(results: Sequence[Result]) -> None:
    nasty = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    summary = {**results[0].summary, "recording": nasty, "participant": nasty, "warnings": [nasty]}
    alerts = tuple({**a, "seen": nasty} for a in results[0].alerts)
    r = results[0]
    result = Result(r.folder, summary, alerts)
    page = Page(recording_page(result, exposure(result.series())))
    assert len(page.inline["script"]) == 1
    assert not [tag for tag, _ in page.tags if tag == "img"]


def test_names_in_any_script_keep_pages_and_figures_of_their_own(
    results: Sequence[Result], tmp_path: Path
) -> None:
    names = ("Анна_стоя", "Борис_сидя")
    named = [Result(results[0].folder, {**results[0].summary, "recording": n, "run": {}}, ()) for n in names]
    write_study(gather(named), tmp_path, "Учёба")
    assert {page.parent.name for page in tmp_path.glob("*/report.html")} == set(names)
    write_figures({name: Figure(10.0, 10.0, name) for name in names}, tmp_path / "two")
    assert len(list((tmp_path / "two").iterdir())) == len(names)


def test_somebody_s_own_figure_is_not_replaced(folders: Sequence[Path], tmp_path: Path) -> None:
    """One that bears the name of ours, and one of ours that was edited; a page and figures of ours are."""
    assert Cli()("report", str(folders[0]), "--out", str(tmp_path)).returncode == 0
    assert Cli()("report", str(folders[0]), "--out", str(tmp_path)).returncode == 0
    figure, page = tmp_path / "figures" / "postures.svg", tmp_path / "report.html"
    for text in ("<svg>mine</svg>", f'<?xml version="1.0"?>\n{figure.read_text()}'):
        figure.write_text(text)
        page.unlink()
        done = Cli()("report", str(folders[0]), "--out", str(tmp_path))
        assert done.returncode == 2
        assert "would be lost" in done.stderr
        assert figure.read_text() == text
        assert not page.exists(), "seen before anything is written"
        page.touch()


def test_somebody_s_own_page_is_not_replaced(folders: Sequence[Path], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Mine</title>\n'
    )
    before = page.read_bytes()
    done = Cli()("report", str(folders[0]), "--out", str(tmp_path))
    assert done.returncode == 2
    assert "would be lost" in done.stderr
    assert page.read_bytes() == before
    assert not (tmp_path / "figures").exists()


@pytest.mark.parametrize("template", ["evaluate/page.html.j2", "history/report.html.j2"])
def test_other_commands_pages_are_known_for_ours(template: str) -> None:
    """Else each would be written once, and never again."""
    assert is_page(Path(posture_cv.__file__).parent / template)


def test_what_a_killed_report_has_left_goes_with_the_next(folders: Sequence[Path], tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    left = [tmp_path / ".report.html.abcdefgh.part", tmp_path / "figures" / ".postures.svg.abcdefgh.part"]
    for path in left:
        path.write_text("half")
        os.utime(path, (1.0, 1.0))
    under_way = tmp_path / ".report.html.01234567.part"
    under_way.write_text("of a run beside this one")
    assert Cli()("report", str(folders[0]), "--out", str(tmp_path)).returncode == 0
    assert under_way.exists()
    assert not [path for path in left if path.exists()]


def test_runs_leave_gaps_out() -> None:
    t_s = np.array([0.0, 1.0, 2.0, 10.0, 11.0])
    seconds = np.array([1.0, 1.0, 3.5, 1.0, 1.0])
    state, reason = np.array([1, 1, 2, 2, 2], np.int8), np.zeros(5, np.int8)
    assert runs(t_s, seconds, state, reason) == [[0.0, 2.0, 1, 0], [2.0, 5.5, 2, 0], [10.0, 12.0, 2, 0]]


def test_timeline_of_nobody(results: Sequence[Result]) -> None:
    r = results[0]
    n = len(r.measured)
    values = {name: Estimate.withheld(n, Reason.NOBODY) for name in QUANTITIES}
    gone = np.full(n, Reason.NOBODY, np.int8)
    measured_nothing = Measurements(r.measured.t_s, r.measured.view, gone, values)
    frames = Frames(measured_nothing, np.full(n, 12, np.int8), gone, np.zeros(n, bool))
    result = Result(r.folder, r.summary, (), frames)
    assert timeline_data(result)["alerts"] == []
    assert "could not be told in this recording" in recording_page(result, exposure(result.series()))


def test_pictures_only_on_request(folders: Sequence[Path], tmp_path: Path) -> None:
    done = Cli().here(
        "report", str(folders[0]), "--out", str(tmp_path), "--thumbnails", str(ROOT / "samples")
    )
    assert done.returncode == 0, done.stderr
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    pictures = [a["src"] for tag, a in page.tags if tag == "img"]
    assert len(pictures) == 3  # one an alert
    assert all(str(src).startswith("data:image/jpeg;base64,") for src in pictures)
    Cli().fails("report", str(folders[0]), "--thumbnails", str(tmp_path), said="is not there")
    Cli().fails(
        "report", str(folders[0]), "--out", str(tmp_path / "page.html"), said="is a folder for results"
    )
    assert not (tmp_path / "page.html").exists()
