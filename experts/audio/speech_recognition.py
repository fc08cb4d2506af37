"""SpeechRecognition: writes down English speech with PocketSphinx, weakly. Knows no other language and no speakers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from experts.audio.speech_detector import RATE_HZ, SpeechDetector, Stretch, merged
from orchestrator.artifact import Audio, Json, Text
from orchestrator.expert import Outcome, expert

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A pause longer than this ends a sentence; PocketSphinx slows down and errs more on longer stretches.
_SENTENCE_PAUSE_S = 0.3
_MAX_STRETCH_S = 20.0
_MARGIN_S = 0.25
# The digital silence between synthetic words ruins the cepstral mean: of 71 words of eSpeak NG, PocketSphinx had 55
# wrong as they were and 26 with noise of this level (-50 dBFS, always the same). Microphones leave more than the floor.
_NOISE, _DIGITAL_FLOOR = 0.003, 0.0001
_NOISE_SEED = 0


class Transcript(NamedTuple):
    """What speech recognition gives."""

    text: Annotated[Text, "the words, a sentence for each stretch between pauses; empty where none was recognised"]
    transcript: Annotated[Json, "stretches with start, end, words and confidence"]


@expert(
    "speech_recognition",
    title="Speech recognition",
    task="automatic-speech-recognition",
    licence="BSD-2-Clause",
    openness="open-weights",
    author="Carnegie Mellon University; Alpha Cephei Inc.",
    model="cmusphinx en-us",
    revision="pocketsphinx 5.1",
    training_data="unknown to its packagers; a generic acoustic model of US English",
    limits="It is weak: a quarter to a third of the words are wrong, more with noise or robotic voices; English only.",
    hypothesis="A weak offline recogniser is better than none until a hub model takes its place.",
    examples=(
        "把录音转写成文字",
        "What is said in this recording?",
        "Transcribe the audio file",
        "Transcribe the recording",
        "Write down what the speaker says",
        "Convert this speech to text",
        "What does the voice message say?",
        "Turn the interview into text",
        "这段录音里说了什么？",
        "把语音转成文字",
        "转写这段英语录音",
    ),
    says={
        "en": (
            "The recording says, as far as it could be understood: “{text}”",
            "{caution}",
            "The recording holds {missing}.",
        ),
        "zh": ("录音的内容大致是：“{text}”", "{caution_zh}", "录音中{missing_zh}。"),
    },
)
class SpeechRecognition:
    """Transcribe English speech to text (speech recognition).

    Weak: a quarter to a third of the words come out wrong.
    """

    def __init__(self) -> None:
        self._detector: SpeechDetector | None = None
        self._decoder: Any = None
        # A decoder holds one utterance at a time.
        self._lock = threading.Lock()

    def load(self, device: str) -> None:
        """Read the acoustic and the language model that ship with PocketSphinx; they run on the CPU."""
        from pocketsphinx import Decoder

        self._detector = SpeechDetector()
        self._decoder = Decoder(samprate=float(RATE_HZ), cmn="batch", loglevel="FATAL")

    def unload(self) -> None:
        self._detector = self._decoder = None

    def __call__(self, audio: Annotated[Audio, "recording of English speech"]) -> Transcript:
        assert self._detector is not None
        samples, _ = audio.samples(RATE_HZ)
        stretches = merged(self._detector.stretches(samples), _SENTENCE_PAUSE_S, _MAX_STRETCH_S)
        pieces = [piece for stretch in stretches for piece in _cut(stretch)]
        heard = []
        for piece in pieces:
            words, confidence = self._recognise(samples, piece)
            if words:
                heard.append((piece, words, confidence))
        weight = sum(len(words) for _, words, _ in heard)
        overall = sum(confidence * len(words) for _, words, confidence in heard) / weight if weight else None
        value = {
            "stretches": [
                {
                    "start_s": round(piece.start_s, 2),
                    "end_s": round(piece.end_s, 2),
                    "words": " ".join(words),
                    "confidence": round(confidence, 3),
                }
                for piece, words, confidence in heard
            ],
            "num_words": weight,
            "caution": "The embedded recogniser gets a quarter to a third of the words wrong." if heard else None,
            "caution_zh": "内置的识别器大约有四分之一到三分之一的词会出错。" if heard else None,
            "missing": None if heard else "no English speech that could be recognised",
            "missing_zh": None if heard else "没有可识别的英语语音",
        }
        text = " ".join(_sentence(words) for _, words, _ in heard)
        return Outcome(Transcript(Text(text), Json(value)), overall)  # type: ignore[return-value]

    def _recognise(self, samples: NDArray[np.float32], stretch: Stretch) -> tuple[list[str], float]:
        """The words of a stretch and their mean posterior probability in the word lattice, in [0, 1]."""
        import numpy

        start = max(0, int((stretch.start_s - _MARGIN_S) * RATE_HZ))
        heard = samples[start : int((stretch.end_s + _MARGIN_S) * RATE_HZ)]
        if _quietest(heard) < _DIGITAL_FLOOR:
            noise = numpy.random.default_rng(_NOISE_SEED).normal(0, _NOISE, heard.size)
            heard = heard + noise.astype(numpy.float32)
        pcm = (numpy.clip(heard, -1, 1) * 32767).astype("<i2").tobytes()
        with self._lock:
            decoder = self._decoder
            # Features must not remember the recording before, or a batch would differ from its parts.
            decoder.reinit_feat()
            decoder.start_utt()
            decoder.process_raw(pcm, no_search=False, full_utt=True)
            decoder.end_utt()
            if decoder.hyp() is None:
                return [], 0.0
            found = [(_spelling(segment.word), float(segment.prob)) for segment in decoder.seg()]
        words = [(word, probability) for word, probability in found if word]
        if not words:
            return [], 0.0
        return [word for word, _ in words], min(1.0, sum(probability for _, probability in words) / len(words))


def _quietest(samples: NDArray[np.float32]) -> float:
    """RMS of the quietest 25 ms."""
    import numpy

    frame = RATE_HZ // 40
    frames = samples[: samples.size // frame * frame].reshape(-1, frame)
    return float(numpy.sqrt(numpy.square(frames).mean(axis=1).min())) if len(frames) else 1.0


def _cut(stretch: Stretch) -> list[Stretch]:
    """A stretch without any pause in equal parts of at most _MAX_STRETCH_S."""
    number = int(-(-stretch.duration_s // _MAX_STRETCH_S))
    step_s = stretch.duration_s / number
    return [Stretch(stretch.start_s + i * step_s, stretch.start_s + (i + 1) * step_s) for i in range(number)]


def _spelling(entry: str) -> str:
    """The word of a dictionary entry: `the(2)` is a second pronunciation, `<sil>` and `[NOISE]` are no words."""
    return "" if entry[:1] in "<[+" else entry.partition("(")[0]


def _sentence(words: list[str]) -> str:
    text = " ".join("I" + word[1:] if word == "i" or word.startswith("i'") else word for word in words)
    return text[:1].upper() + text[1:] + "."
