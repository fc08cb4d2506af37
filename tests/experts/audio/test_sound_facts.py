"""SoundFacts measures sounds whose loudness, tempo and pitch the tests know."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from experts.audio import SoundFacts, SpeechSynthesis
from experts.audio.spectrogram import RATE_HZ, mel_spectrogram
from experts.audio.tempo import tempo_of
from orchestrator.artifact import Audio, Text
from orchestrator.errors import BadRequest


def tone(frequency_hz: float, amplitude: float, duration_s: float, rate_hz: int) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(int(duration_s * rate_hz)) / rate_hz)


def drum(bpm: float, duration_s: float = 10) -> np.ndarray:
    samples = np.random.default_rng(0).normal(0, 0.002, int(duration_s * RATE_HZ))
    hit = np.random.default_rng(1).normal(0, 0.4, 2000) * np.exp(-np.arange(2000) / 400)
    for start in np.arange(0, samples.size - hit.size, RATE_HZ * 60 / bpm).astype(int):
        samples[start : start + hit.size] += hit
    return samples.astype(np.float32)


def test_every_fact_of_a_tone() -> None:
    found = SoundFacts(Audio.of(tone(440, 0.5, 3, 16_000), 16_000))
    assert found.facts.value == {
        "duration_s": 3.0,
        "sample_rate_hz": 16_000,
        "channels": 1,
        "channels_word": "mono",
        "channels_word_zh": "单声道",
        "loudness_dbfs": -9.0,
        "peak_dbfs": -6.0,
        "silence_percent": 0,
        "missing": None,
        "missing_zh": None,
        "tempo_bpm": None,
        "tempo_clarity": None,
    }
    assert found.spectrum.pil().size == (900, 360)


def test_half_silence_in_stereo() -> None:
    left = np.concatenate([tone(300, 0.2, 2, 44_100), np.zeros(2 * 44_100)])
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([left, left], axis=1), 44_100, format="FLAC")
    value = SoundFacts(Audio.from_bytes(buffer.getvalue(), name="band.flac")).facts.value
    assert (value["channels"], value["channels_word"], value["channels_word_zh"]) == (2, "stereo", "立体声")
    assert (value["duration_s"], value["silence_percent"], value["peak_dbfs"]) == (4.0, 50, -14.0)


def test_digital_silence_has_no_level() -> None:
    value = SoundFacts(Audio.of(np.zeros(8000), 8000)).facts.value
    assert (value["loudness_dbfs"], value["peak_dbfs"], value["silence_percent"]) == (None, None, 100)
    assert value["missing"] == "nothing but digital silence"


@pytest.mark.parametrize("bpm", [72, 90, 100, 128, 150])
def test_the_tempo_of_a_drum(bpm: float) -> None:
    found = tempo_of(mel_spectrogram(drum(bpm)))
    assert found is not None
    assert found.bpm == pytest.approx(bpm, rel=0.01)
    assert found.clarity > 0.6


def test_speech_and_noise_and_short_clips_have_no_tempo() -> None:
    speech = SpeechSynthesis(Text("The harbour was quiet when the ferry arrived. " * 4)).samples(RATE_HZ)[0]
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * RATE_HZ).astype(np.float32)
    assert [tempo_of(mel_spectrogram(sound)) for sound in (speech, noise, drum(120, 3), np.zeros(0, np.float32))] == [
        None
    ] * 4


def test_the_spectrogram_shows_the_tone_in_its_band() -> None:
    spectrogram = mel_spectrogram(tone(1000, 0.5, 1, RATE_HZ).astype(np.float32))
    assert spectrogram.levels_db.shape == (64, 1 + RATE_HZ // 512)
    loudest = int(spectrogram.levels_db[:, 20].argmax())
    assert spectrogram.edges_hz[loudest] < 1000 < spectrogram.edges_hz[loudest + 2]
    assert spectrogram.levels_db.max() == 0
    assert spectrogram.levels_db.min() >= -80


def test_the_picture_differs_between_sounds() -> None:
    low, high = (SoundFacts(Audio.of(tone(f, 0.5, 2, 22_050), 22_050)).spectrum for f in (200, 5000))
    assert low.sha256 != high.sha256
    assert np.asarray(low.pil("L"))[:300, 100:700].std() > 10


def test_one_sample_is_measured_and_none_is_refused() -> None:
    value = SoundFacts(Audio.of(np.array([0.5]), 8000)).facts.value
    assert (value["peak_dbfs"], value["tempo_bpm"]) == (-6.0, None)
    with pytest.raises(BadRequest, match="longer than 0 seconds"):
        SoundFacts(Audio.of(np.zeros(0), 8000))
    with pytest.raises(BadRequest, match="readable audio file"):
        SoundFacts(Audio.from_bytes(b"RIFF\x00\x00", name="song.wav"))
