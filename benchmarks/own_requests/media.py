"""Draws, speaks and writes the files that the requests attach, alike at every run. Knows no request."""

from __future__ import annotations

import io
import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter, ImageFont, ImageOps

from experts.audio import SpeechSynthesis
from orchestrator import Audio, Text
from orchestrator.artifact import Artifact

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOTICE = Path(__file__).parents[2] / "tests" / "data" / "platform_notice.png"
TEXTS = Path(__file__).parent / "texts"
RATE_HZ = 22_050
SIGNS = {
    "parking.png": ("NO PARKING", "AFTER 18:00"),
    "shop.png": ("CLOSED ON SUNDAYS", "OPEN 9:30 - 19:00"),
    "pool.png": ("DEEP WATER", "NO DIVING"),
    "exit.png": ("EXIT",),
    "label_xr3000.png": ("NORDLICHT PUMPS", "Model XR-3000", "Serial NL-310088"),
    "label_xr2000.png": ("NORDLICHT PUMPS", "Model XR-2000", "Serial NL-204417"),
    "poster.png": ("JAZZ NIGHT", "14 March 2025", "jazz@aurora.example"),
    "receipt.png": ("CAFE AURORA", "2 ESPRESSO 5.60", "TOTAL EUR 23.40"),
    "rauchen.png": ("BITTE HIER NICHT RAUCHEN", "RAUCHEN IST VERBOTEN"),
}
SPOKEN = {
    "meeting.wav": "My brother lives in New York. We will meet again on Sunday afternoon.",
    "hotel.wav": "It was a wonderful evening and we are very happy.",
}
CODES = {
    "qr.png": ("https://nordlicht-pumps.example/register", "QRCode"),
    "parcel_qr.png": ("Your parcel arrives on Tuesday between eight and ten.", "QRCode"),
    "book.png": ("9780306406157", "EAN13"),
}


def make_media(folder: Path) -> None:
    """Write every file that a request names into the folder; some seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in SIGNS.items():
        sign(lines).save(folder / name)
    shutil.copyfile(NOTICE, folder / "notice.png")
    for name, (content, kind) in CODES.items():
        _code(content, kind).save(folder / name)
    for name, picture in _photographs().items():
        picture.save(folder / name)
    # espeak keeps something of what it spoke before; a process of its own speaks alike at every run.
    speaker = multiprocessing.get_context("spawn").Process(target=_speak, args=(folder,))
    speaker.start()
    speaker.join()
    for name, sound in _sounds(Audio.from_path(folder / "meeting.wav")).items():
        _write_wav(folder / name, sound)
    for path in TEXTS.iterdir():
        shutil.copyfile(path, folder / path.name)
    (folder / "contract.pdf").write_bytes(pdf((TEXTS / "contract_pages.txt").read_text("utf-8").split("\n\n")))
    _write_docx(folder / "jiyao.docx", (TEXTS / "jiyao.txt").read_text("utf-8"))
    picture_bytes = io.BytesIO()
    sign(("SCAN 12",)).save(picture_bytes, format="PNG")
    (folder / "statement.pdf").write_bytes(picture_bytes.getvalue())


def sign(lines: tuple[str, ...]) -> Pillow.Image:
    """A board, 900 pixels wide, with large dark letters."""
    import matplotlib

    font_file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"
    font = ImageFont.truetype(str(font_file), 54)
    picture = Pillow.new("RGB", (900, 120 + 110 * len(lines)), (245, 240, 225))
    pen = ImageDraw.Draw(picture)
    for row, line in enumerate(lines):
        pen.text((50, 60 + 110 * row), line, fill=(20, 20, 60), font=font)
    return picture


def weld_photo(label: str, seed: int) -> Pillow.Image:
    """A seam that is whole, or one with a crack across it; 128 by 96 pixels."""
    import numpy

    random = numpy.random.default_rng(seed)
    grey = int(random.integers(120, 200))
    image = Pillow.new("RGB", (128, 96), (grey, grey, grey + 10))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 38, 128, 58), fill=(grey - 50, grey - 55, grey - 60))
    if label == "cracked":
        for _ in range(3):
            x = int(random.integers(10, 110))
            points = [(x + int(random.integers(-8, 9)), y) for y in range(20, 80, 6)]
            draw.line(points, fill=(10, 10, 10), width=3)
    return image


def pdf(pages: list[str]) -> bytes:
    """A PDF 1.4 file with a page for each text, its lines in Helvetica; Latin letters only."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in pages:
        escaped = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in page.splitlines()]
        stream = "BT /F1 14 Tf 60 760 Td 22 TL " + " ".join(f"({line}) Tj T*" for line in escaped) + " ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {resources} /Contents {len(objects)} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}{end}".encode("latin-1")


