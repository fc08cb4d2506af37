"""Tempo: beats per minute of a recording where a steady beat stands out. Knows nothing of bars or instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from experts.audio.spectrogram import Spectrogram

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SLOWEST_BPM, _FASTEST_BPM, _USUAL_BPM = 40.0, 220.0, 120.0
_USUAL_SPREAD_OCTAVES = 1.0
_MIN_DURATION_S = 4.0
_MAX_FRAMES = 5200  # two minutes are enough to hear a beat
# Height of the autocorrelation's peak, 1 being a perfect repetition: synthetic melodies with a drum had 0.85 and more,
# LibriSpeech readings, synthetic speech and noise 0.15 at most.
_CLEAR = 0.4


class Tempo(NamedTuple):
    """A tempo and how clear it is, in [0, 1]."""

    bpm: float
    clarity: float


def tempo_of(spectrogram: Spectrogram) -> Tempo | None:
    """The tempo from the autocorrelation of onset strength (Ellis, 2007); None where no steady beat stands out."""
    import numpy

    onsets = _onset_strength(spectrogram.levels_db[:, :_MAX_FRAMES])
    per_s = spectrogram.frames_per_s
    if onsets.size < _MIN_DURATION_S * per_s or not onsets.any():
        return None
    centred = onsets - onsets.mean()
    spectrum = numpy.fft.rfft(centred, 2 * centred.size)
    products = numpy.fft.irfft(numpy.abs(spectrum) ** 2)[: centred.size]
    # Fewer pairs overlap at longer lags; without this the slow tempi look weak.
    correlation = products / products[0] * (centred.size / (centred.size - numpy.arange(centred.size)))
    lags = numpy.arange(int(per_s * 60 / _FASTEST_BPM), min(int(per_s * 60 / _SLOWEST_BPM), centred.size // 2))
    bpm = 60 * per_s / lags
    usual = numpy.exp(-0.5 * (numpy.log2(bpm / _USUAL_BPM) / _USUAL_SPREAD_OCTAVES) ** 2)
    best = int(numpy.argmax(correlation[lags] * usual))
    clarity = float(correlation[lags[best]])
    if clarity < _CLEAR:
        return None
    return Tempo(60 * per_s / _refined(correlation, int(lags[best])), min(1.0, clarity))


def _onset_strength(levels_db: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much the bands rise from frame to frame, (frames - 1,)."""
    import numpy

    return numpy.maximum(numpy.diff(levels_db, axis=1), 0).mean(axis=0, dtype=numpy.float64)


def _refined(correlation: NDArray[np.float64], lag: int) -> float:
    """The lag between frames where a parabola through the peak and its neighbours is highest."""
    before, peak, after = correlation[lag - 1 : lag + 2]
    bend = before - 2 * peak + after
    return lag + 0.5 * float(before - after) / float(bend) if bend < 0 else float(lag)
