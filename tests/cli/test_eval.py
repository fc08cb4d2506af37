"""baton eval on the files that docs/evaluation.md shows, and on files that are none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrator.evaluation.citations import CitationsReport, CitedAnswer
from orchestrator.evaluation.plans import PlannedCase, PlansReport
from orchestrator.evaluation.retrieval import Ranking, RetrievalReport

PAGE = Path(__file__).parents[2] / "docs" / "evaluation.md"


@pytest.fixture
def files(tmp_path):
    """The JSON-lines files of the page."""
    blocks = re.findall(r"^```jsonl (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert [name for name, _ in blocks] == ["cards.jsonl", "cases.jsonl", "passages.jsonl", "questions.jsonl"]
    for name, content in blocks:
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def predictions(path, kind):
    return [kind.model_validate(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def test_plans(baton_in_empty_home, files):
    arguments = ("eval", "plans", "--cases", files / "cases.jsonl", "--cards", files / "cards.jsonl")
    called = baton_in_empty_home(*arguments, "--predictions", files / "out.jsonl", "--json")
    report = PlansReport.model_validate_json(called.out.replace("null", "NaN"))
    assert (called.status, report.num_cases, report.controller) == (0, 4, "compact")
    # The fourth case fits no expert: it is declined, and the plan that was the best one still stands beside that.
    assert (report.node_f1.value, report.link_f1.value, report.exact_match.value) == (0.75, 1, 0.75)
    assert report.arguments_right.value == 1
    assert report.declined_auroc.value == 1
    found = predictions(files / "out.jsonl", PlannedCase)
    assert [[node["expert"] for node in case.nodes] for case in found[:3]] == [
        ["read_text"],
        ["read_text", "summarise"],
        ["set_alarm"],
    ]
    assert [case.status for case in found] == ["planned", "planned", "planned", "abstained"]
    assert found[0].nodes[0]["arguments"] == {"image": "door.png"}
    assert found[1].links == ({"source": "read_text", "target": "summarise"},)
    assert found[1].nodes[1]["arguments"] == {"text": {"step": "s1", "output": "text"}}
    lines = baton_in_empty_home(*arguments).out.splitlines()
    assert any(line.startswith("node f1                  0.750  [") for line in lines)


def test_retrieval(baton_in_empty_home, files):
    arguments = ("eval", "retrieval", "--passages", files / "passages.jsonl", "--questions", files / "questions.jsonl")
    called = baton_in_empty_home(*arguments, "--predictions", files / "out.jsonl", "--json")
    report = RetrievalReport.model_validate(called.json)
    assert (called.status, report.num_passages, report.num_questions) == (0, 3, 3)
    assert (report.hit_at_1.value, report.ndcg_at_10.value) == (1, 1)
    assert [ranking.ids[0] for ranking in predictions(files / "out.jsonl", Ranking)] == ["tea", "pump", "valve"]


@pytest.mark.parametrize("withhold", [False, True])
def test_citations(baton_in_empty_home, files, withhold):
    arguments = ["eval", "citations", "--passages", files / "passages.jsonl", "--questions", files / "questions.jsonl"]
    arguments += ["--predictions", files / "out.jsonl", "--json", *(["--withhold"] if withhold else [])]
    called = baton_in_empty_home(*arguments)
    found = predictions(files / "out.jsonl", CitedAnswer)
    assert called.status == 0
    if withhold:
        assert (called.json["withheld"], called.json["refused"]["value"]) == (True, 1)
        assert [(answer.status, answer.citations) for answer in found] == [("abstained", ())] * 3
        return
    report = CitationsReport.model_validate(called.json)
    assert (report.answered.value, report.exact_citations.value, report.right_passage.value) == (1, 1, 1)
    texts = {
        row["id"]: row["text"] for row in map(json.loads, (files / "passages.jsonl").read_text("utf-8").splitlines())
    }
    for answer in found:
        for citation in answer.citations:
            assert texts[citation["document"]][citation["start"] : citation["end"]] == citation["quote"]
    assert "2.6 kilograms" in found[1].answer
    assert "七巴" in found[2].answer


@pytest.mark.parametrize(
    ("command", "content", "message"),
    [
        ("plans", '{"id": "1", "request": "x"}\n', "cases.jsonl:1"),
        ("plans", '{"id": "1", "request": "x", "nodes": [], "links": []}\nnot json\n', "cases.jsonl:2"),
        ("plans", "", "a file with a line or more"),
        ("plans", '{"id": "1", "request": "x", "nodes": [], "links": []}\n', 'cases with "cards", or --cards'),
        ("retrieval", '{"id": "1"}\n', "cases.jsonl:1"),
        ("citations", '{"id": "1", "question": "x"}\n', 'a question with "document" or "relevant"'),
    ],
)
def test_files_that_do_not_fit_are_named_with_the_line(baton_in_empty_home, files, command, content, message):
    cases = files / "cases.jsonl"
    cases.write_text(content)
    rest = ("--cases", cases) if command == "plans" else ("--passages", files / "passages.jsonl", "--questions", cases)
    called = baton_in_empty_home("eval", command, *rest, "--json")
    assert (called.status, called.json["error"]["type"]) == (1, "BadRequest")
    assert message in called.json["error"]["message"]


def test_a_controller_that_is_not_there(baton_in_empty_home, files):
    called = baton_in_empty_home("eval", "plans", "--cases", files / "cases.jsonl", "--controller", "no-such", "--json")
    assert (called.status, "error" in called.json) == (1, True)
