"""What a live view shows where there is no picture: for programs that show whatever comes, such as an <img>."""

from functools import cache
from io import BytesIO

from analysis.cameras.viewing import Shows

SIZE = (640, 360)
GROUND, INK = (36, 42, 47), (232, 235, 238)
_SAID = {
    Shows.NONE: "No picture from this camera now",
    Shows.AWAY: "The live view cannot be reached now",
}


@cache
def drawn(shows: Shows) -> bytes:
    """As JPEG. Takes some milliseconds the first time: not in an event loop."""
    # not above: most processes never draw any
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", SIZE, GROUND)
    middle = (SIZE[0] / 2, SIZE[1] / 2)
    ImageDraw.Draw(picture).text(
        middle, _SAID[shows], fill=INK, anchor="mm", font=ImageFont.load_default(size=24)
    )
    file = BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()
