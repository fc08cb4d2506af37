"""TextRecognition: reads printed text in pictures with RapidOCR. Knows nothing of what the text means."""

from __future__ import annotations

import threading
from typing import Annotated, Any, NamedTuple

from experts.image.reading_order import Line, in_reading_order, joined
from orchestrator.artifact import Image, Json, Text
from orchestrator.expert import Outcome, expert

# Longest side of the picture that the text detector sees; RapidOCR's own default needs 4 to 5 s for a picture.
_DETECTOR_SIDE_PX = 960
# Smaller pictures are enlarged to this side, at most this much: thumbnails lost most of their lines without.
_ENLARGED_SIDE_PX, _MAX_ENLARGEMENT = 1280, 3.0
_MIN_SIDE_PX, _MAX_ASPECT = 64, 40
# Below this a "line" is usually the edge of a post or a leaf; true lines of photographs score 0.85 and more.
_MIN_LINE_CONFIDENCE = 0.65


class Reading(NamedTuple):
    """What text recognition gives."""

    text: Annotated[Text, "the text in reading order, a line break between lines; empty where there is none"]
    reading: Annotated[Json, "lines with text, confidence and box in pixels"]


@expert(
    "text_recognition",
    title="Text recognition",
    task="image-to-text",
    licence="Apache-2.0",
    openness="open-model",
    author="RapidAI; PaddlePaddle Authors",
    model="PP-OCRv6_det_small + PP-OCRv6_rec_small",
    revision="rapidocr 3.10",
    training_data="text images collected by the PaddleOCR project; not published as a whole",
    limits="Handwriting, decorative fonts and letters below about 8 pixels are often missed or misread.",
    examples=(
        "Read the nameplate",
        "What does the sign say?",
        "Read the text in this photo",
        "What is written on this picture?",
        "Extract the text from the scanned page",
        "OCR this screenshot",
        "What is the total on the receipt in the picture?",
        "Transcribe the letters on the label",
        "图片上写的是什么？",
        "识别这张照片里的文字",
        "把扫描件转换成文字",
        "这个牌子上写了什么？",
    ),
    says={
        "en": ("The picture reads: “{text}”.", "The picture holds {missing}."),
        "zh": ("图片上写着：“{text}”。", "图片中{missing_zh}。"),
    },
)
class TextRecognition:
    """Read the printed text in a photo, scan, screenshot or sign (OCR).

    Works for Chinese, English and other languages in Latin letters.
    """

    def __init__(self) -> None:
        self._engine: Any = None
        # RapidOCR keeps its parameters on the object while it runs.
        self._lock = threading.Lock()

    def load(self, device: str) -> None:
        """Build the ONNX sessions; they run on the CPU whatever the device."""
        from rapidocr import RapidOCR

        self._engine = RapidOCR(
            params={
                "Det.limit_type": "max",
                "Det.limit_side_len": _DETECTOR_SIDE_PX,
                "Global.text_score": _MIN_LINE_CONFIDENCE,
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def unload(self) -> None:
        self._engine = None

    def __call__(self, image: Annotated[Image, "photo, scan or screenshot with text"]) -> Reading:
        rows = in_reading_order(self._lines(image))
        lines = [line for row in rows for line in row]
        reading = {
            "num_lines": len(rows),
            "lines": [
                {
                    "text": line.text,
                    "confidence": round(line.confidence, 4),
                    "box": [round(line.left), round(line.top), round(line.right), round(line.bottom)],
                }
                for line in lines
            ],
            "missing": None if lines else "no readable text",
            "missing_zh": None if lines else "没有可读的文字",
        }
        confidence = sum(line.confidence for line in lines) / len(lines) if lines else None
        return Outcome(Reading(Text(joined(rows)), Json(reading)), confidence)  # type: ignore[return-value]

    def _lines(self, image: Image) -> list[Line]:
        import numpy
        from PIL import Image as Pillow

        picture = image.pil()
        scale = min(_MAX_ENLARGEMENT, max(1.0, _ENLARGED_SIDE_PX / max(picture.size)))
        if scale > 1:
            size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
            picture = picture.resize(size, Pillow.Resampling.LANCZOS)
        # RapidOCR rounds both sides to multiples of 32 and fails where a strip comes out as 0.
        wanted = max(_MIN_SIDE_PX, max(picture.size) // _MAX_ASPECT)
        if min(picture.size) < wanted:
            corner = picture.getpixel((picture.width - 1, picture.height - 1))
            canvas = Pillow.new("RGB", (max(picture.width, wanted), max(picture.height, wanted)), corner)
            canvas.paste(picture)
            picture = canvas
        pixels = numpy.ascontiguousarray(numpy.asarray(picture)[:, :, ::-1])  # (height, width, BGR)
        with self._lock:
            found = self._engine(pixels)
        if not found.txts:
            return []
        lines = []
        for text, confidence, corners in zip(found.txts, found.scores, found.boxes, strict=True):
            left, top = corners.min(axis=0) / scale
            right, bottom = corners.max(axis=0) / scale
            lines.append(Line(text, float(confidence), float(left), float(top), float(right), float(bottom)))
        return lines
