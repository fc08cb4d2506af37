import pytest

from experts.text import Summarize
from orchestrator.artifact import Text
from orchestrator.errors import BadRequest

ARTICLE = (
    "The city of Springfield opened a new solar power plant on Monday. The plant will supply electricity to 12,000"
    " homes. Mayor Ellen Fox said the project cost 4.2 million dollars. It was raining during the ceremony."
    " A brass band played. The plant replaces an old coal power station that was closed in 2019. Wow!"
    " Residents hope that electricity prices will fall."
)
CHINESE = (
    "上海新建的太阳能发电厂于周一投入使用。该发电厂将为一万户家庭供电。典礼当天下着雨。"
    "太阳能发电的成本在过去十年中大幅下降。乐队演奏了音乐。居民希望太阳能发电能让电价下降。"
)


def prediction_of(text: str, **inputs: object):
    [prediction] = Summarize.predict([{"text": Text(text), **inputs}])
    return prediction


@pytest.mark.parametrize(("text", "num"), [(ARTICLE, 1), (ARTICLE, 3), (CHINESE, 2)])
def test_summary_is_made_of_exact_sentences_in_their_order(text: str, num: int) -> None:
    facts = prediction_of(text, num_sentences=num).outputs["json"].value
    chosen = facts["sentences"]
    assert len(chosen) == num < facts["num_sentences_before"]
    assert all(text[part["start"] : part["end"]] == part["text"] for part in chosen)
    assert [part["start"] for part in chosen] == sorted(part["start"] for part in chosen)


def test_main_thing_is_kept_and_small_talk_is_not() -> None:
    summary = prediction_of(ARTICLE).outputs["text"].text
    assert "opened a new solar power plant" in summary
    assert not any(aside in summary for aside in ("Wow", "brass band", "raining"))
    chinese = prediction_of(CHINESE, num_sentences=2).outputs["text"].text
    assert "太阳能发电" in chinese
    assert "乐队" not in chinese


def test_short_text_comes_back_whole() -> None:
    assert (
        prediction_of("One thing happened. Then another.").outputs["text"].text == "One thing happened. Then another."
    )


def test_long_text_is_thinned_out_before_it_is_encoded() -> None:
    text = " ".join(f"Measurement {n} of the pump showed a pressure of {n} bar." for n in range(150))
    assert prediction_of(text, num_sentences=2).outputs["json"].value["num_sentences_before"] == 150


@pytest.mark.parametrize("num", [0, -1, 31, 2.5, True])
def test_number_of_sentences_has_a_range(num: object) -> None:
    with pytest.raises(BadRequest, match="num_sentences"):
        prediction_of(ARTICLE, num_sentences=num)


def test_empty_text_is_refused() -> None:
    with pytest.raises(BadRequest):
        prediction_of("")
