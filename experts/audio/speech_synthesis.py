"""SpeechSynthesis: reads English and Chinese text aloud with eSpeak NG. Knows no other voice, and no music.

The optional extra `speech` brings the library, because of its licence.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from typing import TYPE_CHECKING, Annotated, Any

from orchestrator.artifact import Audio, Text
from orchestrator.errors import BadRequest, BatonError, MissingExtra
from orchestrator.expert import expert
from orchestrator.language import language_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The values of espeak-ng's speak_lib.h that are used here.
_OUTPUT_SYNCHRONOUS, _DONT_EXIT, _POSITION_CHARACTER, _UTF8, _RATE = 2, 0x8000, 1, 1, 1
# A little slower than espeak-ng's 175: clearer to people, and speech recognition gets more of its words.
_WORDS_PER_MINUTE = 140
_MAX_CHARACTERS = 20_000
_VOICES = {"en": b"en-us", "zh": b"cmn"}
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
# espeak-ng keeps voice, callback and text in global variables: one text at a time in a process.
_LOCK = threading.Lock()


@expert(
    "speech_synthesis",
    title="Speech synthesis",
    task="text-to-speech",
    licence="GPL-3.0-or-later",
    openness="open-science",
    author="eSpeak NG contributors",
    model="espeak-ng formant synthesis",
    revision="espeak-ng 1.52",
    limits="The voice sounds robotic; it speaks English and Mandarin, and at most 20,000 characters at once.",
    examples=(
        "Read this text aloud",
        'Say "the train leaves at nine" as audio',
        "Turn the text into speech",
        "Speak the summary out loud",
        "Make an audio version of this letter",
        "Give me the answer as a voice recording",
        "朗读这段文字",
        "把这段话转换成语音",
        "用中文念出“你好，世界”",
    ),
    says={
        "en": ("The text has been turned into speech; the recording is attached.",),
        "zh": ("文字已转换成语音，录音附在后面。",),
    },
)
class SpeechSynthesis:
    """Read a text aloud (text to speech): turns English or Chinese text into a recording of a robotic voice."""

    def load(self, device: str) -> None:
        """Start espeak-ng once in this process; it runs on the CPU.

        Raises:
            MissingExtra: the extra `speech` is not installed.
        """
        with _LOCK:
            _espeak()

    def __call__(self, text: Annotated[Text, "what to say, in English or Chinese"]) -> Audio:
        """The spoken text.

        Raises:
            BadRequest: nothing to say, or more than 20,000 characters.
            MissingExtra: the extra `speech` is not installed.
        """
        spoken = text.text.replace("\x00", " ").strip()
        if not any(character.isalnum() for character in spoken):
            raise BadRequest("text", spoken[:40], "a text with a word or more", "Give the text that is to be spoken.")
        if len(spoken) > _MAX_CHARACTERS:
            raise BadRequest(
                "text",
                f"a text of {len(spoken)} characters",
                f"at most {_MAX_CHARACTERS} characters",
                "Shorten the text, or have its summary spoken.",
            )
        samples, rate_hz = _speak(spoken, _VOICES[language_of(spoken)])
        return Audio.of(samples, rate_hz, name="speech.wav")


@functools.cache
def _espeak() -> tuple[Any, int]:
    """The library, started, and its sample rate in Hz.

    Raises:
        MissingExtra: espeakng-loader is not installed.
        BatonError: the library does not start.
    """
    try:
        import espeakng_loader
    except ImportError as error:
        raise MissingExtra("speech synthesis", "speech") from error
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data_path = espeakng_loader.get_data_path().encode()
    rate_hz = library.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, data_path, _DONT_EXIT)
    if rate_hz <= 0:
        raise BatonError(
            "espeak-ng does not start", "Install the extra again: pip install --force-reinstall espeakng-loader"
        )
    return library, rate_hz


def _speak(text: str, voice: bytes) -> tuple[NDArray[np.float32], int]:
    """Samples (S,) in [-1, 1] and their rate in Hz."""
    import numpy

    chunks: list[NDArray[np.int16]] = []

    @_Callback
    def collect(samples: Any, num_samples: int, _events: Any) -> int:
        if samples and num_samples > 0:
            chunks.append(numpy.ctypeslib.as_array(samples, (num_samples,)).copy())
        return 0

    with _LOCK:
        library, rate_hz = _espeak()
        library.espeak_SetSynthCallback(collect)
        library.espeak_SetVoiceByName(voice)
        library.espeak_SetParameter(_RATE, _WORDS_PER_MINUTE, 0)
        encoded = text.encode() + b"\x00"
        status = library.espeak_Synth(
            encoded, ctypes.c_size_t(len(encoded)), 0, _POSITION_CHARACTER, 0, _UTF8, None, None
        )
        library.espeak_Synchronize()
    if status != 0 or not chunks:
        raise BadRequest("text", text[:40], "a text that espeak-ng can speak", "Give a text with words in it.")
    return numpy.concatenate(chunks).astype(numpy.float32) / numpy.float32(32768), rate_hz
