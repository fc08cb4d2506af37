"""Barcodes: reads linear and matrix codes in pictures with zxing-cpp. Knows nothing of what a code stands for."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from orchestrator.artifact import Image, Json, Text
from orchestrator.expert import Outcome, expert

# zxing-cpp gives only codes whose check digits or error correction are right; these formats need not have any.
_WITHOUT_CHECK = frozenset({"Codabar", "Code 39", "ITF"})
_CHECKED, _UNCHECKED = 0.99, 0.9


class Codes(NamedTuple):
    """What reading barcodes gives."""

    text: Annotated[Text, "the contents, a line for each code; empty where there is no code"]
    codes: Annotated[Json, "codes with format, content and corners in pixels"]


@expert(
    "barcodes",
    title="Barcode reading",
    licence="Apache-2.0",
    openness="open-science",
    author="zxing-cpp community",
    revision="zxing-cpp 3.1",
    limits="Codes that are blurred, strongly bent, partly covered or below about 2 pixels a bar are not found.",
    examples=(
        "What does the QR code say?",
        "Scan the barcode in this photo",
        "Which link is behind this QR code?",
        "Read the product code on the package",
        "Decode the data matrix on this label",
        "Is there a barcode in the picture?",
        "扫描这个二维码",
        "这张图片里的条形码是多少？",
        "二维码的内容是什么？",
    ),
    says={
        "en": (
            "The picture holds {formats}.",
            "The code reads “{content}”.",
            "The codes read {contents}.",
            "The picture holds {missing}.",
        ),
        "zh": (
            "图片中有{formats_zh}。",
            "码的内容是“{content}”。",
            "各个码的内容是{contents}。",
            "图片中{missing_zh}。",
        ),
    },
)
class Barcodes:
    """Find and decode barcodes, QR codes and other matrix codes in a picture, in any rotation.

    Gives the format and the content of each.
    """

    def load(self, device: str) -> None:
        """Import the reader; it runs on the CPU."""
        import zxingcpp  # noqa: F401

    def __call__(self, image: Annotated[Image, "photo or scan with a code"]) -> Codes:
        import numpy
        import zxingcpp

        pixels = numpy.asarray(image.pil("L"))
        found = [code for code in zxingcpp.read_barcodes(pixels) if code.valid]
        found.sort(key=lambda code: (code.position.top_left.y, code.position.top_left.x))
        codes: list[dict[str, Any]] = [
            {
                "format": str(code.format),
                "content": code.text,
                "corners": [
                    [corner.x, corner.y]
                    for corner in (
                        code.position.top_left,
                        code.position.top_right,
                        code.position.bottom_right,
                        code.position.bottom_left,
                    )
                ],
            }
            for code in found
        ]
        contents = [code.text for code in found]
        value = {
            "num_codes": len(codes),
            "codes": codes,
            "formats": [_with_article(str(code.format)) for code in found],
            "formats_zh": [f"1个{code.format}" for code in found],
            "content": contents[0] if len(contents) == 1 else None,
            "contents": contents if len(contents) > 1 else None,
            "missing": None if codes else "no barcode that can be read",
            "missing_zh": None if codes else "没有可读的条形码或二维码",
        }
        confidence = min((_UNCHECKED if code["format"] in _WITHOUT_CHECK else _CHECKED for code in codes), default=None)
        return Outcome(Codes(Text("\n".join(contents)), Json(value)), confidence)  # type: ignore[return-value]


def _with_article(name: str) -> str:
    """`an EAN-13 code`, `a QR Code`."""
    noun = name if name.endswith("Code") else f"{name} code"
    spelled_out = name[:2].isupper() and name[0] in "MR"
    return f"{'an' if name[0] in 'AEIO' or spelled_out else 'a'} {noun}"
