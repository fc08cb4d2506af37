"""Shade: a named colour that fills a part of a picture, in English and Chinese. Knows no files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


class Shade(NamedTuple):
    """A named colour and what part of the picture it fills, in [0, 1]."""

    name: str
    name_zh: str
    share: float


# Several sRGB examples for a name, so that the nearest one in CIELAB decides as a person would.
_EXAMPLES: dict[tuple[str, str], tuple[tuple[int, int, int], ...]] = {
    ("black", "黑色"): ((0, 0, 0), (30, 30, 30), (24, 28, 36)),
    ("dark grey", "深灰色"): ((64, 64, 64), (84, 84, 84)),
    ("grey", "灰色"): ((120, 120, 120), (150, 150, 150)),
    ("light grey", "浅灰色"): ((185, 185, 185), (212, 212, 212)),
    ("white", "白色"): ((255, 255, 255), (243, 243, 240)),
    ("red", "红色"): ((220, 20, 30), (170, 20, 25), (240, 70, 60)),
    ("dark red", "深红色"): ((110, 15, 20), (80, 10, 15)),
    ("orange", "橙色"): ((250, 130, 20), (230, 120, 50)),
    ("yellow", "黄色"): ((250, 230, 40), (230, 200, 20), (240, 220, 120)),
    ("green", "绿色"): ((40, 170, 60), (20, 110, 40), (120, 200, 90), (90, 120, 50), (105, 115, 80), (150, 165, 110)),
    ("dark green", "深绿色"): ((20, 60, 25), (45, 60, 30), (60, 70, 42), (30, 38, 22)),
    ("turquoise", "青色"): ((40, 200, 190), (20, 140, 140)),
    ("blue", "蓝色"): ((30, 70, 220), (50, 110, 190), (20, 20, 160), (80, 120, 170)),
    ("light blue", "浅蓝色"): ((135, 190, 240), (165, 200, 225)),
    ("dark blue", "深蓝色"): ((15, 25, 80), (35, 50, 90)),
    ("purple", "紫色"): ((130, 50, 170), (90, 30, 110), (170, 120, 200)),
    ("pink", "粉色"): ((250, 150, 190), (240, 100, 160), (240, 190, 200)),
    ("brown", "棕色"): ((120, 70, 30), (90, 55, 35), (140, 100, 65), (100, 82, 62), (60, 45, 35)),
    ("beige", "米色"): ((220, 200, 165), (200, 180, 150), (170, 150, 120)),
}
_SIDE_PX = 96
_MIN_SHARE = 0.08
_MAX_NAMES = 4


def dominant_colours(picture: PillowImage) -> list[Shade]:
    """The named colours that fill 8 % of an RGB picture or more, largest first, at most four; always one."""
    import cv2
    import numpy

    small = numpy.asarray(picture.resize((_SIDE_PX, _SIDE_PX)), dtype=numpy.float32) / 255
    pixels = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).reshape(-1, 3)  # (P, 3)
    names = list(_EXAMPLES)
    owners = numpy.array([i for i, name in enumerate(names) for _ in _EXAMPLES[name]])
    examples = numpy.array([[rgb for name in names for rgb in _EXAMPLES[name]]], dtype=numpy.float32) / 255
    centres = cv2.cvtColor(examples, cv2.COLOR_RGB2LAB)[0]  # (C, 3)
    distances = ((pixels[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)  # (P, C)
    counts = numpy.bincount(owners[distances.argmin(axis=1)], minlength=len(names))
    shares = counts / len(pixels)
    order = numpy.argsort(-shares, kind="stable")[:_MAX_NAMES]
    kept = [i for rank, i in enumerate(order) if rank == 0 or shares[i] >= _MIN_SHARE]
    shades = []
    for i in kept:
        name, name_zh = names[i]
        shades.append(Shade(name, name_zh, round(float(shares[i]), 3)))
    return shades
