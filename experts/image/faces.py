"""Faces: finds frontal faces in pictures with OpenCV's Haar cascade. It tells no names."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from orchestrator.artifact import Image, Json
from orchestrator.expert import expert

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_CASCADE = "haarcascade_frontalface_alt2.xml"
# The cascade sees the picture at most this large; faces below _MIN_FACE of its shorter side are not looked for.
_SIDE_PX = 1024
_MIN_FACE = 0.04
# With 8 and more, none of 15 photographs without a near face got a box (one with 5), and 98 of 100 faces of
# skimage's lfw_subset were found.
_MIN_NEIGHBOURS = 8
_MARKED_SIDE_PX = 1600


class FoundFaces(NamedTuple):
    """What face detection gives."""

    faces: Annotated[Json, "number of faces and their boxes [left, top, right, bottom] in pixels"]
    marked: Annotated[Image, "the picture with a frame around every face"]


@expert(
    "faces",
    title="Face detection",
    task="object-detection",
    licence="Apache-2.0 AND BSD-3-Clause",
    openness="open-model",
    author="Rainer Lienhart; OpenCV team",
    model=_CASCADE,
    revision="opencv 4.14",
    limits="It gives false boxes on some pictures without a face, and misses faces that are turned, covered or small.",
    examples=(
        "How many faces are in this photo?",
        "Find the faces in the picture",
        "Is there a person looking at the camera?",
        "Mark every face in the group photo",
        "Count the people facing the camera",
        "这张照片里有几张人脸？",
        "找出图片中的人脸",
        "照片里有多少人？",
    ),
    says={
        "en": ("The detector found {finding} in the picture.",),
        "zh": ("检测器在图片中{finding_zh}。",),
    },
)
class Faces:
    """Find and count frontal human faces in a photo and frame them. An old, fast method that also gives false boxes."""

    def __init__(self) -> None:
        self._cascade: Any = None
        # OpenCV's cascade keeps its working pictures on the object.
        self._lock = threading.Lock()

    def load(self, device: str) -> None:
        """Read the cascade file that ships with OpenCV 4; it runs on the CPU."""
        import cv2

        self._cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / _CASCADE))

    def unload(self) -> None:
        self._cascade = None

    def __call__(self, image: Annotated[Image, "photo of people"]) -> FoundFaces:
        picture = image.pil()
        boxes = self._boxes(picture)
        value = {
            "num_faces": len(boxes),
            "boxes": boxes,
            "finding": "no face" if not boxes else f"{len(boxes)} face{'s' if len(boxes) > 1 else ''}",
            "finding_zh": f"找到{len(boxes)}张人脸" if boxes else "没有找到人脸",
        }
        return FoundFaces(Json(value), Image.of(_marked(picture, boxes), name="faces.png"))

    def _boxes(self, picture: PillowImage) -> list[list[int]]:
        """Boxes in pixels of the whole picture, from left to right."""
        import cv2
        import numpy

        scale = min(1.0, _SIDE_PX / max(picture.size))
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        grey = cv2.equalizeHist(numpy.asarray(picture.convert("L").resize(size)))
        min_px = max(20, round(_MIN_FACE * min(size)))
        with self._lock:
            found = self._cascade.detectMultiScale(
                grey, scaleFactor=1.1, minNeighbors=_MIN_NEIGHBOURS, minSize=(min_px, min_px)
            )
        boxes = [[round(edge / scale) for edge in (x, y, x + w, y + h)] for x, y, w, h in found]
        return sorted(boxes)


def _marked(picture: PillowImage, boxes: list[list[int]]) -> PillowImage:
    from PIL import ImageDraw

    marked = picture.copy()
    marked.thumbnail((_MARKED_SIDE_PX, _MARKED_SIDE_PX))
    scale = marked.width / picture.width
    draw = ImageDraw.Draw(marked)
    for box in boxes:
        draw.rectangle([edge * scale for edge in box], outline=(0, 200, 80), width=max(2, marked.width // 200))
    return marked
