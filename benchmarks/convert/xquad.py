"""XQuAD: the same passages and questions in twelve languages. Knows no other set.

Artetxe et al., On the Cross-lingual Transferability of Monolingual Representations, ACL 2020. The format is that of
SQuAD 1.1, a file a language: `xquad.zh.json`.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.convert import raw
from benchmarks.convert.rows import Conversion, Row


def convert(source: Path) -> Conversion:
    """`passages.LANG.jsonl` and `questions.LANG.jsonl` for every `xquad.LANG.json` of the folder.

    Ids of passages are the position of the article and of the paragraph (`01-0`), the same in every language.

    Raises:
        BadRequest: no such file, or one of another shape.
    """
    files: dict[str, list[Row]] = {}
    for path in sorted(source.glob("xquad.*.json")):
        language = path.name.split(".")[1]
        files[f"passages.{language}.jsonl"], files[f"questions.{language}.jsonl"] = converted(path)
    if not files:
        raise raw.BadRequest("--source", str(source), "a folder that holds xquad.LANG.json", raw.REMEDY)
    return Conversion(files)


def converted(path: Path) -> tuple[list[Row], list[Row]]:
    """The passages and the questions of one language."""
    passages: list[Row] = []
    questions: list[Row] = []
    for article_number, article in enumerate(raw.field(raw.document(path), "data", list, path.name)):
        place = f"{path.name} article {article_number}"
        title = raw.field(article, "title", str, place)
        for number, paragraph in enumerate(raw.field(article, "paragraphs", list, place)):
            id, inside = f"{article_number:02d}-{number}", f"{place}, paragraph {number}"
            passages.append({"id": id, "title": title, "text": raw.field(paragraph, "context", str, inside)})
            questions.extend(question(entry, id, inside) for entry in raw.field(paragraph, "qas", list, inside))
    return passages, questions


def question(entry: object, document: str, place: str) -> Row:
    """A question; `start` of an answer counts Unicode code points of the passage, as in the published file."""
    answers = raw.field(entry, "answers", list, place)
    return {
        "id": raw.field(entry, "id", str, place),
        "question": raw.field(entry, "question", str, place),
        "document": document,
        "answers": [
            {"text": raw.field(a, "text", str, place), "start": raw.field(a, "answer_start", int, place)}
            for a in answers
        ],
    }
