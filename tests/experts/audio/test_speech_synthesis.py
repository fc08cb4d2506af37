"""SpeechSynthesis speaks English and Chinese, one text at a time, and refuses what cannot be spoken."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from experts.audio import SpeechSynthesis
from experts.audio.speech_synthesis import _espeak
from orchestrator.artifact import Text
from orchestrator.errors import BadRequest, MissingExtra


def duration_s(text: str) -> float:
    samples, rate_hz = SpeechSynthesis(Text(text)).samples()
    return samples.size / rate_hz


@pytest.mark.parametrize(
    ("text", "shortest_s", "longest_s"),
    [
        ("Hello", 0.3, 1.2),
        ("The meeting is on Monday at ten o'clock. Please bring the report.", 3.0, 6.5),
        ("你好，世界。今天天气很好。", 2.0, 5.0),
    ],
)
def test_speech_of_a_plausible_length_and_loudness(text: str, shortest_s: float, longest_s: float) -> None:
    [spoken] = SpeechSynthesis.predict([{"text": Text(text)}])
    samples, rate_hz = spoken.outputs["audio"].samples()
    assert shortest_s < samples.size / rate_hz < longest_s
    assert 0.01 < float(np.sqrt(np.square(samples).mean())) < 0.5
    assert (spoken.outputs["audio"].media_type, rate_hz) == ("audio/wav", 22050)


def test_chinese_is_not_spelled_out_by_the_english_voice() -> None:
    # The English voice says "Chinese letter" for each character, which takes more than a second.
    assert duration_s("我们明天早上八点在火车站见面") < 7


def test_texts_spoken_at_the_same_time_do_not_mix() -> None:
    texts = ["One.", "This sentence is a good deal longer than the other one.", "你好。", "Two words."] * 3
    alone = [duration_s(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(duration_s, texts))
    assert together == pytest.approx(alone, rel=0.03)


@pytest.mark.parametrize("text", ["", "   \n", "...", "\x00"])
def test_nothing_to_say_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="a text with a word or more"):
        SpeechSynthesis(Text(text))


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(BadRequest, match="at most 20000 characters") as caught:
        SpeechSynthesis(Text("word " * 5000))
    assert "summary" in caught.value.remedy


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    _espeak.cache_clear()
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(MissingExtra) as caught:
        SpeechSynthesis.load("cpu")
    assert caught.value.remedy == 'Install it: pip install "baton-orchestrator[speech]"'
    monkeypatch.undo()
    SpeechSynthesis.load("cpu")
    assert duration_s("Back again") > 0.3


def test_the_licence_is_on_the_card() -> None:
    assert SpeechSynthesis.card.licence == "GPL-3.0-or-later"
