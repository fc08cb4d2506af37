"""TextFeatures: texts as vectors, half meaning (a sentence encoder), half wording (hashed words and letters).

Knows no label. The wording half is what reads Chinese where the encoder cannot: its words are segmented by jieba.
"""

from __future__ import annotations

import itertools
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from experts.train.encoder_features import unusable_encoder
from orchestrator.errors import BadRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NUM_HASHES = 4096
MAX_CHARACTERS = 4000
_LETTER_GRAMS = (3, 4)


class TextFeatures:
    """Unit vectors of width encoder + NUM_HASHES; either half weighs the same where the encoder reads the language."""

    def __init__(self, encoder: str, device: str = "cpu", *, download: bool = False) -> None:
        """Load the encoder.

        Args:
            encoder: "embedded", or the id or folder of a sentence-transformers model.
            download: fetch it from the hub where it is not there, as only an explicit training command may.
        Raises:
            BadRequest: no such encoder here, or one that cannot be loaded.
        """
        from orchestrator.embedding import encoder as encoder_of

        try:
            self._encoder = encoder_of(encoder if download else _local(encoder), device)
        except (OSError, ValueError) as error:
            raise unusable_encoder(encoder, error) from error
        self._reads_chinese = encoder != "embedded"

    def __call__(self, items: Sequence[Any]) -> NDArray[np.float64]:
        """Features of texts, shape (N, D).

        Raises:
            BadRequest: a text without a letter or figure.
        """
        import numpy

        from orchestrator.language import language_of

        texts = [str(getattr(item, "text", item))[:MAX_CHARACTERS] for item in items]
        if not all(any(character.isalnum() for character in text) for text in texts):
            raise BadRequest("text", "", "a text with a word or more", "Give the text that shall be classified.")
        meaning = numpy.asarray(self._encoder.encode(texts), dtype=numpy.float64)  # (N, encoder width)
        if not self._reads_chinese:
            # Nearly every Chinese character is the same unknown token to it: such vectors say nothing but "Chinese".
            meaning[[language_of(text) == "zh" for text in texts]] = 0.0
        both = numpy.hstack([meaning, numpy.stack([_wording(text) for text in texts])])
        lengths = numpy.linalg.norm(both, axis=1, keepdims=True)
        return both / numpy.where(lengths > 0, lengths, 1.0)


def _local(encoder: str) -> str:
    """The folder of an encoder in the hub's local cache; itself where it is a folder or the embedded one."""
    from pathlib import Path

    if encoder == "embedded" or Path(encoder).exists():
        return encoder
    import huggingface_hub

    return huggingface_hub.snapshot_download(encoder, local_files_only=True)


def _wording(text: str) -> NDArray[np.float64]:
    """Words, pairs of words and letter runs of a text, hashed with a sign (Weinberger et al. 2009), of unit length."""
    import numpy

    vector = numpy.zeros(NUM_HASHES)
    for term, count in Counter(_terms(text)).items():
        # crc32 and not hash(): it must be the same in every process.
        code = zlib.crc32(term.encode())
        vector[code % NUM_HASHES] += (1.0 if code & 0x80000000 else -1.0) * (1.0 + numpy.log(count))
    length = numpy.linalg.norm(vector)
    return vector / length if length > 0 else vector


def _terms(text: str) -> Iterator[str]:
    from orchestrator.language import STOP_WORDS, has_chinese, words

    found = [word for word in words(text) if word not in STOP_WORDS]
    yield from (f"w {word}" for word in found)
    yield from (f"p {first} {second}" for first, second in itertools.pairwise(found))
    for word in found:
        if has_chinese(word):
            yield from (f"c {character}" for character in word)
            continue
        padded = f"<{word}>"
        for size in _LETTER_GRAMS:
            yield from (f"l {padded[start : start + size]}" for start in range(len(padded) - size + 1))
