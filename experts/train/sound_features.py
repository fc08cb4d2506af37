"""SoundFeatures: recordings as statistics of log-mel bands and MFCCs, by numpy and scipy. Knows no label.

MFCC as in Davis and Mermelstein 1980: the cosine transform of log energies in bands that are even on the mel scale
(here 2595 log10(1 + f / 700), O'Shaughnessy 1987); their change over time is taken by first differences.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

RATE_HZ = 16_000
MAX_DURATION_S = 60
_WINDOW, _HOP, _FFT = 400, 160, 512  # 25 ms every 10 ms
_NUM_BANDS, _NUM_MFCC = 40, 20
_FLOOR = 1e-10
_SILENCE = 1e-8


class SoundFeatures:
    """Rows of 40 x 5 band, 20 x 4 MFCC and 13 shape statistics; not yet scaled."""

    def __init__(self, encoder: str = "embedded", device: str = "cpu") -> None:
        """Takes what every kind of features takes; there is no encoder, and it runs on the CPU."""

    def __call__(self, items: Sequence[Any]) -> Matrix:
        """Features of audio artifacts, shape (N, 293).

        Raises:
            BadRequest: an artifact is no recording.
        """
        import numpy

        return numpy.stack([_statistics(item.samples(RATE_HZ)[0]) for item in items])


def _statistics(samples: NDArray[np.float32]) -> Matrix:
    """One row of features of mono samples at RATE_HZ; the middle minute of a longer recording."""
    import numpy
    from scipy.fft import dct

    limit = MAX_DURATION_S * RATE_HZ
    if len(samples) > limit:
        first = (len(samples) - limit) // 2
        samples = samples[first : first + limit]
    signal = numpy.asarray(samples, dtype=numpy.float64)
    loudness = float(numpy.sqrt((signal**2).mean()))
    # The band statistics shall not depend on how loud it was recorded; the loudness is a feature of its own.
    signal = signal / max(loudness, _SILENCE)
    power = _power(signal)  # (T, F)
    bands = numpy.log(power @ _mel_filters().T + _FLOOR)  # (T, F) @ (F, B) -> (T, B)
    cepstrum = dct(bands, type=2, axis=1, norm="ortho")[:, :_NUM_MFCC]  # (T, M)
    change = numpy.diff(cepstrum, axis=0) if len(cepstrum) > 1 else numpy.zeros((1, _NUM_MFCC))
    return numpy.concatenate(
        [
            bands.mean(0),
            bands.std(0),
            *numpy.percentile(bands, (10, 50, 90), axis=0),
            cepstrum.mean(0),
            cepstrum.std(0),
            numpy.abs(change).mean(0),
            change.std(0),
            _shape(signal, power, loudness, len(samples) / RATE_HZ),
        ]
    )


def _power(signal: Matrix) -> Matrix:
    """Power spectra of Hann windows, shape (T, FFT / 2 + 1); a recording shorter than a window is padded."""
    import numpy

    if len(signal) < _WINDOW:
        signal = numpy.pad(signal, (0, _WINDOW - len(signal)))
    frames = numpy.lib.stride_tricks.sliding_window_view(signal, _WINDOW)[::_HOP]  # (T, W)
    return numpy.abs(numpy.fft.rfft(frames * numpy.hanning(_WINDOW), _FFT)) ** 2


def _shape(signal: Matrix, power: Matrix, loudness: float, duration_s: float) -> Matrix:
    """Centre, width, roll-off, flatness and zero crossings of the spectrum, loudness, its range, and the duration."""
    import numpy

    frequencies = numpy.fft.rfftfreq(_FFT, 1 / RATE_HZ) / (RATE_HZ / 2)  # (F,) in [0, 1]
    energy = power.sum(1) + _FLOOR
    share = power / energy[:, None]
    centre = share @ frequencies  # (T,)
    width = numpy.sqrt(numpy.maximum(0.0, share @ frequencies**2 - centre**2))
    rolloff = frequencies[(numpy.cumsum(share, axis=1) < 0.85).sum(1).clip(max=len(frequencies) - 1)]
    flatness = numpy.exp(numpy.log(power + _FLOOR).mean(1)) / (power.mean(1) + _FLOOR)
    crossings = float((numpy.diff(numpy.signbit(signal)) != 0).mean()) if len(signal) > 1 else 0.0
    level = numpy.log(energy)
    pairs = [statistic for track in (centre, width, rolloff, flatness) for statistic in (track.mean(), track.std())]
    ends = numpy.percentile(level, (10, 90))
    return numpy.array(
        [
            *pairs,
            crossings,
            numpy.log(loudness + _SILENCE),
            level.std(),
            ends[1] - ends[0],
            numpy.log(duration_s + 0.01),
        ]
    )


@functools.cache
def _mel_filters() -> Matrix:
    """Triangular filters over 20 Hz to 8 kHz, shape (B, FFT / 2 + 1)."""
    import numpy

    def mel(frequency_hz: float) -> float:
        return float(2595.0 * numpy.log10(1.0 + frequency_hz / 700.0))

    points = numpy.linspace(mel(20.0), mel(RATE_HZ / 2), _NUM_BANDS + 2)
    edges = 700.0 * (10.0 ** (points / 2595.0) - 1.0)
    frequencies = numpy.fft.rfftfreq(_FFT, 1 / RATE_HZ)
    rising = (frequencies - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies) / (edges[2:] - edges[1:-1])[:, None]
    return numpy.maximum(0.0, numpy.minimum(rising, falling))
