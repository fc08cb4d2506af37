import pytest

from experts.text import ZeroShotClassification
from experts.text.zero_shot import label_names
from orchestrator.artifact import Text
from orchestrator.errors import BadRequest

LABELS = ["billing", "shipping", "technical problem"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("My invoice shows the wrong amount, I was charged twice.", "billing"),
        ("The parcel has not arrived yet and the tracking number does not work.", "shipping"),
        ("The app crashes whenever I open the settings.", "technical problem"),
    ],
)
def test_label_that_fits_is_first(text: str, label: str) -> None:
    [prediction] = ZeroShotClassification.predict([{"text": Text(text), "labels": LABELS}])
    labels = prediction.outputs["labels"]
    assert labels.top == label
    assert set(labels.scores) == set(LABELS)
    assert sum(labels.scores.values()) == pytest.approx(1.0)
    assert prediction.confidence == labels.confidence


def test_chinese_falls_back_to_shared_words_and_is_not_sure_without_any() -> None:
    labels = ZeroShotClassification(Text("我的物流一直没有更新，包裹在哪里？"), ["账单", "物流", "技术问题"])
    assert labels.top == "物流"
    nothing_shared = ZeroShotClassification(Text("昨天晚上下雪了。"), ["账单", "物流"])
    assert nothing_shared.confidence == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("sports, politics or science", ["sports", "politics", "science"]),
        ("体育、政治或科技", ["体育", "政治", "科技"]),
        ([" a ", "b", "a"], ["a", "b"]),
    ],
)
def test_labels_come_as_list_or_as_text(given: object, names: list[str]) -> None:
    assert label_names(given) == names


@pytest.mark.parametrize("labels", [[], ["one"], ["same", "same "], "", [f"label {n}" for n in range(101)]])
def test_too_few_or_too_many_labels_are_refused(labels: object) -> None:
    with pytest.raises(BadRequest, match="2 to 100 different labels"):
        ZeroShotClassification(Text("Some text."), labels)


def test_empty_text_is_refused() -> None:
    with pytest.raises(BadRequest):
        ZeroShotClassification(Text(""), LABELS)
