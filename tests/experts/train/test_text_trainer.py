"""Texts in a table become a working expert: trained, saved, read back, and right on rows that it has not seen."""

import hashlib
import json
from pathlib import Path

import pytest

from experts.train.head import TrainedClassifier
from experts.train.text import train
from orchestrator.artifact import Text
from orchestrator.errors import BadRequest, InvalidExpert
from orchestrator.expert import Expert
from orchestrator.registry.stored import StoredExpert

ROWS = {
    "weather": [
        "It will rain in the north tomorrow",
        "Sunny with a few clouds in the afternoon",
        "Strong winds and thunderstorms are expected",
        "The temperature drops below freezing tonight",
        "Fog in the valleys in the early morning",
        "Snow showers above eight hundred metres",
        "A warm and dry weekend lies ahead",
        "Hail and gusts along the coast",
        "明天北方有雨,气温下降",
        "今天多云转晴,气温二十度",
        "夜间有大雾,注意天气变化",
        "台风将带来大雨和大风",
    ],
    "sport": [
        "The striker scored twice in the second half",
        "She won the tennis final in three sets",
        "The team lost the cup match on penalties",
        "A new world record in the hundred metres",
        "The goalkeeper was injured in training",
        "They qualified for the championship",
        "The coach praised his players after the game",
        "The cyclist took the lead on the last climb",
        "国家队在比赛中以二比一获胜",
        "他在决赛中打进两个球",
        "球队的教练对比赛结果满意",
        "她打破了游泳比赛的世界纪录",
    ],
    "cooking": [
        "Stir the onions in butter until they are golden",
        "Bake the bread for forty minutes",
        "Add a pinch of salt and some pepper to the soup",
        "Whisk the eggs with sugar and flour",
        "Let the dough rest in a warm place",
        "Simmer the sauce with garlic and tomatoes",
        "Peel the potatoes and boil them in water",
        "Roast the chicken in the oven with rosemary",
        "把洋葱切碎,放油炒香",
        "汤里加盐和胡椒,小火煮十分钟",
        "鸡蛋加糖和面粉搅拌均匀",
        "土豆去皮,放进锅里煮熟",
    ],
}
UNSEEN = {
    "Rain and wind are coming from the west tonight": "weather",
    "Their goalkeeper saved a penalty in the final": "sport",
    "Fry the garlic in butter and add the eggs": "cooking",
    "明天有大雨和大风": "weather",
    "球队在决赛中获胜": "sport",
    "放油,把土豆炒香,加盐": "cooking",
}


def write_table(path: Path) -> Path:
    lines = ["text,label", *(f'"{text}",{label}' for label, texts in ROWS.items() for text in texts)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, StoredExpert, list[str]]:
    data = write_table(tmp_path_factory.mktemp("data") / "snippets.csv")
    folder = tmp_path_factory.mktemp("experts") / "snippets"
    notes: list[str] = []
    stored = train(data, name="news_snippets", folder=folder, progress=notes.append)
    stored.save(folder)
    return folder, stored, notes


@pytest.fixture(scope="module")
def expert(trained) -> TrainedClassifier:
    folder, _, _ = trained
    expert = TrainedClassifier(folder, StoredExpert.read(folder))
    expert.load("cpu")
    return expert


def test_it_classifies_rows_that_it_has_not_seen(expert):
    predictions = expert.predict([{"text": Text(text)} for text in UNSEEN])
    assert {t: p.outputs["labels"].top for t, p in zip(UNSEEN, predictions, strict=True)} == UNSEEN
    for prediction in predictions:
        scores = prediction.outputs["labels"].scores
        assert set(scores) == set(ROWS)
        assert sum(scores.values()) == pytest.approx(1.0)
        assert prediction.confidence == prediction.outputs["labels"].confidence > 0.5


def test_a_batch_answers_as_single_inputs_do(expert):
    together = expert.predict([{"text": text} for text in UNSEEN])
    single = [expert.predict([{"text": text}])[0] for text in UNSEEN]
    for one, other in zip(together, single, strict=True):
        assert one.outputs["labels"].scores == pytest.approx(other.outputs["labels"].scores, abs=1e-4)
    assert expert.predict([]) == []
    assert isinstance(expert, Expert)


