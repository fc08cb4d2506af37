import pytest

from experts.text import SentimentByWords
from experts.text.sentiment import probabilities
from orchestrator.artifact import Text
from orchestrator.errors import BadRequest

SAMPLES = {
    "I love this phone, the camera is excellent and the staff were friendly!": "positive",
    "Terrible service. The parcel arrived broken and nobody helped me.": "negative",
    "The box contains a cable and a manual.": "neutral",
    "The hotel was not good at all.": "negative",
}


@pytest.mark.parametrize("text", SAMPLES)
def test_sentiment_of_reviews(text: str) -> None:
    found = SentimentByWords(Text(text))
    assert found.json.value["sentiment"] == SAMPLES[text] == found.labels.top
    assert sum(found.labels.scores.values()) == pytest.approx(1.0)


def test_best_and_worst_sentence_are_quoted() -> None:
    found = SentimentByWords(Text("I love the colour. The delivery was horrible. It came on Monday.")).json.value
    assert (found["most_positive"], found["most_negative"]) == ("I love the colour.", "The delivery was horrible.")


@pytest.mark.parametrize("score", [-1.0, -0.06, -0.04, 0.0, 0.04, 0.06, 1.0])
def test_likeliest_label_is_the_label_of_the_score(score: float) -> None:
    label = "neutral" if abs(score) < 0.05 else "positive" if score > 0 else "negative"
    found = probabilities(score)
    assert max(found, key=lambda name: found[name]) == label


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("这个产品很好，我非常喜欢。", "Chinese"),
        ("Das Gerät ist leider schon nach zwei Tagen kaputt gegangen.", "German"),
    ],
)
def test_other_languages_are_refused_with_a_way_out(text: str, language: str) -> None:
    with pytest.raises(BadRequest, match=f"English text; this is {language}") as caught:
        SentimentByWords(Text(text))
    assert "baton experts add" in caught.value.remedy


def test_empty_text_is_refused() -> None:
    with pytest.raises(BadRequest):
        SentimentByWords(Text(" "))
