"""The catalogue stands in its documents, covers them, and is refused when it is faulty."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from posture_cv.assess.types import State
from posture_cv.guidance import catalogue as catalogue_module
from posture_cv.guidance.catalogue import ENTRY_FILES, load_catalogue
from posture_cv.guidance.entries import CAMERA_CHECKS, DESK_CHECKS, Catalogue, Dose
from posture_cv.guidance.parse import CatalogueError, parse_catalogue
from shared_material import shared_path

DOCUMENTS = ("000", "001", "002", "003", "004")
NOTIFICATION_CHARACTERS = 160  # what a desktop notification shows of a paragraph before it cuts


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.mark.parametrize("document_id", DOCUMENTS)
def test_each_quotation_stands_verbatim_in_its_document(catalogue: Catalogue, document_id: str) -> None:
    text = shared_path("documents", catalogue.document(document_id).file).read_text(encoding="utf-8")
    quotations = [entry.quotation for entry in catalogue.entries if entry.document == document_id]
    assert len(quotations) >= 10
    missing = [quotation for quotation in quotations if quotation is None or quotation not in text]
    assert missing == []


@pytest.mark.parametrize("document_id", DOCUMENTS)
def test_each_document_title_stands_in_it(catalogue: Catalogue, document_id: str) -> None:
    document = catalogue.document(document_id)
    assert document.title in shared_path("documents", document.file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("document_id", "words"),
    [
        ("000", "tension / stress headaches"),
        ("000", "lifts shoulders up to the ears"),
        ("000", "deep neck flexors"),
        ("000", "Two walks a day of 20-40 minutes"),
        ("001", "over 60 extra pounds"),
        ("001", "Its important to do these daily"),
        ("002", "ears aligned over shoulders"),
        ("002", "breaks every 30 minutes"),
        ("002", "Monitor screens should be eye-level"),
        ("002", "Bowel/bladder dysfunction"),
        ("003", "several micro breaks"),
        ("003", "regular small walks"),
        ("003", "limit the time you spend"),
        ("004", "As the upper back hunches forwards, the head is pushed as well"),
        ("004", "As the shoulders drop forward, the upper back flexes forwards"),
        ("004", "the curve in the lower back tends to decrease"),
        ("004", "post it note"),
        ("004", "Mechanical pain"),
        ("004", "Non-mechanical pain"),
    ],
)
def test_what_each_document_is_wanted_for_is_quoted(
    catalogue: Catalogue, document_id: str, words: str
) -> None:
    assert any(
        entry.document == document_id and words in (entry.quotation or "") for entry in catalogue.entries
    )


@pytest.mark.parametrize(
    ("exercise", "dose"),
    [
        ("half_kneeling", Dose("document", hold_s=30.0, repetitions=3, per_side=True)),
        ("arms_overhead", Dose("document", hold_s=5.0)),
        ("shoulder_raises", Dose("document", hold_s=2.0, repetitions=10, sets=3)),
        ("door_frame_rotation", Dose("document", hold_s=10.0, per_side=True)),
        ("cross_chest_stretch", Dose("document", hold_s=30.0, per_side=True)),
    ],
)
def test_doses_are_those_of_document_001(catalogue: Catalogue, exercise: str, dose: Dose) -> None:
    assert catalogue.entry(exercise).dose == dose
    assert catalogue.entry(exercise).document == "001"


def test_no_other_dose_claims_to_come_from_a_document(catalogue: Catalogue) -> None:
    from_documents = [e.id for e in catalogue.of_kind("exercise") if e.dose and e.dose.source == "document"]
    assert len(from_documents) == 5


AMOUNT = re.compile(
    r"\b(\d+|half|one|two|three|four|five|ten)\b[ -](?:an? |slow |short )?"
    r"(s|seconds?|minutes?|hours?|weeks?|times|sets|breaths?|pounds|degrees)\b"
)
# The documents' own words for a number.
SAID_AS = {"2": "a couple of", "3": "three"}


def test_no_amount_is_told_that_neither_the_document_nor_a_study_gives(catalogue: Catalogue) -> None:
    told = []
    for entry in (e for e in catalogue.entries if e.document and e.kind != "evidence"):
        document = shared_path("documents", catalogue.document(entry.document or "").file)
        known = " ".join(
            [document.read_text(encoding="utf-8"), *(e.text for e in catalogue.evidence_for(entry))]
        )
        told += [
            (entry.id, match[0])
            for match in AMOUNT.finditer(f"{entry.text} {entry.action or ''}")
            if not re.search(rf"\b({match[1]}|{SAID_AS.get(match[1], match[1])})\b", known)
            or (not match[1].isdigit() and match[0] not in known)
        ]
    assert told == []


@pytest.mark.parametrize(
    ("entry_id", "words"),
    [
        ("lumbar_support", "great start"),
        ("chair_height", "lower back"),
        ("keyboard_close", "tenses"),
        ("twisting_awkwardly", "stiff"),
        ("awkward_held", "awkward position"),
        ("daily_exercises", "every day"),
        ("fixed_hunch", "hunch"),
        ("fixed_hunch", "the clinic holds"),
        ("forward_head_and_pain", "In another sample those with neck pain held it less far forward."),
    ],
)
def test_a_paraphrase_says_what_its_document_says(catalogue: Catalogue, entry_id: str, words: str) -> None:
    assert words in catalogue.entry(entry_id).text


def test_the_unexplained_signs_are_those_that_document_004_lists(catalogue: Catalogue) -> None:
    listed = "blood in stools, heavy periods, headaches, nausea, swelling"
    assert listed in shared_path("documents", catalogue.document("004").file).read_text(encoding="utf-8")
    assert listed in catalogue.entry("flag_systemic").text


def test_what_stops_the_exercises_can_be_found_from_where_it_is_said(catalogue: Catalogue) -> None:
    assert "posture-cv guidance red-flags" in catalogue.entry("stop_and_ask").text


def test_dose_reads_as_words() -> None:
    assert Dose("document", hold_s=2.0, repetitions=10, sets=3).as_text() == "hold 2 s, 10 times, 3 sets"
    assert Dose("ours", hold_s=180.0, repetitions=1, per_side=True).as_text() == "hold 3 min, once, each side"


def test_every_posture_that_is_named_has_guidance(catalogue: Catalogue) -> None:
    spoken = set(State) - {State.GOOD, State.AWAY, State.CANNOT_TELL}
    occasions = {"break", "stillness", "end_of_day", "setup"}
    assert {cue.id for cue in catalogue.cues} == {state.label for state in spoken} | occasions


def test_every_camera_movement_and_desk_finding_has_an_entry(catalogue: Catalogue) -> None:
    assert {e.camera_can_see for e in catalogue.of_kind("exercise")} - {None} == set(CAMERA_CHECKS)
    assert all(catalogue.for_check(check) for check in DESK_CHECKS)


def test_the_evidence_goes_with_what_it_contradicts(catalogue: Catalogue) -> None:
    sixty = catalogue.entry("sixty_pounds")
    assert {note.id for note in catalogue.evidence_for(sixty)} == {"sixty_pounds_model", "text_neck_and_pain"}
    assert "screen_top_edge" in catalogue.entry("screen_eye_level").evidence
    assert all(note.sources for note in catalogue.of_kind("evidence"))


def test_nothing_is_said_twice(catalogue: Catalogue) -> None:
    for sentences in (
        [entry.text for entry in catalogue.entries],
        [entry.action for entry in catalogue.entries if entry.action],
        [template for cue in catalogue.cues for template in cue.seen],
    ):
        assert sorted(set(sentences)) == sorted(sentences)


def test_prompts_fit_a_notification(catalogue: Catalogue) -> None:
    prompted = [entry for entry in catalogue.entries if entry.triggers]
    too_long = [e.id for e in prompted if max(len(e.text), len(e.action or "")) > NOTIFICATION_CHARACTERS]
    assert too_long == []


def test_texts_print_on_any_terminal(catalogue: Catalogue) -> None:
    assert str(catalogue).isascii()


def test_catalogue_is_read_once() -> None:
    assert load_catalogue() is load_catalogue()


def test_unknown_ids_are_a_key_error(catalogue: Catalogue) -> None:
    for look_up in (catalogue.entry, catalogue.cue, catalogue.document):
        with pytest.raises(KeyError, match="nothing"):
            look_up("nothing")


def raw() -> tuple[dict[str, Any], dict[str, Any]]:
    return catalogue_module._read("frame"), {name: catalogue_module._read(name) for name in ENTRY_FILES}


def entry_of(files: dict[str, Any], entry_id: str) -> dict[str, Any]:
    found = [row for table in files.values() for row in table["entries"] if row["id"] == entry_id]
    assert len(found) == 1
    row: dict[str, Any] = found[0]
    return row


@pytest.mark.parametrize(
    ("entry_id", "change", "fault"),
    [
        ("neck_circles", {"kind": "magic"}, "neck_circles: kind magic is not known"),
        ("neck_circles", {"topics": ["nowhere"]}, "neck_circles: topics nowhere is not known"),
        ("neck_circles", {"triggers": ["yawn"]}, "neck_circles: triggers yawn is not known"),
        ("neck_circles", {"triggers": []}, "neck_circles: triggers must be a list of texts"),
        ("neck_circles", {"text": " "}, "neck_circles: text must be a text"),
        ("neck_circles", {"colour": "red"}, "neck_circles: colour is not known"),
        ("neck_circles", {"camera_can_see": "hips"}, "neck_circles: camera_can_see hips is not known"),
        ("neck_circles", {"dose": {"source": "ours", "hold_s": 0.0}}, "hold_s must be seconds above 0"),
        ("neck_circles", {"dose": {"source": "ours", "sets": True}}, "sets must be a whole number"),
        ("neck_circles", {"dose": {"source": "hearsay"}}, "dose.source must be document or ours"),
        ("neck_circles", {"dose": {"source": "ours", "per_side": 1}}, "per_side must be true or false"),
        ("neck_circles", {"dose": {"source": "ours", "reps": 1}}, "dose.reps is not known"),
        ("neck_circles", {"dose": 3}, "dose must be a table"),
        ("neck_circles", {"urgency": "urgent"}, "only a red flag, has an urgency"),
        ("neck_circles", {"evidence": ["rumour"]}, "neck_circles: evidence rumour is not known"),
        ("flag_night", {"urgency": "later"}, "flag_night: urgency later is not known"),
        ("flag_night", {"triggers": ["shrug"], "action": "Go."}, "are never prompted"),
        ("post_it", {"steps": ["Write."]}, "only an exercise has steps"),
        ("enlarge_text", {"quotation": "never said"}, "a document needs a quotation"),
        ("enlarge_text", {"checks": ["moon"]}, "enlarge_text: checks moon is not known"),
        ("pain_limit", {"id": "sixty_pounds"}, "entry sixty_pounds stands twice"),
    ],
)
def test_a_faulty_entry_is_refused_and_named(entry_id: str, change: dict[str, Any], fault: str) -> None:
    frame, files = raw()
    entry_of(files, entry_id).update(change)
    with pytest.raises(CatalogueError) as refused:
        parse_catalogue(frame, files)
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("entry_id", "missing", "fault"),
    [
        ("neck_circles", "title", "neck_circles: title is missing"),
        ("neck_circles", "steps", "an exercise needs steps and a dose"),
        ("neck_circles", "quotation", "a document needs a quotation"),
        ("enlarge_text", "sources", "enlarge_text: neither document nor sources"),
        ("post_it", "action", "post_it: a trigger needs an action"),
        ("flag_night", "urgency", "only a red flag, has an urgency"),
        ("neck_circles", "id", "an entry without id: id is missing"),
    ],
)
def test_a_lacking_entry_is_refused_and_named(entry_id: str, missing: str, fault: str) -> None:
    frame, files = raw()
    del entry_of(files, entry_id)[missing]
    with pytest.raises(CatalogueError) as refused:
        parse_catalogue(frame, files)
    assert fault in str(refused.value)


def without_pain_limit(frame: dict[str, Any], files: dict[str, Any]) -> None:
    files["000"]["entries"] = [row for row in files["000"]["entries"] if row["id"] != "pain_limit"]


def with_an_empty_topic(frame: dict[str, Any], files: dict[str, Any]) -> None:
    frame["topics"].append({"id": "feet", "title": "Feet"})


def with_a_mute_cue(frame: dict[str, Any], files: dict[str, Any]) -> None:
    frame["cues"].append({"id": "yawn", "seen": ["You yawned."]})


def with_a_bad_template(frame: dict[str, Any], files: dict[str, Any]) -> None:
    frame["cues"][0]["seen"] = ["Forward {how_far}."]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (without_pain_limit, "entry pain_limit is missing"),
        (with_an_empty_topic, "topic feet has no entry"),
        (with_a_mute_cue, "cue yawn has no entry"),
        (with_a_bad_template, "forward_head: cannot fill in"),
    ],
)
def test_a_faulty_frame_is_refused(
    spoil: Callable[[dict[str, Any], dict[str, Any]], None], fault: str
) -> None:
    frame, files = raw()
    spoil(frame, files)
    with pytest.raises(CatalogueError) as refused:
        parse_catalogue(frame, files)
    assert fault in str(refused.value)


def test_all_faults_are_named_at_once() -> None:
    frame, files = raw()
    del entry_of(files, "post_it")["title"]
    entry_of(files, "neck_circles")["text"] = 3
    with pytest.raises(CatalogueError) as refused:
        parse_catalogue(frame, files)
    assert "post_it: title is missing" in str(refused.value)
    assert "neck_circles: text must be a text" in str(refused.value)


@pytest.mark.parametrize("content", [None, "entries = [", b"\xff\xfe"])
def test_a_damaged_file_is_named(
    content: str | bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if content is not None:
        (data / "frame.toml").write_bytes(content.encode() if isinstance(content, str) else content)
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path)
    with pytest.raises(CatalogueError, match=r"frame\.toml"):
        catalogue_module._read("frame")
