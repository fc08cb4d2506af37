import pytest

from experts.text import TextSimilarity
from orchestrator.artifact import Text
from orchestrator.errors import BadRequest


def facts_of(text: str, other: str) -> dict:
    [prediction] = TextSimilarity.predict([{"text": Text(text), "other": Text(other)}])
    return prediction.outputs["json"].value


def test_meaning_counts_not_words() -> None:
    paraphrase = facts_of("The car is very fast.", "The automobile is really quick.")
    unrelated = facts_of("The car is very fast.", "Bake the bread for an hour.")
    assert paraphrase["verdict"] == "very similar"
    assert unrelated["verdict"] == "not similar"
    assert paraphrase["method"] == "encoder"


def test_same_text_has_similarity_one() -> None:
    facts = facts_of("Order 17 was paid.", "Order 17 was paid.")
    assert facts == {
        "score": 1.0,
        "verdict": "practically identical",
        "verdict_zh": "几乎完全相同",
        "method": "encoder",
    }


def test_chinese_texts_are_compared_by_words() -> None:
    near = facts_of("今天天气很好", "今天的天气真不错")
    far = facts_of("今天天气很好", "发动机需要更换机油")
    assert near["score"] > 0.35 > far["score"] >= 0
    assert near["method"] == "words"


def test_texts_of_two_languages_are_refused() -> None:
    with pytest.raises(BadRequest, match="a text in the language of the first one"):
        facts_of("The weather is nice today.", "今天天气很好")


@pytest.mark.parametrize("pair", [("", "text"), ("text", " ")])
def test_empty_text_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(BadRequest):
        facts_of(*pair)