def test_a_text_unlike_all_rows_is_not_sure(expert):
    odd = "Quantum chromodynamics describes gluons as gauge bosons of the strong interaction"
    unlike, like = expert.predict([{"text": odd}, {"text": ROWS["cooking"][0]}])
    assert unlike.confidence < 0.6 < like.confidence


def test_a_text_without_a_word_is_refused(expert):
    with pytest.raises(BadRequest, match="a text with a word or more"):
        expert.predict([{"text": " ... "}])


def test_its_card_says_what_was_measured_on_which_data(trained):
    folder, stored, _ = trained
    card = stored.card
    assert card.description == "Classifies a news snippet as cooking, sport or weather."
    assert (card.task, card.licence, card.author) == ("text-classification", "LicenseRef-private", "trained locally")
    data = next(folder.parent.parent.glob("data*/snippets.csv"))
    digest = hashlib.sha256(data.read_bytes()).hexdigest()
    assert card.training_data == f"snippets.csv: 36 rows (cooking 12, sport 12, weather 12), sha256 {digest}"
    assert {metric.name for metric in card.metrics} == {"accuracy", "macro F1", "calibration error"}
    for metric in card.metrics:
        assert metric.num_samples == 36
        assert metric.data.startswith("5-fold cross-validation on 36 rows")
        assert 0.0 <= metric.low <= metric.value <= metric.high <= 1.0
    accuracy = card.metrics[0]
    num_wrong = 36 - round(accuracy.value * 36)
    assert f"in cross-validation {num_wrong} of 36 were wrong" in card.limits
    assert accuracy.value > 0.75
    assert "Which category does this news snippet belong to?" in card.examples
    assert sum("\u4e00" <= example[0] <= "\u9fff" for example in card.examples) >= 3
    assert not any(text in " ".join(card.examples) for texts in ROWS.values() for text in texts)


def test_its_sentences_name_the_label_and_the_certainty(trained):
    says = trained[1].card.says
    filled = {language: lines[0].format(top="sport", confidence="93 %") for language, lines in says.items()}
    assert filled == {
        "en": "The text is classified as sport (93 %) by the news snippets classifier.",
        "zh": "news snippets 分类器判断这段文字属于“sport”类(把握 93 %)。",
    }


def test_the_folder_holds_no_row_and_no_pickle(trained):
    folder, _, _ = trained
    assert sorted(path.name for path in folder.iterdir()) == ["expert.json", "head.safetensors"]
    text = (folder / "expert.json").read_text(encoding="utf-8")
    assert "Stir the onions" not in text
    assert json.loads(text)["options"]["files"] == ["head.safetensors"]


def test_the_same_seed_gives_the_same_expert(trained, tmp_path):
    folder, stored, _ = trained
    data = next(folder.parent.parent.glob("data*/snippets.csv"))
    again = train(data, name="news_snippets", folder=tmp_path)
    assert again == stored
    assert (tmp_path / "head.safetensors").read_bytes() == (folder / "head.safetensors").read_bytes()


def test_progress_is_told_in_words(trained):
    notes = trained[2]
    assert notes[0] == "snippets.csv: 36 rows; texts in 'text', labels in 'label'"
    assert "cross-validation, fold 5 of 5" in notes
    assert notes[-1].startswith("accuracy ")


def test_broken_weights_are_named(trained, tmp_path):
    folder, stored, _ = trained
    (tmp_path / "head.safetensors").write_bytes((folder / "head.safetensors").read_bytes()[:200])
    with pytest.raises(InvalidExpert, match=r"head\.safetensors that cannot be read"):
        TrainedClassifier(tmp_path, stored).load("cpu")


def test_an_encoder_that_is_not_there_is_named(trained, tmp_path):
    folder, stored, _ = trained
    moved = stored.model_copy(update={"options": {**stored.options, "encoder": "nobody/has-this-encoder"}})
    with pytest.raises(BadRequest, match="an encoder with safetensors weights") as caught:
        TrainedClassifier(folder, moved).load("cpu")
    assert "hf download nobody/has-this-encoder" in caught.value.remedy
    with pytest.raises(BadRequest, match="an encoder with safetensors weights"):
        train(write_table(tmp_path / "snippets.csv"), name="x", folder=tmp_path, encoder=str(tmp_path / "absent"))
