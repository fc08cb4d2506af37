from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.errors import BadRequest
from orchestrator.evaluation.retrieval import evaluate_retrieval

PASSAGES = [
    {"id": "pump", "title": "Pump", "text": "The pump XR-2000 moves forty litres of water a minute."},
    {"id": "tea", "title": "Tea", "text": "Green tea is brewed at eighty degrees for two minutes."},
    {"id": "whale", "title": "Whale", "text": "The blue whale is the heaviest animal that ever lived."},
    {"id": "阀", "title": "阀门", "text": "红色阀门在压力达到七巴时自动打开。", "more": "ignored"},
    {"id": "long", "title": "Long", "text": " ".join(f"Rule {n} of the harbour is for berth {n}." for n in range(90))},
]
QUESTIONS = [
    {"id": "1", "question": "How is green tea brewed?", "document": "tea", "answers": []},
    {"id": "2", "question": "Which animal is the heaviest?", "relevant": {"whale": 2, "tea": 0}},
    {"id": "3", "question": "红色阀门什么时候打开？", "document": "阀"},
    {"id": "4", "question": "What does rule 70 of the harbour say?", "document": "long"},
    {"id": "5", "question": "How is green tea brewed?", "document": "pump"},
]


def rows(path: Path, values: list[dict]) -> Path:
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")
    return path


def test_measures_and_rankings(tmp_path: Path) -> None:
    predictions = tmp_path / "out" / "rankings.jsonl"
    report = evaluate_retrieval(
        rows(tmp_path / "p.jsonl", PASSAGES), rows(tmp_path / "q.jsonl", QUESTIONS), predictions=predictions
    )
    assert (report.num_passages, report.num_questions) == (5, 5)
    written = [json.loads(line) for line in predictions.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in written] == ["1", "2", "3", "4", "5"]
    assert [row["documents"][0]["id"] for row in written] == ["tea", "whale", "阀", "long", "tea"]
    texts = {row["id"]: row["text"] for row in PASSAGES}
    for row in written:
        ids = [document["id"] for document in row["documents"]]
        assert len(ids) == len(set(ids))
        assert row["seconds"] > 0
        for document in row["documents"]:
            assert 0 <= document["start"] < document["end"] <= len(texts[document["id"]])
    found = written[3]["documents"][0]
    assert "Rule 70 of the harbour" in texts["long"][found["start"] : found["end"]]
    assert report.hit_at_1.value == pytest.approx(0.8)
    rank = [d["id"] for d in written[4]["documents"]].index("pump") + 1
    assert report.mrr_at_10.value == pytest.approx((4 + 1 / rank) / 5)
    assert report.recall_at_5.value == report.recall_at_10.value == 1
    assert 0 <= report.hit_at_1.low < report.hit_at_1.value < report.hit_at_1.high <= 1
    assert 0 < report.latency_p50_s.value <= report.latency_p95_s.value


@pytest.mark.parametrize(
    ("passages", "questions", "message"),
    [
        ('{"id": "a"}\n', '{"id": "1", "question": "q", "document": "a"}\n', "p.jsonl:1"),
        ('{"id": "a", "text": "t"}\nno json\n', '{"id": "1", "question": "q", "document": "a"}\n', "p.jsonl:2"),
        ('{"id": "a", "text": "t"}\n', '{"id": "1", "question": "q"}\n', "relevant"),
        ("", '{"id": "1", "question": "q", "document": "a"}\n', "p.jsonl"),
        ('{"id": "a", "text": "t"}\n', "\n", "q.jsonl"),
    ],
)
def test_bad_files_are_named_with_their_line(tmp_path: Path, passages: str, questions: str, message: str) -> None:
    (tmp_path / "p.jsonl").write_text(passages)
    (tmp_path / "q.jsonl").write_text(questions)
    with pytest.raises(BadRequest, match=message):
        evaluate_retrieval(tmp_path / "p.jsonl", tmp_path / "q.jsonl")


def test_a_missing_file_is_a_bad_request(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"nowhere\.jsonl"):
        evaluate_retrieval(tmp_path / "nowhere.jsonl", tmp_path / "nowhere.jsonl")
