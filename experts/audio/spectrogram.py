"""Spectrogram: the energy of a recording over time in mel bands, and its picture. Knows nothing of speech or music."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage

RATE_HZ = 22_050
HOP = 512
_WINDOW = 2048
_NUM_BANDS = 64
_FLOOR_DB = -80.0
# Frames that are transformed at once: 512 x 2048 x 8 bytes.
_BLOCK = 512
_PICTURE_WIDTH_PX = 1200


@dataclass(frozen=True)
class Spectrogram:
    """Mel-band energies in dB below the loudest: `levels_db` is (bands, frames), a frame every HOP samples."""

    levels_db: NDArray[np.float32]
    edges_hz: NDArray[np.float64]  # (bands + 2,)

    @property
    def frames_per_s(self) -> float:
        return RATE_HZ / HOP


def mel_spectrogram(samples: NDArray[np.float32]) -> Spectrogram:
    """The log-mel spectrogram (O'Shaughnessy's mel scale, Hann window) of samples (S,) at RATE_HZ."""
    import numpy
    from scipy.signal import get_window

    edges_hz, filters = _mel_filters()
    window = get_window("hann", _WINDOW).astype(numpy.float32)
    padded = numpy.pad(samples, _WINDOW // 2)
    num_frames = 1 + samples.size // HOP
    frames = numpy.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP][:num_frames]  # (F, _WINDOW), a view
    power = numpy.concatenate(
        [
            filters @ (numpy.abs(numpy.fft.rfft(frames[i : i + _BLOCK] * window, axis=1)) ** 2).T
            for i in range(0, len(frames), _BLOCK)
        ],
        axis=1,
    )
    # The floor of 1e-6 keeps digital silence below sound instead of at 0 dB.
    levels_db = 10 * numpy.log10(numpy.maximum(power, 1e-10) / max(float(power.max()), 1e-6))
    return Spectrogram(numpy.maximum(levels_db, _FLOOR_DB).astype(numpy.float32), edges_hz)


def picture_of(spectrogram: Spectrogram, duration_s: float) -> PillowImage:
    """A picture with time in seconds from left to right, frequency in Hz upwards, and level in dB as colour."""
    import numpy
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image as Pillow

    levels_db = spectrogram.levels_db
    stride = max(1, levels_db.shape[1] // _PICTURE_WIDTH_PX)
    num_columns = levels_db.shape[1] // stride
    shown = levels_db[:, : num_columns * stride].reshape(len(levels_db), num_columns, stride).max(axis=2)
    figure = Figure(figsize=(9, 3.6), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    drawn = axes.imshow(
        shown,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=_FLOOR_DB,
        vmax=0,
        extent=(0, duration_s, 0, len(shown)),
    )
    ticks = numpy.linspace(0, len(shown) - 1, 7).round().astype(int)
    axes.set_yticks(ticks + 0.5, [f"{spectrogram.edges_hz[band + 1]:.0f}" for band in ticks])
    axes.set_xlabel("time (s)")
    axes.set_ylabel("frequency (Hz)")
    figure.colorbar(drawn, ax=axes, label="level (dB)")
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return Pillow.open(buffer).convert("RGB")


def _mel_filters() -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Band edges in Hz (bands + 2,), and triangular filters (bands, bins) of equal height."""
    import numpy

    top_mel = 2595 * numpy.log10(1 + RATE_HZ / 2 / 700)
    edges_hz = 700 * (10 ** (numpy.linspace(0, top_mel, _NUM_BANDS + 2) / 2595) - 1)
    bins_hz = numpy.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)[None, :]
    low, middle, high = (edges_hz[i : i + _NUM_BANDS, None] for i in range(3))
    rising, falling = (bins_hz - low) / (middle - low), (high - bins_hz) / (high - middle)
    return edges_hz, numpy.clip(numpy.minimum(rising, falling), 0, None).astype(numpy.float32)
