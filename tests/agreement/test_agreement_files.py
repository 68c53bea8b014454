"""Label files of every kind, sound and damaged."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from posture_cv.agreement.eaf import read_eaf
from posture_cv.agreement.read import as_postures, chosen, on_the_sources_clock, read_labels
from posture_cv.agreement.texts import seconds
from posture_cv.agreement.types import LabelError, Labels
from posture_cv.assess.types import State

EXPECTED = [(0.0, 10.0, "upright"), (10.0, 18.5, "forward head"), (20.0, 23.0, "upright")]

PLAIN = "start,end,label\n0,10,upright\n0:10,18.5,forward head\n20,0:00:23,upright\n"
SEMICOLON = "start;end;label\n0;10;upright\n10;18,5;forward head\n20;23;upright\n"
BORIS_7 = (  # lines about the observation come first
    "Observation id\tobs1\n\nMedia file(s)\n\nPlayer #1\tdesk.mp4\n\n"
    "Time\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\tBehavioral category\tComment\tStatus\n"
    "0.0\tdesk.mp4\t45\t10\tNo focal subject\tupright\t\t\tSTART\n"
    "10.0\tdesk.mp4\t45\t10\tNo focal subject\tupright\t\t\tSTOP\n"
    "10.0\tdesk.mp4\t45\t10\tNo focal subject\tforward head\t\t\tSTART\n"
    "12.0\tdesk.mp4\t45\t10\tNo focal subject\tcough\t\t\tPOINT\n"
    "18.5\tdesk.mp4\t45\t10\tNo focal subject\tforward head\t\t\tSTOP\n"
    "20.0\tdesk.mp4\t45\t10\tNo focal subject\tupright\t\t\tSTART\n"
    "23.0\tdesk.mp4\t45\t10\tNo focal subject\tupright\t\t\tSTOP\n"
)
BORIS_8 = (
    "Observation id,Observation date,Media file name,Subject,Behavior,Behavior type,Time,Comment\n"
    "obs1,2024-01-01,desk.mp4,No focal subject,upright,START,0.000,\n"
    "obs1,2024-01-01,desk.mp4,No focal subject,upright,STOP,10.000,\n"
    "obs1,2024-01-01,desk.mp4,No focal subject,forward head,START,10.000,\n"
    "obs1,2024-01-01,desk.mp4,No focal subject,forward head,STOP,18.500,\n"
    "obs1,2024-01-01,desk.mp4,No focal subject,upright,START,20.000,\n"
    "obs1,2024-01-01,desk.mp4,No focal subject,upright,STOP,23.000,\n"
)
BORIS_AGGREGATED = (
    "Observation id\tObservation date\tSubject\tBehavior\tBehavioral category\tBehavior type\tStart (s)\tStop (s)\t"
    "Duration (s)\tMedia file name\tComment start\tComment stop\n"
    "obs1\t2024\tNo focal subject\tforward head\t\tSTATE\t10.000\t18.500\t8.5\tdesk.mp4\t\t\n"
    "obs1\t2024\tNo focal subject\tupright\t\tSTATE\t0.000\t10.000\t10\tdesk.mp4\t\t\n"
    "obs1\t2024\tNo focal subject\tcough\t\tPOINT\t12.000\t12.000\tNA\tdesk.mp4\t\t\n"
    "obs1\t2024\tNo focal subject\tupright\t\tSTATE\t20.000\t23.000\t3\tdesk.mp4\t\t\n"
)
ELAN_PLAIN = (  # ELAN's own default: no header; tier, participant, begin, end, duration, annotation
    "posture\t\t00:00:00.000\t00:00:10.000\t00:00:10.000\tupright\n"
    "posture\t\t00:00:10.000\t00:00:18.500\t00:00:08.500\tforward head\n"
    "posture\t\t00:00:20.000\t00:00:23.000\t00:00:03.000\tupright\n"
)
ELAN_HEADER = (
    "Begin Time - msec\tBegin Time - ss.msec\tEnd Time - msec\tEnd Time - ss.msec\tDuration - ss.msec\tposture\n"
    "0\t0.0\t10000\t10.0\t10.0\tupright\n"
    "10000\t10.0\t18500\t18.5\t8.5\tforward head\n"
    "20000\t20.0\t23000\t23.0\t3.0\tupright\n"
)
EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="10000"/>
    <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="18500"/><TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="20000"/>
    <TIME_SLOT TIME_SLOT_ID="ts5" TIME_VALUE="23000"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="default" TIER_ID="posture">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
      <ANNOTATION_VALUE>upright</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
      <ANNOTATION_VALUE>forward head</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts4" TIME_SLOT_REF2="ts5">
      <ANNOTATION_VALUE>upright</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
</ANNOTATION_DOCUMENT>
"""


