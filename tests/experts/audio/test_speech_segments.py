"""SpeechSegments finds the words between silences that the tests put there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experts.audio import SpeechSegments, SpeechSynthesis
from experts.audio.speech_detector import RATE_HZ, Stretch, merged
from orchestrator.artifact import Artifact, Audio, Text
from orchestrator.errors import BadRequest


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    SpeechSegments.load("cpu")


def spoken(text: str) -> np.ndarray:
    return SpeechSynthesis(Text(text)).samples(RATE_HZ)[0]


def silence(duration_s: float) -> np.ndarray:
    return np.zeros(int(duration_s * RATE_HZ), dtype=np.float32)


def test_two_sentences_between_silences() -> None:
    first, second = spoken("Good morning"), spoken("See you tomorrow")
    recording = np.concatenate([silence(1.5), first, silence(2.0), second, silence(1.0)])
    value = SpeechSegments(Audio.of(recording, RATE_HZ)).value
    second_start_s = 3.5 + first.size / RATE_HZ
    assert (value["num_segments"], value["finding"], value["finding_zh"]) == (2, "2 stretches of speech", "有2段语音")
    starts = [segment["start_s"] for segment in value["segments"]]
    assert starts == pytest.approx([1.5, second_start_s], abs=0.25)
    assert value["duration_s"] == pytest.approx(recording.size / RATE_HZ, abs=0.01)
    assert value["speech_s"] == pytest.approx((first.size + second.size) / RATE_HZ, abs=0.6)
    assert (value["first_start_s"], value["last_end_s"]) == (starts[0], value["segments"][1]["end_s"])


def test_chinese_speech_at_another_rate() -> None:
    recording = SpeechSynthesis(Text("你好，欢迎来到北京。"))
    value = SpeechSegments(recording).value
    assert value["num_segments"] >= 1
    assert value["speech_s"] > 0.5 * value["duration_s"]


@pytest.mark.parametrize("name", ["silence", "noise", "tone", "one sample"])
def test_sound_without_speech(name: str) -> None:
    sounds = {
        "silence": silence(3),
        "noise": np.random.default_rng(0).normal(0, 0.1, 3 * RATE_HZ),
        "tone": 0.5 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE_HZ) / RATE_HZ),
        "one sample": np.array([0.5]),
    }
    value = SpeechSegments(Audio.of(sounds[name], RATE_HZ)).value
    assert (value["num_segments"], value["segments"], value["speech_s"]) == (0, [], None)
    assert value["finding"] == "no speech"


def test_neighbours_are_merged_while_pause_and_whole_are_short() -> None:
    stretches = [Stretch(0, 2), Stretch(2.2, 4), Stretch(5, 6), Stretch(6.1, 9)]
    assert merged(stretches, max_pause_s=0.3, max_duration_s=10) == [Stretch(0, 4), Stretch(5, 9)]
    assert merged(stretches, max_pause_s=0.3, max_duration_s=3.5) == [
        Stretch(0, 2),
        Stretch(2.2, 4),
        Stretch(5, 6),
        Stretch(6.1, 9),
    ]
    assert merged([], 1, 1) == []


def test_a_recording_of_0_seconds_is_refused() -> None:
    with pytest.raises(BadRequest, match="longer than 0 seconds") as caught:
        SpeechSegments(Audio.of(np.zeros(0), RATE_HZ, name="empty.wav"))
    assert caught.value.remedy == "Record again; this file holds no sound."


def test_a_picture_called_wav_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    with pytest.raises(BadRequest, match=r"voice\.wav.*readable audio file"):
        SpeechSegments(Artifact.from_path(path))
