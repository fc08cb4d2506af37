"""baton ask and baton plan: text, one JSON document, streams, conversations and exit statuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.types import Answer, Plan

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_an_answer_with_its_source_for_a_reader(baton_call):
    called = baton_call("ask", "How long is the warranty of the XR-3000?")
    lines = called.out.splitlines()
    assert called.status == 0
    assert lines[0] == "The warranty of the XR-3000 is 60 months from the date of purchase. [1]"
    assert lines[2].startswith("[1] Warranty Terms 2025 (characters 198-265, sha256 ")
    assert lines[2].endswith("“The warranty of the XR-3000 is 60 months from the date of purchase.”")
    assert lines[3].startswith("answered, confidence 0.")
    assert called.err == ""


def test_json_is_one_answer(baton_call, sales):
    called = baton_call("ask", "Which region has the highest revenue?", "--file", sales, "--json")
    answer = Answer.model_validate(called.json)
    assert (called.status, answer.status, answer.steps[0].expert) == (0, "answered", "table_question")
    assert "South" in answer.text
    assert answer.trace_id


def test_several_files_and_a_chinese_request(baton_call, sales, tmp_path):
    (tmp_path / "note.txt").write_text("今天天气很好，我很高兴。", encoding="utf-8")
    files = ("-f", tmp_path / "note.txt", "-f", sales)
    answer = Answer.model_validate(baton_call("ask", "哪个地区的收入最高？", *files, "--json").json)
    assert [step.expert for step in answer.steps] == ["table_question"]
    assert "South" in answer.text


@pytest.mark.parametrize(
    ("arguments", "status", "answer_status"),
    [
        (("What does the sign say?",), 3, "needs_input"),
        (("What does the sign in door.png say?",), 3, "needs_input"),
        (("Book me a flight to Paris",), 4, "abstained"),
        (("Who won the football world cup in 1954?",), 4, "abstained"),
    ],
)
def test_exit_statuses_of_answers_that_are_none(baton_call, arguments, status, answer_status):
    called = baton_call("ask", *arguments, "--json")
    assert (called.status, Answer.model_validate(called.json).status) == (status, answer_status)


def test_a_failed_answer_is_an_error_document(baton_call, tmp_path):
    (tmp_path / "sign.png").write_bytes(b"no picture")
    called = baton_call("ask", "What does the sign say?", "--file", tmp_path / "sign.png", "--json")
    assert called.status == 1
    assert set(called.json) == {"error"}
    assert called.json["error"]["type"] == "BadRequest"
    assert "'sign.png' must be a readable image file" in called.json["error"]["message"]
    assert called.json["error"]["remedy"] == "Check that sign.png opens."


def test_a_bad_request_is_an_error_document_and_two_lines_for_a_reader(baton_call, tmp_path):
    arguments = ("ask", "What does it say?", "--file", tmp_path / "nowhere.png")
    called = baton_call(*arguments, "--json")
    assert (called.status, called.json["error"]["type"], called.err) == (1, "BadRequest", "")
    called = baton_call(*arguments)
    assert (called.status, called.out) == (1, "")
    assert called.err.splitlines()[1] == "Check the path of the attachment."


@pytest.mark.parametrize("arguments", [("ask",), ("ask", "x", "--nonsense"), ("nonsense",), ("experts", "train")])
def test_bad_arguments_exit_with_2(baton_call, arguments):
    called = baton_call(*arguments)
    assert (called.status, called.out) == (2, "")
    assert "Usage: " in called.err


def test_a_stream_shows_steps_on_standard_error_and_words_on_standard_output(baton_call, sales):
    called = baton_call("ask", "What is the total revenue?", "--file", sales, "--stream")
    assert called.status == 0
    assert called.out.splitlines()[0].endswith("580. [1]")
    assert [line.split()[:3] for line in called.err.splitlines()] == [
        ["s1", "table_question", "..."],
        ["s1", "table_question", "done"],
    ]


def test_a_follow_up_in_a_conversation_uses_the_earlier_file(baton_call, sales):
    first = baton_call("ask", "Which region has the highest revenue?", "-f", sales, "--conversation", "c7")
    assert first.status == 0
    second = baton_call("ask", "And what is the total revenue in the table?", "--conversation", "c7", "--json")
    answer = Answer.model_validate(second.json)
    assert [step.expert for step in answer.steps] == ["table_question"]
    assert "580" in answer.text
    assert baton_call("ask", "What is the total revenue in the table?", "--conversation", "c8").status != 0


def test_another_library_is_another_library(baton_call):
    called = baton_call("ask", "How long is the warranty of the XR-3000?", "--library", "other")
    assert called.status == 4
    assert "The library is empty" in called.out


def test_a_plan_runs_nothing(baton_call):
    before = baton_call("trace", "list", "--json").json
    request = "Transcribe the recording, summarise it and read the summary aloud"
    called = baton_call("plan", request, "--file", EXAMPLES / "media" / "message.wav", "--json")
    plan = Plan.model_validate(called.json)
    assert called.status == 0
    assert [step.expert for step in plan.steps] == ["speech_recognition", "summarize", "speech_synthesis"]
    assert [sorted(step.needs) for step in plan.steps] == [[], ["s1"], ["s2"]]
    assert baton_call("trace", "list", "--json").json == before
    text = baton_call("plan", request, "--file", EXAMPLES / "media" / "message.wav").out.splitlines()
    assert text[0].startswith("planned, confidence 0.")
    assert text[2].startswith("  s2 = summarize(text=s1.text)   0.")
    assert (baton_call("plan", "What does the sign say?").status, baton_call("plan", "Sing a song").status) == (3, 4)


def test_standard_output_of_the_installed_command_is_the_document_alone(tmp_path):
    """In a process of its own, where libraries written in C could print past Python."""
    pytest.importorskip("espeakng_loader")
    request = "Transcribe the recording, summarise it and read the summary aloud"
    command = [sys.executable, "-m", "orchestrator.cli", "ask", request, "-f", EXAMPLES / "media" / "message.wav"]
    environment = {**os.environ, "BATON_HOME": str(tmp_path / "home")}
    done = subprocess.run([*command, "--json"], capture_output=True, env=environment, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = Answer.model_validate(json.loads(done.stdout))
    assert [step.status for step in answer.steps] == ["done"] * 3
    assert answer.artifacts[0].path.parent == tmp_path / "home" / "artifacts"
    assert answer.artifacts[0].samples()[0].size > 10_000