def read(text: str, tmp_path: Path, name: str = "labels.txt") -> Labels:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_labels(path)


@pytest.mark.parametrize(
    ("text", "kind", "points"),
    [
        (PLAIN, "CSV", 0),
        (SEMICOLON, "CSV", 0),
        ("\ufeff" + PLAIN, "CSV", 0),
        (BORIS_7, "BORIS tabular events", 1),
        (BORIS_8, "BORIS tabular events", 0),
        (BORIS_AGGREGATED, "BORIS aggregated events", 1),
        (ELAN_PLAIN, "ELAN tab-delimited", 0),
        (ELAN_HEADER, "ELAN tab-delimited", 0),
        (EAF, "ELAN .eaf", 0),
    ],
)
def test_every_format_gives_the_same_labels(text: str, kind: str, points: int, tmp_path: Path) -> None:
    labels = read(text, tmp_path)
    assert [(s.start_s, s.end_s, s.name) for s in labels.stretches] == EXPECTED
    assert (labels.kind, labels.points) == (kind, points)
    postures = as_postures(chosen(labels, None, "x"), {}, "x")
    assert [state for _, state in postures] == [State.GOOD, State.FORWARD_HEAD, State.GOOD]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b,c\n1,2,3\n", "No labels are recognised"),
        ("", "No labels are recognised"),
        (
            f'{{"behaviors_conf": "{"x" * 200_000}"}}',
            "No labels are recognised",
        ),  # a BORIS project is one line
        (f"start,end,label\n0,{'9' * 400}:00:01,good\n", "is no time"),
        (f"start,end,label\n0,{'9' * 5000}:00:01,good\n", "is no time"),
        (EAF.replace('"18500"', f'"{"9" * 400}"'), "'forward head' of tier 'posture' has no time of its own"),
        (
            EAF.replace('"18500"', f'"{"9" * 5000}"'),
            "'forward head' of tier 'posture' has no time of its own",
        ),
        ("start,end,label\n", "no labelled stretch"),
        ("start,end,label\nx,2,good\n3,1,good\n1,2,\n", "Line 2: 'x' is no time"),
        ("start,end,label\nx,2,good\n3,1,good\n1,2,\n", "Line 3: It ends at 1 s, not after its begin at 3 s"),
        ("start,end,label\nx,2,good\n3,1,good\n1,2,\n", "Line 4: The label is empty"),
        (
            BORIS_8.replace("upright,STOP,10.000,", "cough,STOP,10.000,"),
            "'cough' stops without having started",
        ),
        (BORIS_8.replace("upright,STOP,10.000,", "cough,STOP,10.000,"), "'upright' starts again"),
        (BORIS_8.rsplit("obs1", 1)[0], "'upright' starts and never stops"),
        (EAF.replace('TIME_VALUE="18500"', ""), "'forward head' of tier 'posture' has no time of its own"),
        (EAF.replace("</TIER>", ""), "The ELAN file is damaged"),
        ("<html></html>", "Not an ELAN file"),
        (
            '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
            "declares a document type",
        ),
    ],
)
def test_damaged_files_are_named_with_their_lines(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(LabelError) as error:
        read(text, tmp_path)
    assert said in str(error.value)


def test_binary_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    with pytest.raises(LabelError, match="no text"):
        read_labels(tmp_path / "x.csv")
    with pytest.raises(LabelError, match="cannot be read"):
        read_labels(tmp_path / "none.csv")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs a file that is none")
def test_what_is_no_file_is_refused_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(path: Path, *_: object) -> bytes:
        raise AssertionError(path)

    monkeypatch.setattr(Path, "read_bytes", opened)
    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as there:
        there.bind("labels.csv")
        for path in (Path("labels.csv"), Path(os.devnull)):
            with pytest.raises(LabelError, match="a pipe, a socket or a device"):
                read_labels(path)


def test_an_entity_reaches_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("upright", encoding="utf-8")
    data = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>{EAF.partition("?>")[2]}'.encode()
    with pytest.raises(LabelError, match="document type"):
        read_eaf(data, "x.eaf")


def test_unknown_labels_overlaps_and_codings(tmp_path: Path) -> None:
    labels = read("start,end,label\n0,5,good\n4,8,bent\n8,9,fhp\n", tmp_path)
    with pytest.raises(LabelError) as error:
        as_postures(labels, {}, "x")
    assert "'bent' is no posture" in str(error.value)
    with pytest.raises(LabelError, match="'bent' from 4 s overlaps 'good', which ends at 5 s"):
        as_postures(labels, {"Bent": "looking down"}, "x")
    with pytest.raises(LabelError, match="'xyz' is no posture") as error:
        as_postures(labels, {"bent": "xyz"}, "x")
    assert "use --map" not in str(error.value)
    two = read(BORIS_8 + BORIS_8.split("\n", 1)[1].replace("obs1", "obs2"), tmp_path)
    with pytest.raises(LabelError, match="several codings"):
        chosen(two, None, "x")
    with pytest.raises(LabelError, match="no coding 'obs3'"):
        chosen(two, "obs3", "x")
    assert len(chosen(two, "obs2", "x").stretches) == 3


NOTES = EAF.replace(
    "</ANNOTATION_DOCUMENT>",
    """<TIER LINGUISTIC_TYPE_REF="default" TIER_ID="notes">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
      <ANNOTATION_VALUE></ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER></ANNOTATION_DOCUMENT>""",
)


@pytest.mark.parametrize(
    ("text", "coding"),
    [
        (NOTES, "posture"),
        (BORIS_8 + "obs2,2024-01-01,desk.mp4,No focal subject,upright,STOP,3.000,\n", "obs1"),
        ("start,end,label,rater\n0,10,upright,A\n10,18.5,forward head,A\n20,23,upright,A\n5,4,,B\n", "A"),
    ],
)
def test_only_the_coding_that_is_asked_for_must_be_sound(text: str, coding: str, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text(text, encoding="utf-8")
    found = chosen(read_labels(tmp_path / "labels", coding), coding, "x")
    assert [(s.start_s, s.end_s, s.name) for s in found.stretches] == EXPECTED
    with pytest.raises(LabelError) as raised:
        read_labels(tmp_path / "labels")
    assert "--coding" in raised.value.what_to_do


def media(*found: tuple[str, str]) -> str:
    """The ELAN file with these media files and where its clock begins in each."""
    linked = (
        f'<MEDIA_DESCRIPTOR MEDIA_URL="{url}" MIME_TYPE="video/mp4" {origin}/>' for url, origin in found
    )
    return EAF.replace('TIME_UNITS="milliseconds"/>', f'TIME_UNITS="milliseconds">{"".join(linked)}</HEADER>')


@pytest.mark.parametrize(
    ("text", "by_s"),
    [
        (EAF, 0.0),
        (media(("file:///C:/films/my%20desk.mp4", "")), 0.0),
        (media(("file:///C:/films/other.mp4", 'TIME_ORIGIN="2500"')), 2.5),  # the only one: renamed since
        (
            media(("file:///a/My%20desk.mp4", 'TIME_ORIGIN="40"'), ("file:///a/side.mp4", 'TIME_ORIGIN="7"')),
            0.04,
        ),
        (media(("file:///a/my%20desk.mp4", ""), ("file:///a/side.mp4", 'TIME_ORIGIN="7000"')), 0.0),
        (media(("file:///a/my%20desk.mp4", 'TIME_ORIGIN="soon"')), 0.0),
        (PLAIN, 0.0),
    ],
)
def test_labels_of_media_that_elan_plays_from_within_are_counted_from_the_sources_start(
    text: str, by_s: float, tmp_path: Path
) -> None:
    found, moved_s = on_the_sources_clock(read(text, tmp_path), "my desk.mp4", "x")
    assert moved_s == by_s
    assert [s.name for s in found.stretches] == [name for _, _, name in EXPECTED]
    times_s = [t for s in found.stretches for t in (s.start_s, s.end_s)]
    assert times_s == pytest.approx([t + by_s for a, b, _ in EXPECTED for t in (a, b)])


def test_of_several_media_none_of_which_is_the_source_the_clock_is_unknown(tmp_path: Path) -> None:
    text = media(("file:///a/front.mp4", ""), ("file:///a/side.mp4", 'TIME_ORIGIN="7000"'))
    with pytest.raises(LabelError) as raised:
        on_the_sources_clock(read(text, tmp_path), "desk.mp4", "x")
    assert "'side.mp4' at 7 s. None is called 'desk.mp4'" in raised.value.detail


def test_a_long_table_of_something_else_is_refused_without_a_wait(tmp_path: Path) -> None:
    """The program's own table of frames is easily given for the labels; an hour of it has 36,000 rows."""
    rows = "".join(f"{k / 10:.1f},good,1.0,2.0\n" for k in range(36_000))
    begun_s = time.process_time()
    with pytest.raises(LabelError, match="No labels are recognised"):
        read(f"t_s,state,a,b\n{rows}", tmp_path)
    assert time.process_time() - begun_s < 5.0


def test_times() -> None:
    assert [seconds(t) for t in ("12.5", "1:02.5", "01:00:00", "00:01:02,500", "", "-1", "nan", "1e9")] == [
        *(12.5, 62.5, 3600.0, 62.5),
        *(None, None, None, None),
    ]
    assert [seconds(t) for t in ("0:75", "1:60:00", "75:30", "1:59:59.5")] == [None, None, 4530.0, 7199.5]
