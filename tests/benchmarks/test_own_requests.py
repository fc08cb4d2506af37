"""The 120 requests: number and mix, files that exist, plans that fit the cards, checkers that judge."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.own_requests.calculations import city_time, isbn_check, loan_instalment, unit_conversion, working_days
from benchmarks.own_requests.judging import judged, rows_of
from benchmarks.own_requests.media import make_media
from benchmarks.own_requests.readers import (
    REGISTERED,
    acronym_meaning,
    morse_code,
    register_all,
    term_translation,
    word_count,
)
from benchmarks.own_requests.request import chosen, read_requests
from orchestrator import Orchestrator
from orchestrator.artifact import ARTIFACT_CLASSES, Audio, Text, kind_of
from orchestrator.controller.plan_language import read
from orchestrator.errors import BadRequest
from orchestrator.types import Answer, Request


@pytest.fixture(scope="module")
def requests():
    return read_requests()


def test_number_and_mix(requests):
    assert Counter(request.language for request in requests) == {"en": 60, "zh": 60}
    assert sum(request.kind == "decline" for request in requests) >= 10
    assert 10 <= sum(request.kind == "follow-up" for request in requests) <= 15
    assert sum(request.uses_registered for request in requests) >= 40
    assert len({request.text for request in requests}) == 120


def test_every_registered_expert_is_asked(requests):
    assert {name for request in requests for name in request.experts} >= REGISTERED


def test_an_answered_request_is_checked_by_more_than_its_status(requests):
    assert [r.id for r in requests if "answered" in r.status and not (r.says or r.artifacts)] == []


def test_the_question_itself_never_passes_for_an_answer(requests):
    echoes = [Answer(status="answered", text=request.text) for request in requests]
    right = [r.id for r, answer in zip(requests, echoes, strict=True) if judged(r, answer, 0).is_right]
    assert right == []


def test_every_plan_fits_the_cards(requests, home, tmp_path):
    with Orchestrator({}, home=home) as baton:
        register_all(baton, tmp_path / "training")
        cards = baton.registry.cards
    by_id = {request.id: request for request in requests}
    statuses = {"answered": "planned", "needs_input": "needs_input", "abstained": "abstained"}
    for request in requests:
        turn = request
        while turn.follows is not None and not turn.files:
            turn = by_id[turn.follows]
        files = tuple(ARTIFACT_CLASSES[kind_of(name)].from_bytes(b"{}", name=name) for name in turn.files)
        plan = read("\n".join(request.plan), Request(text=request.text, artifacts=files), cards)
        assert (request.id, plan.status) == (request.id, statuses[request.status[0]])
        assert tuple(step.expert for step in plan.steps) == request.experts


def test_every_file_is_made(requests, tmp_path):
    pytest.importorskip("espeakng_loader")
    make_media(tmp_path)
    named = {name for request in requests for name in request.files}
    assert named - {path.name for path in tmp_path.iterdir()} == set()


def test_a_turn_brings_the_turns_before_it(requests):
    assert [r.id for r in chosen(requests, ["zh-clip-count"])] == ["zh-clip-length", "zh-clip-words", "zh-clip-count"]
    with pytest.raises(BadRequest, match="id of a request"):
        chosen(requests, ["nothing"])


def test_a_checker_wants_status_words_and_files(requests):
    by_id = {request.id: request for request in requests}
    service = by_id["en-service-interval"]
    wrong = judged(service, Answer(status="answered", text="Every 12 months.", confidence=0.9), 0.1)
    assert wrong.missing == ("no '18 months'", "but '12 months'")
    assert wrong.is_confidently_wrong
    assert judged(service, Answer(status="answered", text="Every 18 months."), 0.1).is_right
    assert judged(service, Answer(status="abstained"), 0.1).missing == ("status answered, not abstained",)
    second = Audio.of([0.1] * 8000, 8000)
    aloud = Answer(status="answered", text="attached", artifacts=(second,))
    assert judged(by_id["zh-bearing-aloud"], aloud, 0.1).is_right
    assert judged(by_id["zh-news-aloud"], aloud, 0.1).missing == ("no audio as wanted",)


def test_rows_count_right_and_confidently_wrong(requests):
    answers = [Answer(status="abstained", confidence=0.9) for _ in requests]
    rows = {r.group: r for r in rows_of(requests, [judged(q, a, 0) for q, a in zip(requests, answers, strict=True)])}
    assert rows["decline"].right.value == 1.0
    assert rows["chain"].right.value == 0.0
    assert rows["all"].confidently_wrong.value == 0.0
    assert rows["all"].right.num_samples == 120


def test_the_registered_experts_reckon_rightly():
    assert loan_instalment(12000, 6, 24).value == {"monthly_payment": 531.85, "total_interest": 764.34}
    assert city_time("下午3点", "北京", "伦敦").value == {"time": "07:00"}
    assert unit_conversion(100, "华氏度", "摄氏度").value == {"converted": 37.78}
    assert working_days("3 March 2025", "2025年3月10日").value == {"days": 6}
    assert (isbn_check(Text("978-0-306-40615-7")).top, isbn_check(Text("0-306-40615-3")).top) == ("valid", "invalid")
    assert morse_code(Text("SOS 1")).text == "... --- ... / .----"
    assert word_count(Text("it's 两个字 here")).value == {"words": 5}
    assert term_translation("das Lager", "Chinese").text == "轴承"
    with pytest.raises(ValueError, match="not in the list"):
        acronym_meaning("NASA")
