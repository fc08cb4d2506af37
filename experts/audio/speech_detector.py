"""SpeechDetector: where in a recording somebody speaks, by Silero VAD. Knows nothing of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE_HZ = 16_000


@dataclass(frozen=True)
class Stretch:
    """A stretch of speech in seconds from the recording's beginning."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


class SpeechDetector:
    """Silero VAD's ONNX model, run on blocks of 16 s at once on one CPU thread; safe to share between threads."""

    def __init__(self) -> None:
        from silero_vad import load_silero_vad

        self._model: Any = load_silero_vad(sequence=True)

    def stretches(self, samples: NDArray[np.float32]) -> list[Stretch]:
        """Stretches of speech in order, those of less than 0.25 s left out.

        Args:
            samples: (S,) mono in [-1, 1] at RATE_HZ.
        """
        from silero_vad import get_speech_timestamps_sequence

        found = get_speech_timestamps_sequence(samples, self._model, sampling_rate=RATE_HZ)
        return [Stretch(mark["start"] / RATE_HZ, mark["end"] / RATE_HZ) for mark in found]


def merged(stretches: list[Stretch], max_pause_s: float, max_duration_s: float) -> list[Stretch]:
    """The same stretches, neighbours joined over pauses of up to `max_pause_s` while the whole stays short enough."""
    joined: list[Stretch] = []
    for stretch in stretches:
        last = joined[-1] if joined else None
        if (
            last is not None
            and stretch.start_s - last.end_s <= max_pause_s
            and stretch.end_s - last.start_s <= max_duration_s
        ):
            joined[-1] = Stretch(last.start_s, stretch.end_s)
        else:
            joined.append(stretch)
    return joined
