"""Zero-shot classification: which of the labels that the person names fits a text. Knows no other expert."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from experts.text.centrality import tfidf
from experts.text.content import content_of
from experts.text.lexical import overlap_words
from experts.text.wordlist import word_list
from orchestrator import Labels, Text
from orchestrator.embedding import encoder
from orchestrator.errors import BadRequest
from orchestrator.expert import expert
from orchestrator.language import has_chinese
from orchestrator.types import Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@expert(
    title="Zero-shot classification",
    task="zero-shot-classification",
    licence="Apache-2.0",
    openness="open-model",
    author="The Baton authors; MiniLM by sentence-transformers",
    model="sentence-transformers/all-MiniLM-L6-v2",
    training_data="MiniLM: over one billion English sentence pairs (Reddit, S2ORC, WikiAnswers and others)",
    metrics=(
        Metric(
            name="accuracy",
            value=0.9575,
            low=0.933,
            high=0.973,
            num_samples=400,
            data="CLINC150 requests in English, the true intent among one to six random others, Wilson interval",
        ),
    ),
    limits="Good on topics, weak on tone and negation; Chinese texts and labels are compared by shared words only.",
    examples=(
        "Is this message about billing, shipping or a technical problem?",
        "Classify this text as sports, politics or science",
        "Which category fits this ticket: refund, complaint, question?",
        "Sort the e-mail into one of these labels: work, family, spam",
        "Does this article belong to finance or health?",
        "这封邮件属于账单、物流还是技术问题?",
        "把这段文字分类为体育、政治或科技",
        "这条消息属于以下哪一类:退款、投诉、咨询?",
    ),
    says={
        "en": ("Of the given labels, “{top}” fits the text best ({confidence}).",),
        "zh": ("在给出的类别中，最符合这段文字的是“{top}”（{confidence}）。",),
    },
)
class ZeroShotClassification:
    """Classify a text into categories or labels that are named in the request, without any training."""

    def load(self, device: str) -> None:
        encoder()

    def __call__(
        self, text: Text, labels: Annotated[list, "two labels or more, or one text with commas between them"]
    ) -> Labels:
        """Probabilities of the labels; they sum to 1.

        Raises:
            BadRequest: the text is empty, or fewer than two different labels were given.
        """
        characters = content_of(text)
        names = label_names(labels)
        settings = word_list("zero_shot")
        if has_chinese(characters) or any(map(has_chinese, names)):
            likeness, temperature = _shared_words(characters, names), settings["lexical_temperature"]
        else:
            hypotheses = [settings["hypothesis"].format(label=name) for name in names]
            vectors = encoder().encode([characters, *hypotheses])
            likeness, temperature = vectors[1:] @ vectors[0], settings["temperature"]  # (N, D) @ (D,) -> (N,)
        return Labels(dict(zip(names, _softmax(likeness / temperature), strict=True)))


def label_names(labels: list[object] | str) -> list[str]:
    """The different labels, in order.

    Raises:
        BadRequest: fewer than two, or more than a hundred.
    """
    settings = word_list("zero_shot")
    parts = re.split(settings["separators"], labels) if isinstance(labels, str) else [str(label) for label in labels]
    names = list(dict.fromkeys(stripped for part in parts if (stripped := part.strip(" .。?？\"'“”‘’"))))
    if not 2 <= len(names) <= settings["max_labels"]:
        raise BadRequest(
            "labels",
            labels,
            f"2 to {settings['max_labels']} different labels",
            'Name the categories to choose from, for example "billing, shipping, technical problem".',
        )
    return names


def _shared_words(text: str, names: list[str]) -> NDArray[np.float32]:
    """Cosines of the text's words with each label's, shape (len(names),)."""
    import numpy

    vectors = tfidf([overlap_words(text), *(overlap_words(name) for name in names)])
    cosines = vectors[1:] @ vectors[0]  # (N, D) @ (D,) -> (N,)
    # A long text makes every cosine small; what counts is how much of the label stands in it.
    shares = numpy.array([_share(name, text) for name in names], dtype=numpy.float32)
    return ((cosines + shares) / 2).astype(numpy.float32)


def _share(name: str, text: str) -> float:
    wanted, there = set(overlap_words(name)), set(overlap_words(text))
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _softmax(heights: NDArray[np.float32]) -> list[float]:
    import numpy

    powers = numpy.exp(heights - heights.max())
    return [float(power) for power in powers / powers.sum()]
