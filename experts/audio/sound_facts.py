"""SoundFacts: duration, rate, loudness, silence, tempo and spectrum of a recording. Knows nothing of what sounds."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from experts.audio.spectrogram import RATE_HZ, mel_spectrogram, picture_of
from experts.audio.tempo import tempo_of
from orchestrator.artifact import Audio, Image, Json
from orchestrator.expert import expert

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FRAME_S = 0.05
_SILENCE_DBFS = -50.0
_CHANNEL_WORDS = {1: ("mono", "单声道"), 2: ("stereo", "立体声")}


class Sound(NamedTuple):
    """What measuring a recording gives."""

    facts: Annotated[Json, "duration, sample rate, channels, loudness, silence and tempo"]
    spectrum: Annotated[Image, "log-mel spectrogram: time, frequency and level"]


@expert(
    "sound_facts",
    title="Sound facts",
    licence="Apache-2.0",
    openness="open-science",
    author="The Baton authors",
    limits="Loudness is plain RMS and not weighted for the ear; a tempo is given only for a steady, clear beat.",
    examples=(
        "How long is this recording?",
        "How loud is the audio?",
        "What tempo does this music have?",
        "Show me the spectrum of the sound",
        "Draw a spectrogram of the recording",
        "What is the sample rate of the file, and is it stereo?",
        "How many beats per minute is this song?",
        "这段录音有多长？",
        "这段音乐的速度是多少？",
        "画出声音的频谱图",
        "录音的音量有多大？",
    ),
    says={
        "en": (
            "The recording lasts {duration_s:.1f} seconds, at {sample_rate_hz} samples a second.",
            "It is {channels_word}.",
            "Its mean loudness is {loudness_dbfs:.1f} dBFS and its peak {peak_dbfs:.1f} dBFS.",
            "{silence_percent} percent of it is silence.",
            "Its tempo is about {tempo_bpm:.0f} beats a minute.",
            "It holds {missing}.",
        ),
        "zh": (
            "录音长{duration_s:.1f}秒，采样率为{sample_rate_hz}赫兹。",
            "它是{channels_word_zh}。",
            "平均响度为{loudness_dbfs:.1f} dBFS，峰值为{peak_dbfs:.1f} dBFS。",
            "其中{silence_percent}%是静音。",
            "速度约为每分钟{tempo_bpm:.0f}拍。",
            "录音{missing_zh}。",
        ),
    },
)
class SoundFacts:
    """Measure a sound recording or music: duration, sample rate, channels, loudness, silence and tempo.

    Gives a picture of its spectrum as well.
    """

    def load(self, device: str) -> None:
        """Import what measures; it runs on the CPU."""
        import matplotlib.figure  # noqa: F401
        import scipy.signal  # noqa: F401

    def __call__(self, audio: Annotated[Audio, "any recording"]) -> Sound:
        samples, rate_hz = audio.samples()
        duration_s = samples.size / rate_hz
        spectrogram = mel_spectrogram(_resampled(samples, rate_hz))
        tempo = tempo_of(spectrogram)
        channels = _num_channels(audio)
        word, word_zh = _CHANNEL_WORDS.get(channels or 0, (None, None))
        facts = {
            "duration_s": round(duration_s, 3),
            "sample_rate_hz": rate_hz,
            "channels": channels,
            "channels_word": word or (f"of {channels} channels" if channels else None),
            "channels_word_zh": word_zh or (f"{channels}声道" if channels else None),
            **_loudness(samples, rate_hz),
            "tempo_bpm": round(tempo.bpm, 1) if tempo else None,
            "tempo_clarity": round(tempo.clarity, 2) if tempo else None,
        }
        return Sound(Json(facts), Image.of(picture_of(spectrogram, duration_s), name="spectrum.png"))


def _loudness(samples: NDArray[np.float32], rate_hz: int) -> dict[str, Any]:
    """RMS and peak in dB of full scale, and the share of 50-ms frames below -50 dBFS; no level for digital silence."""
    import numpy

    peak = float(numpy.abs(samples).max())
    frame = max(1, int(_FRAME_S * rate_hz))
    whole = samples[: samples.size - samples.size % frame] if samples.size >= frame else samples
    power = numpy.square(whole.reshape(-1, min(frame, whole.size)), dtype=numpy.float64).mean(axis=1)
    silent = float((power < 10 ** (_SILENCE_DBFS / 10)).mean())
    mean_power = float(numpy.square(samples, dtype=numpy.float64).mean())
    return {
        "loudness_dbfs": round(10 * math.log10(mean_power), 1) if mean_power else None,
        "peak_dbfs": round(20 * math.log10(peak), 1) if peak else None,
        "silence_percent": round(100 * silent),
        "missing": None if peak else "nothing but digital silence",
        "missing_zh": None if peak else "只有数字静音",
    }


def _num_channels(audio: Audio) -> int | None:
    """Channels of the file; None where only ffmpeg can read it, whose output is counted no more."""
    import soundfile

    try:
        return int(soundfile.info(io.BytesIO(audio.read_bytes())).channels)
    except soundfile.LibsndfileError:
        return None


def _resampled(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    import soxr

    return samples if rate_hz == RATE_HZ else soxr.resample(samples, rate_hz, RATE_HZ)
