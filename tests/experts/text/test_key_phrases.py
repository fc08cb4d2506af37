import pytest

from experts.text import KeyPhrases
from experts.text.key_phrases import candidates
from orchestrator.artifact import Text
from orchestrator.errors import BadRequest

ARTICLE = (
    "The city of Springfield opened a new solar power plant on Monday. The plant will supply electricity to 12,000"
    " homes. Solar power has become much cheaper over the last ten years. The solar power plant replaces an old coal"
    " power station that was closed in 2019. Residents hope that electricity prices will fall."
)
CHINESE = "上海新建的太阳能发电厂于周一投入使用。该发电厂将为一万户家庭供电。居民希望太阳能发电能让电价下降。"


def phrases_of(text: str, **inputs: object) -> list[str]:
    [prediction] = KeyPhrases.predict([{"text": Text(text), **inputs}])
    facts = prediction.outputs["json"].value
    assert len(facts["scores"]) == facts["num_phrases"] == len(facts["phrases"])
    assert facts["scores"] == sorted(facts["scores"], reverse=True)
    return facts["phrases"]


def test_topic_stands_first_and_phrases_do_not_repeat_each_other() -> None:
    phrases = phrases_of(ARTICLE, num_phrases=5)
    assert phrases[0] == "solar power plant"
    assert all(phrase in ARTICLE for phrase in phrases)
    assert len(phrases) == 5


def test_chinese_keywords() -> None:
    phrases = phrases_of(CHINESE)
    assert {"太阳能", "发电厂"} <= set(phrases)
    assert all(phrase in CHINESE for phrase in phrases)


def test_candidates_stop_at_stop_words_and_punctuation() -> None:
    counts = candidates("The old pump, the new pump and a valve of steel")
    assert dict(counts) == {"old": 1, "pump": 2, "old pump": 1, "new": 1, "new pump": 1, "valve": 1, "steel": 1}


def test_text_of_stop_words_has_no_phrases_and_says_so() -> None:
    facts = KeyPhrases(Text("It is what it is.")).output.value
    assert facts["phrases"] == []
    assert facts["nothing_found"] == "No key phrase stands out in the text."
    assert KeyPhrases(Text(ARTICLE)).output.value["nothing_found"] is None


@pytest.mark.parametrize(("text", "num"), [("", 3), (ARTICLE, 0), (ARTICLE, 31)])
def test_bad_input_is_refused(text: str, num: int) -> None:
    with pytest.raises(BadRequest):
        phrases_of(text, num_phrases=num)
