import pytest

from experts.text import LanguageIdentification
from orchestrator.artifact import Text
from orchestrator.errors import BadRequest

SAMPLES = {
    "Where is the nearest railway station, please?": ("English", "英语", "en"),
    "请问最近的火车站在哪里？": ("Chinese", "中文", "zh"),
    "Wo ist bitte der nächste Bahnhof?": ("German", "德语", "de"),
    "Où se trouve la gare la plus proche ?": ("French", "法语", "fr"),
    "¿Dónde está la estación de tren más cercana?": ("Spanish", "西班牙语", "es"),
    "一番近い駅はどこですか。": ("Japanese", "日语", "ja"),
    "Где находится ближайший вокзал?": ("Russian", "俄语", "ru"),
}


@pytest.mark.parametrize("text", SAMPLES)
def test_language_is_named_in_english_and_chinese(text: str) -> None:
    [prediction] = LanguageIdentification.predict([{"text": Text(text)}])
    facts = prediction.outputs["json"].value
    assert (facts["language"], facts["language_zh"], facts["code"]) == SAMPLES[text]
    assert prediction.confidence == pytest.approx(facts["probability"], abs=1e-3)
    assert prediction.outputs["labels"].top == facts["code"]


def test_lines_and_length_do_not_change_the_language() -> None:
    text = "Die Pumpe läuft\nseit gestern nicht mehr.\n" * 400
    assert LanguageIdentification(Text(text)).json.value["language"] == "German"


@pytest.mark.parametrize("text", ["", "  \n", "?!…"])
def test_text_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="a text with a word"):
        LanguageIdentification(Text(text))
