"""SpeechRecognition hears some of the words of synthetic speech; it is weak, and its card says so."""

from __future__ import annotations

import numpy as np
import pytest

from experts.audio import SpeechRecognition, SpeechSynthesis
from experts.audio.speech_detector import RATE_HZ, Stretch
from experts.audio.speech_recognition import _cut
from orchestrator.artifact import Audio, Text
from orchestrator.errors import BadRequest


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    SpeechRecognition.load("cpu")


def words_of(text: str) -> set[str]:
    return set(text.lower().replace(".", "").split())


def test_two_sentences_come_out_as_two() -> None:
    said = "Sales grew by ten percent. The new office opened in April."
    # espeak-ng never says it twice alike, and a word is lost now and then: not in each of three times.
    speeches = [SpeechSynthesis(Text(said)) for _ in range(3)]
    heards = SpeechRecognition.predict([{"audio": speech} for speech in speeches])
    words = [words_of(heard.outputs["text"].value) & words_of(said) for heard in heards]
    assert max(map(len, words)) >= 9
    assert {"ten", "percent", "new"} <= set.union(*words)
    heard, speech = heards[0], speeches[0]
    assert heard.outputs["text"].value[0].isupper()
    assert heard.outputs["text"].value.endswith(".")
    transcript = heard.outputs["transcript"].value
    assert transcript["num_words"] == sum(len(stretch["words"].split()) for stretch in transcript["stretches"])
    assert transcript["stretches"][-1]["end_s"] <= speech.samples()[0].size / 22050 + 0.1
    assert transcript["missing"] is None
    assert "wrong" in transcript["caution"]
    assert 0 < heard.confidence < 1


def test_what_was_heard_before_changes_nothing() -> None:
    one = SpeechSynthesis(Text("The train leaves from platform three."))
    other = SpeechSynthesis(Text("Please send the invoice before Friday."))
    alone = SpeechRecognition.predict([{"audio": one}])
    after = SpeechRecognition.predict([{"audio": other}, {"audio": one}])
    assert after[1] == alone[0]


def test_a_tone_holds_no_words() -> None:
    tone = 0.3 * np.sin(2 * np.pi * 500 * np.arange(2 * RATE_HZ) / RATE_HZ)
    [heard] = SpeechRecognition.predict([{"audio": Audio.of(tone, RATE_HZ)}])
    assert heard.outputs["text"].value == ""
    assert heard.confidence is None
    assert heard.outputs["transcript"].value == {
        "stretches": [],
        "num_words": 0,
        "caution": None,
        "caution_zh": None,
        "missing": "no English speech that could be recognised",
        "missing_zh": "没有可识别的英语语音",
    }


def test_a_long_stretch_is_cut_into_equal_parts() -> None:
    assert _cut(Stretch(1.0, 3.0)) == [Stretch(1.0, 3.0)]
    assert _cut(Stretch(0.0, 50.0)) == pytest.approx(
        [Stretch(0, 50 / 3), Stretch(50 / 3, 100 / 3), Stretch(100 / 3, 50)]
    )


def test_the_card_says_that_it_is_weak() -> None:
    assert "weak" in SpeechRecognition.card.limits
    assert "a quarter to a third of the words" in SpeechRecognition.card.description


def test_a_cut_off_recording_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"call\.flac.*readable audio file"):
        SpeechRecognition(Audio.from_bytes(b"fLaC\x00\x00\x00\x22", name="call.flac"))
