"""The card of a person's own classifier: ports, description, example requests and sentences from its labels.

Knows no model; `experts.local` and the trainers add what they know of weights and scores.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from orchestrator.types import ExpertCard, Language, Port

MAX_NAMED_LABELS = 8


class Modality(NamedTuple):
    """What a classifier looks at: its input port, its name in English, in Chinese with a measure word and without."""

    port: Port
    noun: str
    noun_zh: str
    bare_zh: str


MODALITIES: dict[str, Modality] = {
    "text-classification": Modality(
        Port(name="text", kind="text", description="the text to classify"), "text", "这段文字", "文字"
    ),
    "image-classification": Modality(
        Port(name="image", kind="image", description="the picture to classify"), "picture", "这张图片", "图片"
    ),
    "audio-classification": Modality(
        Port(name="audio", kind="audio", description="the recording to classify"), "recording", "这段录音", "声音"
    ),
    "tabular-classification": Modality(
        Port(name="table", kind="table", description="rows to classify, a column a feature"),
        "row",
        "这些数据行",
        "数据",
    ),
}


def classifier_card(
    task: str,
    labels: Sequence[str],
    *,
    name: str,
    subject: str | None = None,
    description: str | None = None,
    examples: Sequence[str] = (),
    sure: bool = True,
    **fields: Any,
) -> ExpertCard:
    """A complete card for a classifier of one input.

    Args:
        task: a key of MODALITIES.
        labels: the classes, as they stand in its output.
        name: of the expert.
        subject: what is classified in the owner's words, e.g. "support ticket"; None takes the modality's noun.
        description: in the owner's words; one is made from the labels where None.
        examples: the owner's example requests; generated ones follow them.
        sure: whether it gives probabilities, so that sentences may state them.
        fields: further fields of ExpertCard, which win.
    """
    modality = MODALITIES[task]
    title = fields.pop("title", None) or title_of(name)
    says: dict[Language, tuple[str, ...]] = {
        "en": (_sentence_en(modality, title, sure),),
        "zh": (_sentence_zh(modality, title, sure),),
    }
    card = {
        "name": name,
        "title": title,
        "task": task,
        "description": description or described(task, labels, subject),
        "examples": tuple(dict.fromkeys((*examples, *requests_for(task, labels, subject)))),
        "inputs": (modality.port,),
        "outputs": (Port(name="labels", kind="labels", description=f"{len(labels)} classes with probabilities"),),
        "says": says,
    }
    return ExpertCard.model_validate({**card, **fields})


def described(task: str, labels: Sequence[str], subject: str | None) -> str:
    """One sentence that names what is classified and, where there are names, the classes."""
    noun = subject or MODALITIES[task].noun
    names = spoken_labels(labels)
    if not names:
        return f"Classifies {article(noun)} {noun} into one of {len(labels)} classes."
    if len(names) > MAX_NAMED_LABELS:
        shown = ", ".join(names[:MAX_NAMED_LABELS])
        return f"Classifies {article(noun)} {noun} into one of {len(names)} classes, such as {shown}."
    return f"Classifies {article(noun)} {noun} as {one_of(names)}."


def requests_for(task: str, labels: Sequence[str], subject: str | None) -> tuple[str, ...]:
    """Requests as a person would type them, four to six in English and five to seven in Chinese."""
    modality = MODALITIES[task]
    noun = subject or modality.noun
    noun_zh = f"{modality.noun_zh}({subject})" if subject else modality.noun_zh
    names = spoken_labels(labels)
    english = [
        f"Which category does this {noun} belong to?",
        f"Classify this {noun}",
        f"What kind of {noun} is this?",
    ]
    chinese = [f"{noun_zh}属于哪一类?", f"请给{noun_zh}分类", f"判断{noun_zh}的类别"]
    chinese += [f"这是哪一种{modality.bare_zh}?", f"把{modality.noun_zh}归类"]
    if names:
        few = names[:MAX_NAMED_LABELS]
        english += [
            f"Is this {noun} {one_of(few[:2])}?",
            f"Which is this {noun}: {one_of(few)}?",
            f"Sort this {noun} into {one_of(few)}",
        ]
        chinese += [f"{noun_zh}是{'、'.join(few[:-1])}还是{few[-1]}?", f"{noun_zh}是不是{few[0]}?"]
    else:
        english.append(f"Run the {noun} classifier")
    return (*english, *chinese)


def spoken_labels(labels: Sequence[str]) -> list[str]:
    """The labels as words; empty where they are only numbers such as LABEL_0 or 3.

    Of several synonyms in one label ("tench, Tinca tinca") the first is taken.
    """
    if all(re.fullmatch(r"(?i)(label|class)?[_ ]?\d+", label) for label in labels):
        return []
    return [label.split(",")[0].replace("_", " ").strip() or label for label in labels]


def one_of(names: Sequence[str]) -> str:
    """`a, b or c`."""
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else "".join(names)


def article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"


def title_of(name: str) -> str:
    """The name in words, said to be a classifier: `support_tickets` is "support tickets classifier"."""
    words = re.sub(r"[_.\-\s]+", " ", name).strip()
    return words if re.search(r"(?i)classif|detector|model", words) else f"{words} classifier"


def subject_of(name: str) -> str | None:
    """What a classifier of that name probably classifies, in the singular: `support_tickets` gives "support ticket".

    Names with figures, as published checkpoints have, say nothing: None.
    """
    words = [word for word in re.split(r"[_.\-\s]+", name.lower()) if word not in _NO_SUBJECT]
    if not words or len(words) > 3 or any(not word.isalpha() or not word.isascii() for word in words):
        return None
    return " ".join((*words[:-1], _singular(words[-1])))


_NO_SUBJECT = frozenset(("", "classifier", "classification", "model", "detector", "expert", "my", "labels", "classes"))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


def _sentence_en(modality: Modality, title: str, sure: bool) -> str:
    certainty = " ({confidence})" if sure else ""
    return f"The {modality.noun} is classified as {{top}}{certainty} by the {_escaped(title)}."


def _sentence_zh(modality: Modality, title: str, sure: bool) -> str:
    certainty = "(把握 {confidence})" if sure else ""
    name = _escaped(re.sub(r"(?i)\s*classifier$", "", title))
    return f"{name} 分类器判断{modality.noun_zh}属于“{{top}}”类{certainty}。"


def _escaped(title: str) -> str:
    return title.replace("{", "{{").replace("}", "}}")
