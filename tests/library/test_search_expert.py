from __future__ import annotations

import pytest

from orchestrator.artifact import Text
from orchestrator.errors import EmptyLibrary
from orchestrator.expert import Expert
from orchestrator.library.library import Library
from orchestrator.library.search_expert import LibrarySearch
from orchestrator.types import Passage


def test_a_model_number_from_an_earlier_step_decides_which_passages_come_first(company: Library) -> None:
    expert = LibrarySearch(company)
    assert isinstance(expert, Expert)
    question = "How often must this pump be serviced?"
    batch = [
        {"query": question, "context": Text(plate)}
        for plate in ("NORDLICHT\nXR-2000 230 V", "NORDLICHT\nXR-3000 230 V")
    ]
    predictions = expert.predict(batch)
    for prediction, months in zip(predictions, ("12", "18"), strict=True):
        passages = [Passage.model_validate(p) for p in prediction.outputs["passages"].value]
        assert f"must be serviced every {months} months" in passages[0].text
        assert prediction.outputs["text"].text == "\n\n".join(p.text for p in passages)
        assert prediction.confidence == passages[0].score
        assert len(passages) == 8
    assert predictions == [expert.predict([inputs])[0] for inputs in batch]
    assert expert.predict([]) == []


def test_its_card(company: Library) -> None:
    card = LibrarySearch(company).card
    assert [(p.name, p.kind, p.required, p.default) for p in card.inputs] == [
        ("query", "string", True, None),
        ("context", "text", False, None),
        ("k", "integer", False, 8),
    ]
    assert [(p.name, p.kind) for p in card.outputs] == [("passages", "json"), ("text", "text")]
    assert card.says == {}


def test_nothing_found_and_nothing_there(company: Library, library: Library) -> None:
    [prediction] = LibrarySearch(company).predict([{"query": "北京今天的天气怎么样", "k": 3}])
    assert (prediction.outputs["passages"].value, prediction.outputs["text"].text, prediction.confidence) == (
        [],
        "",
        0.0,
    )
    with pytest.raises(EmptyLibrary):
        LibrarySearch(library).predict([{"query": "anything"}])
