"""The twin requests keep to their format: what a case names exists, fits and is the same in both languages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from orchestrator.artifact import ArtifactKind, kind_of
from orchestrator.controller.clauses import file_names_in
from orchestrator.controller.port_fit import takes_literal
from orchestrator.engine.bindings import is_compatible
from orchestrator.evaluation.plans import card_of_row
from orchestrator.types import ExpertCard, Port, ValueKind

FOLDER = Path(__file__).parents[2] / "benchmarks" / "twins"
LANGUAGES = ("en", "zh")
Row = Mapping[str, Any]


def rows_of(name: str) -> list[Row]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


CARDS: dict[str, ExpertCard] = {row["name"]: card_of_row(row, FOLDER) for row in rows_of("cards.jsonl")}
CASES = {language: rows_of(f"cases.{language}.jsonl") for language in LANGUAGES}


def feeds(source: str, port: Port) -> bool:
    return any(is_compatible(output.kind, port.kind) for output in CARDS[source].outputs)


def arguments_of(row: Row) -> Iterator[tuple[str, Port | None, Any]]:
    """Expert, port and value of every argument of a case."""
    for node in row["nodes"]:
        for name, value in node["arguments"].items():
            yield node["expert"], CARDS[node["expert"]].input(name), value


def words_of(value: Any) -> list[str]:
    """The strings in an argument."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def test_the_cards_are_valid_and_of_different_names() -> None:
    rows = rows_of("cards.jsonl")
    kinds = {*get_args(ArtifactKind), *get_args(ValueKind)}
    ports = [port for row in rows for port in (*row["inputs"], *row["outputs"])]
    assert len(CARDS) == len(rows) == 76
    assert {port["kind"] for port in ports} <= kinds
    assert [row["name"] for row in rows if not (row["description"] and row["inputs"] and row["outputs"])] == []
    assert [ExpertCard(name=card.name).name for card in CARDS.values()] == list(CARDS)  # the names are legal
    defaults = [p for card in CARDS.values() for p in card.inputs if p.default is not None]
    assert [port.name for port in defaults if not takes_literal(port, port.default)] == []


def test_twins_differ_in_words_only() -> None:
    for english, chinese in zip(CASES["en"], CASES["zh"], strict=True):
        same = ("id", "files", "links")
        assert [english[key] for key in same] == [chinese[key] for key in same]
        assert [n["expert"] for n in english["nodes"]] == [n["expert"] for n in chinese["nodes"]], english["id"]
        for (_, port, left), (_, other, right) in zip(arguments_of(english), arguments_of(chinese), strict=True):
            assert port is not None
            assert port == other, english["id"]
            assert port.enum or words_of(left) or left == right, english["id"]
            assert not port.enum or left == right, english["id"]


def test_the_sizes_are_as_the_readme_says_and_no_request_comes_twice() -> None:
    sizes = Counter(min(len(row["nodes"]), 4) for row in CASES["en"])
    requests = [row["request"] for language in LANGUAGES for row in CASES[language]]
    used = {node["expert"] for row in CASES["en"] for node in row["nodes"]}
    assert sizes == {1: 70, 2: 80, 3: 40, 4: 10}
    assert max(len(row["nodes"]) for row in CASES["en"]) == 5
    assert [row["id"] for row in CASES["en"]] == [f"twin-{number:03d}" for number in range(1, 201)]
    assert len(set(requests)) == 400
    assert used == set(CARDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_requests_are_in_their_language(language: str) -> None:
    wrong = [row["id"] for row in CASES[language] if is_chinese(row["request"]) is not (language == "zh")]
    assert wrong == []


def test_links_join_different_steps_whose_kinds_fit_and_make_no_cycle() -> None:
    for row in CASES["en"]:
        order = [node["expert"] for node in row["nodes"]]
        for link in row["links"]:
            source, target = link["source"], link["target"]
            assert set(link) == {"source", "target"}
            assert order.index(source) < order.index(target), row["id"]  # steps stand in an order that can be run
            assert any(feeds(source, port) for port in CARDS[target].inputs), row["id"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_arguments_are_legal_and_their_words_stand_in_the_request(language: str) -> None:
    wrong = []
    for row in CASES[language]:
        for expert, port, value in arguments_of(row):
            words = words_of(value) if port is not None and not port.enum else []
            if port is None or not takes_literal(port, value) or any(w not in row["request"] for w in words):
                wrong.append((row["id"], expert, value))
    assert wrong == []


def test_nothing_that_a_step_requires_is_missing() -> None:
    """Each required input has an argument, an output that fits it, or a file of its kind: attached, or in the text."""
    missing = [(row["id"], expert, port) for row in CASES["en"] for expert, port in unfed(row)]
    assert missing == []


def unfed(row: Row) -> Iterator[tuple[str, str]]:
    """Expert and port of every required input of a case that nothing feeds."""
    kinds = [kind_of(name) for name in row["files"]] + [name.kind for name in file_names_in(row["request"])]
    for node in row["nodes"]:
        sources = [link["source"] for link in row["links"] if link["target"] == node["expert"]]
        for port in CARDS[node["expert"]].inputs:
            given = port.name in node["arguments"] or any(feeds(source, port) for source in sources)
            if port.required and not given and not any(is_compatible(kind, port.kind) for kind in kinds):
                yield node["expert"], port.name
