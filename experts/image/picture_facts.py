"""PictureFacts: size, camera, colours, sharpness and brightness of a picture. Knows nothing of what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from experts.image.colours import dominant_colours
from orchestrator.artifact import Image, Json
from orchestrator.expert import expert

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_EXIF_MAKE, _EXIF_MODEL, _EXIF_TIME = 0x010F, 0x0110, 0x0132
_EXIF_DETAILS, _EXIF_GPS, _EXIF_TIME_TAKEN = 0x8769, 0x8825, 0x9003
_GPS_LATITUDE_SIGN, _GPS_LATITUDE, _GPS_LONGITUDE_SIGN, _GPS_LONGITUDE = 1, 2, 3, 4
# Variance of the Laplacian, grey values 0 to 255, longest side at most 1024: 15 photographs had 332 to 11,540, after a
# Gaussian blur of 1 pixel 22 to 376, of 1.5 pixels 6 to 76.
_SIDE_PX = 1024
_SHARP, _BLURRED = 120.0, 40.0
_BRIGHT, _DARK = 170.0, 70.0


@expert(
    "picture_facts",
    title="Picture facts",
    licence="Apache-2.0",
    openness="open-science",
    author="The Baton authors",
    limits="It measures the picture and reads its metadata; it does not know what the picture shows.",
    examples=(
        "How big is this picture?",
        "What are the main colours of the photo?",
        "Is this photo sharp or blurred?",
        "When and with which camera was this picture taken?",
        "What resolution does the image have?",
        "Does the photo contain a GPS location?",
        "Is the image too dark?",
        "这张图片的尺寸是多少？",
        "照片的主要颜色是什么？",
        "这张照片清晰吗？",
        "这张照片是什么时候用什么相机拍的？",
    ),
    says={
        "en": (
            "The picture is {width_px} pixels wide and {height_px} pixels high.",
            "Its main colours are {main_colours}.",
            "Its main colour is {main_colour}.",
            "It is {sharpness_word} and {brightness_word}.",
            "It was taken with the camera {camera}.",
            "It was taken on {taken_at}.",
            "Its file holds a GPS position: latitude {latitude_deg:.5f}, longitude {longitude_deg:.5f}.",
        ),
        "zh": (
            "图片宽{width_px}像素，高{height_px}像素。",
            "主要颜色是{main_colours_zh}。",
            "主要颜色只有{main_colour_zh}。",
            "画面{sharpness_word_zh}，{brightness_word_zh}。",
            "拍摄相机是{camera}。",
            "拍摄时间是{taken_at}。",
            "文件中有GPS位置：纬度{latitude_deg:.5f}，经度{longitude_deg:.5f}。",
        ),
    },
)
class PictureFacts:
    """Measure a picture: its size in pixels, dominant colours, sharpness and brightness.

    Reads the camera, the date and the place in its EXIF metadata as well.
    """

    def load(self, device: str) -> None:
        """Import OpenCV; it runs on the CPU."""
        import cv2  # noqa: F401

    def __call__(self, image: Annotated[Image, "any picture"]) -> Json:
        stored = image.pil(mode=None)
        picture = image.pil()
        colours = dominant_colours(picture)
        names, names_zh = [shade.name for shade in colours], [shade.name_zh for shade in colours]
        return Json(
            {
                "width_px": picture.width,
                "height_px": picture.height,
                "megapixels": round(picture.width * picture.height / 1e6, 2),
                "format": stored.format,
                "colours": [{"name": c.name, "name_zh": c.name_zh, "share": c.share} for c in colours],
                "main_colours": names if len(names) > 1 else None,
                "main_colours_zh": names_zh if len(names) > 1 else None,
                "main_colour": names[0] if len(names) == 1 else None,
                "main_colour_zh": names_zh[0] if len(names) == 1 else None,
                **_light(picture),
                **_metadata(stored),
            }
        )


def _light(picture: PillowImage) -> dict[str, Any]:
    """Sharpness (variance of the Laplacian; Pech-Pacheco et al., 2000) and mean grey value, each with a plain word."""
    import cv2
    import numpy

    grey = picture.convert("L")
    grey.thumbnail((_SIDE_PX, _SIDE_PX))
    pixels = numpy.asarray(grey)
    sharpness = float(cv2.Laplacian(pixels, cv2.CV_64F).var())
    brightness = float(pixels.mean())
    if pixels.max() == pixels.min():
        sharp_word, sharp_word_zh = "of a single tone", "只有一种色调"
    elif sharpness >= _SHARP:
        sharp_word, sharp_word_zh = "sharp", "清晰"
    elif sharpness >= _BLURRED:
        sharp_word, sharp_word_zh = "slightly blurred", "略微模糊"
    else:
        sharp_word, sharp_word_zh = "blurred", "模糊"
    if brightness > _BRIGHT:
        light_word, light_word_zh = "bright", "明亮"
    elif brightness < _DARK:
        light_word, light_word_zh = "dark", "偏暗"
    else:
        light_word, light_word_zh = "of medium brightness", "亮度适中"
    return {
        "sharpness": round(sharpness, 1),
        "sharpness_word": sharp_word,
        "sharpness_word_zh": sharp_word_zh,
        "brightness": round(brightness, 1),
        "brightness_word": light_word,
        "brightness_word_zh": light_word_zh,
    }


def _metadata(stored: PillowImage) -> dict[str, Any]:
    """Camera, time and place of the EXIF block; None for what it does not hold. The time is `YYYY-MM-DD HH:MM:SS`."""
    exif = stored.getexif()
    make, model = _clean(exif.get(_EXIF_MAKE)), _clean(exif.get(_EXIF_MODEL))
    camera = model if model.startswith(make) else f"{make} {model}".strip()
    taken = _clean(exif.get_ifd(_EXIF_DETAILS).get(_EXIF_TIME_TAKEN) or exif.get(_EXIF_TIME))
    place = exif.get_ifd(_EXIF_GPS)
    return {
        "camera": camera or None,
        "taken_at": taken.replace(":", "-", 2) or None,
        "has_gps": bool(place),
        "latitude_deg": _degrees(place, _GPS_LATITUDE, _GPS_LATITUDE_SIGN, "S"),
        "longitude_deg": _degrees(place, _GPS_LONGITUDE, _GPS_LONGITUDE_SIGN, "W"),
    }


def _clean(value: Any) -> str:
    return str(value or "").replace("\x00", "").strip()


def _degrees(place: Mapping[int, Any], tag: int, sign_tag: int, negative: str) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in place[tag])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    angle = degrees + minutes / 60 + seconds / 3600
    if not abs(angle) <= 180:  # a broken camera writes 0/0, which is not a number
        return None
    return round(-angle if _clean(place.get(sign_tag)).upper() == negative else angle, 6)
