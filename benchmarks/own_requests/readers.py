"""Experts of a workshop that take texts, pictures and recordings, registered or trained by the benchmark.

Knows no request. The classifiers of welds and complaints are trained on the spot, as a team would train its own.
"""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from benchmarks.own_requests.calculations import CALCULATIONS
from benchmarks.own_requests.media import weld_photo
from orchestrator import Audio, Image, Json, Labels, Text, expert

if TYPE_CHECKING:
    from orchestrator import Orchestrator

MORSE_LETTERS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
)
MORSE_DIGITS = "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
MORSE = {
    **dict(zip(string.ascii_uppercase, MORSE_LETTERS.split(), strict=True)),
    **dict(zip(string.digits, MORSE_DIGITS.split(), strict=True)),
}
ACRONYMS = {
    "SLA": "service level agreement",
    "RMA": "return merchandise authorisation",
    "MOQ": "minimum order quantity",
    "BOM": "bill of materials",
    "FAT": "factory acceptance test",
    "ERP": "enterprise resource planning",
}
TERMS = (  # English, Chinese, German, French, Spanish
    ("valve", "阀门", "das Ventil", "la soupape", "la válvula"),
    ("pump", "水泵", "die Pumpe", "la pompe", "la bomba"),
    ("bearing", "轴承", "das Lager", "le roulement", "el cojinete"),
    ("screw", "螺丝", "die Schraube", "la vis", "el tornillo"),
    ("seal", "密封圈", "die Dichtung", "le joint", "la junta"),
    ("gear", "齿轮", "das Zahnrad", "l'engrenage", "el engranaje"),
)
LANGUAGES = {"english": 0, "chinese": 1, "german": 2, "french": 3, "spanish": 4}
LANGUAGES |= {"英语": 0, "中文": 1, "德语": 2, "法语": 3, "西班牙语": 4, "英文": 0, "汉语": 1, "德文": 2, "法文": 3}
COMPLAINTS = {
    "billing": (
        "I was charged twice for the same order",
        "The invoice shows a wrong amount",
        "My card was billed again",
    ),
    "delivery": ("The parcel came a week late", "The courier left the box in the rain", "My shipment never arrived"),
    "defect": ("The device does not switch on any more", "The display has a crack", "The motor stopped after one day"),
}
ENDINGS = ("", " again", " since Monday", ", sadly", " and nobody helps me")
NOISE_FLATNESS = 0.1  # a hum of a few partials stays below 0.01, noise lies above 0.3


@expert(title="word counter", says={"en": ("The text has {words} words.",), "zh": ("这段文字共有{words}个字词。",)})
def word_count(text: Annotated[Text, "text to count"]) -> Json:
    """Count the words of a text (in Chinese: the characters)."""
    return Json(
        {"words": len(re.findall(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+(?:['’-][^\W\u4e00-\u9fff]+)*", text.text))}
    )


@expert(examples=("Put “hello” into Morse code", "把这段话译成摩尔斯电码"))
def morse_code(text: Annotated[Text, "Latin letters and digits"]) -> Text:
    """Encodes a text in Morse code, letters apart by a space and words by a slash."""
    words = re.findall(r"[A-Z0-9]+", text.text.upper())
    return Text(" / ".join(" ".join(MORSE[letter] for letter in word) for word in words))


@expert(says={"en": ("{acronym} stands for {meaning}.",), "zh": ("{acronym}是{meaning}的缩写。",)})
def acronym_meaning(acronym: Annotated[str, "abbreviation used in our company"]) -> Json:
    """Look up what an abbreviation or acronym of our company stands for, such as SLA, BOM or ERP."""
    key = re.sub(r"[^A-Z]", "", acronym.upper())
    if key not in ACRONYMS:
        raise ValueError(f"{acronym!r} is not in the list of acronyms")
    return Json({"meaning": ACRONYMS[key]})


@expert(task="translation", examples=("What is pump called in German?", "“阀门”的法语是什么？"))
def term_translation(
    term: Annotated[str, "one technical word, e.g. valve"],
    language: Annotated[str, "language wanted: German, French, Spanish, Chinese or English"],
) -> Text:
    """Translates a single technical term such as valve, bearing or gear, by our glossary. Not for sentences."""
    wanted = LANGUAGES.get(language.strip().lower())
    word = re.sub(r"^(?:the|a|an|der|die|das|la|le|el)\s+", "", term.strip(" “”\"'‘’").lower())
    row = next((row for row in TERMS if any(word in (cell.lower(), cell.split()[-1].lower()) for cell in row)), None)
    if wanted is None or row is None:
        raise ValueError(f"the glossary has no {term!r} in {language!r}")
    return Text(row[wanted])


@expert(task="image-editing", examples=("Rotate the photo by 90 degrees",))
def turn_picture(
    image: Annotated[Image, "picture to turn"],
    degrees: Annotated[int, "clockwise: 90, 180 or 270"] = 90,
) -> Image:
    """Rotates a picture by a quarter, a half or three quarters of a turn."""
    if degrees % 90:
        raise ValueError("pictures are turned by multiples of 90 degrees")
    return Image.of(image.pil().rotate(-degrees, expand=True))


@expert(task="audio-classification", examples=("Does this motor sound healthy?", "听听这台电机有没有异响"))
class MachineSound:
    """Tell from a recording whether a motor or machine runs smoothly or rattles."""

    def __call__(self, audio: Annotated[Audio, "recording of a running machine"]) -> Labels:
        import numpy

        samples, _ = audio.samples()
        power = numpy.abs(numpy.fft.rfft(samples)) ** 2 + 1e-12
        flatness = float(numpy.exp(numpy.mean(numpy.log(power))) / numpy.mean(power))
        share = 1 / (1 + (flatness / NOISE_FLATNESS) ** -2)
        return Labels({"rattling": share, "smooth": 1 - share})


READERS: tuple[Any, ...] = (word_count, morse_code, acronym_meaning, term_translation, turn_picture, MachineSound)
NUM_WELDS = 30  # of either label
TRAINED = ("weld_seam", "complaint_desk")
REGISTERED = frozenset(one.card.name for one in (*CALCULATIONS, *READERS)) | set(TRAINED)


def register_all(baton: Orchestrator, folder: Path) -> None:
    """Register the experts and train two more on data written to the folder; some seconds."""
    for one in (*CALCULATIONS, *READERS):
        baton.register(one)
    for seed in range(NUM_WELDS):
        for label in ("cracked", "whole"):
            (folder / "welds" / label).mkdir(parents=True, exist_ok=True)
            weld_photo(label, seed).save(folder / "welds" / label / f"{seed}.png")
    rows = [f'"{text}{end}",{desk}' for desk, texts in COMPLAINTS.items() for text in texts for end in ENDINGS]
    (folder / "complaints.csv").write_text("\n".join(["text,desk", *rows]) + "\n", encoding="utf-8")
    baton.registry.train(
        "image-classification",
        folder / "welds",
        name="weld_seam",
        description="Inspects a photo of a weld seam: cracked or whole.",
    )
    baton.registry.train(
        "text-classification",
        folder / "complaints.csv",
        name="complaint_desk",
        description="Decides which desk handles a customer's complaint: billing, delivery or defect.",
    )
