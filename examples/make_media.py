"""Draws and speaks the media of the demonstration: a nameplate, a recording, a table. Run it to renew them.

python -m examples.make_media
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter, ImageFont

from experts.audio import SpeechSynthesis
from orchestrator import Text

MEDIA = Path(__file__).parent / "media"
_FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
SPOKEN = "Good morning. The heating pump in our house is very loud since Monday. Please call me back in the afternoon."
SALES = """region,product,month,units,revenue_eur
North,XR-2000,2025-01,120,39480
North,XR-3000,2025-01,14,16086
South,XR-2000,2025-01,95,31255
South,XR-3000,2025-01,31,35619
West,XR-2000,2025-01,60,19740
West,XR-3000,2025-01,9,10341
North,XR-2000,2025-02,131,43099
North,XR-3000,2025-02,12,13788
South,XR-2000,2025-02,101,33229
South,XR-3000,2025-02,38,43662
West,XR-2000,2025-02,72,23688
West,XR-3000,2025-02,11,12639
"""


def nameplate() -> Pillow.Image:
    """A metal plate as it sits on a pump, slightly turned and blurred."""
    plate = Pillow.new("RGB", (900, 520), (196, 200, 204))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((14, 14, 886, 506), 28, outline=(60, 64, 70), width=5)
    for x, y in ((46, 46), (854, 46), (46, 474), (854, 474)):
        draw.ellipse((x - 13, y - 13, x + 13, y + 13), fill=(120, 124, 128))
    bold, plain = str(_FONTS / "DejaVuSans-Bold.ttf"), str(_FONTS / "DejaVuSans.ttf")
    lines = (
        ("NORDLICHT PUMPS", bold, 54, 80),
        ("Model XR-2000", bold, 64, 180),
        ("Serial no. NL-204417", plain, 42, 290),
        ("230 V  50 Hz  45 W", plain, 42, 360),
    )
    for text, font, size, y in lines:
        draw.text((90, y), text, fill=(24, 26, 30), font=ImageFont.truetype(font, size))
    scene = Pillow.new("RGB", (1100, 760), (84, 98, 92))
    scene.paste(plate, (100, 120))
    return scene.rotate(2.5, expand=False, fillcolor=(84, 98, 92)).filter(ImageFilter.GaussianBlur(0.8))


def main() -> None:
    """Write the three files."""
    MEDIA.mkdir(exist_ok=True)
    nameplate().save(MEDIA / "nameplate.jpg", quality=88)
    (MEDIA / "message.wav").write_bytes(SpeechSynthesis(Text(SPOKEN)).read_bytes())
    (MEDIA / "sales.csv").write_text(SALES, encoding="utf-8")


if __name__ == "__main__":
    main()
