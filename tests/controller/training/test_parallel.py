"""Pairs of English and Chinese sentences from translated passages and questions."""

from __future__ import annotations

import json

from orchestrator.controller.training.parallel import parallel_texts


def write(path, *rows):
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")


def test_questions_and_sentences_are_paired(tmp_path):
    write(
        tmp_path / "questions.en.jsonl", {"id": "q1", "question": "Who painted it?"}, {"id": "q2", "question": "Why?"}
    )
    write(tmp_path / "questions.zh.jsonl", {"id": "q1", "question": "这是谁画的？"})
    write(
        tmp_path / "passages.en.jsonl",
        {"id": "1", "text": "The dam broke in 1889. Nobody was warned, said Mr. reed."},
        {"id": "2", "text": "One sentence here. Another one there."},
    )
    write(
        tmp_path / "passages.zh.jsonl",
        {"id": "1", "text": "大坝于1889年决口。没有人得到警告。"},
        {"id": "2", "text": "这里只有一句话，合在一起。"},
    )
    assert parallel_texts(tmp_path) == [
        ("Who painted it?", "这是谁画的？"),
        ("The dam broke in 1889.", "大坝于1889年决口。"),
        ("Nobody was warned, said Mr. reed.", "没有人得到警告。"),
    ]