def _photographs() -> dict[str, Pillow.Image]:
    import skimage.data
    from sklearn.datasets import load_sample_image

    astronaut = Pillow.fromarray(skimage.data.astronaut())
    pair = Pillow.new("RGB", (1024, 512))
    pair.paste(astronaut, (0, 0))
    pair.paste(ImageOps.mirror(astronaut), (512, 0))
    china = Pillow.fromarray(load_sample_image("china.jpg"))
    return {
        "astronaut.png": astronaut,
        "pair.png": pair,
        "coffee.png": Pillow.fromarray(skimage.data.coffee()),
        "cat.png": Pillow.fromarray(skimage.data.chelsea()),
        "temple.jpg": china,
        "temple_soft.png": china.filter(ImageFilter.GaussianBlur(6)),
        "flower.jpg": Pillow.fromarray(load_sample_image("flower.jpg")),
        "rocket.jpg": Pillow.fromarray(skimage.data.rocket()),
        "seam_a.png": weld_photo("cracked", 700),
        "seam_b.png": weld_photo("whole", 701),
        "seam_c.png": weld_photo("cracked", 702),
    }


def _speak(folder: Path) -> None:
    speech_of: Any = SpeechSynthesis
    for name, text in SPOKEN.items():
        (folder / name).write_bytes(speech_of(Text(text)).read_bytes())


def _sounds(spoken: Artifact) -> dict[str, NDArray[np.floating]]:
    """Samples (S,) or (S, 2) in [-1, 1] by file name, at RATE_HZ."""
    import numpy

    random = numpy.random.default_rng(3)
    assert isinstance(spoken, Audio)
    speech = spoken.samples(RATE_HZ)[0]
    pause = numpy.zeros(2 * RATE_HZ, dtype=numpy.float32)
    time_s = numpy.arange(8 * RATE_HZ) / RATE_HZ
    clicks = numpy.sin(2 * numpy.pi * 1500 * time_s) * numpy.exp(-(time_s % 0.5) * 60)  # one each 0.5 s: 120 a minute
    partials = [numpy.sin(2 * numpy.pi * 110 * number * time_s[: 2 * RATE_HZ]) / number for number in (1, 2, 3)]
    hum = numpy.sum(partials, axis=0)
    tone = 0.3 * numpy.sin(2 * numpy.pi * 440 * time_s[: 4 * RATE_HZ])
    sounds: dict[str, NDArray[np.floating]] = {
        "gap.wav": numpy.concatenate([pause, speech, pause]),
        "metronome.wav": 0.6 * clicks,
        "fan.wav": 0.2 * hum,
        "drill.wav": 0.05 * hum + random.normal(0, 0.15, len(hum)),
        "stereo.wav": numpy.stack([tone, 0.5 * tone], axis=1),
    }
    return sounds


def _write_wav(path: Path, samples: NDArray[np.floating]) -> None:
    import soundfile

    soundfile.write(path, samples, RATE_HZ, subtype="PCM_16")


def _code(content: str, kind: str) -> Pillow.Image:
    import numpy
    import zxingcpp

    made = zxingcpp.create_barcode(content, getattr(zxingcpp.BarcodeFormat, kind))
    return ImageOps.expand(Pillow.fromarray(numpy.array(made.to_image(scale=6))), border=40, fill=255)


def _write_docx(path: Path, text: str) -> None:
    import docx

    document = docx.Document()
    write: Callable[[str], object] = document.add_paragraph
    for paragraph in text.splitlines():
        write(paragraph)
    document.save(str(path))
