"""Programs that edit pictures, known by how they name themselves in metadata: what each is for, in one table."""

import re

# (a pattern of the name, what the program does); the first that fits counts
EDITORS = (
    (r"Adobe Photoshop Lightroom|\bLightroom\b", "raw developer"),
    (r"Adobe Photoshop|Photoshop Elements", "picture editor"),
    (r"\bGIMP\b|Affinity Photo|Pixelmator|Paint\.NET|Paint Shop|Corel|Krita|Photopea|PhotoScape", "picture editor"),
    (r"Camera Raw|Capture One|darktable|RawTherapee|\bDxO\b|ON1|Luminar|Aperture|ACDSee", "raw developer"),
    (r"Snapseed|VSCO|PicsArt|Canva|Polarr|Fotor|Pixlr|BeFunky|InShot|Instagram", "editor for phones and the web"),
    (r"Facetune|FaceApp|Meitu|BeautyPlus|YouCam|AirBrush|B612|SNOW\b|Remini|Reface", "editor of faces"),
    (r"Topaz|Gigapixel|Let's Enhance|Real-ESRGAN|waifu2x", "enlarger or denoiser with a trained model"),
    (r"ImageMagick|GraphicsMagick|libvips|Pillow|\bPIL\b|OpenCV|Skia|GD-JPEG|gd-jpeg|CREATOR: gd", "program library"),
    (r"Shotwell|digiKam|Picasa|Google Photos|Apple Photos|\bPhotos \d|XnView|IrfanView|ExifTool", "picture manager"),
    (r"Adobe Premiere|Final Cut|DaVinci Resolve|After Effects|iMovie|CapCut|Kdenlive|Shotcut", "video editor"),
    (r"Audacity|Adobe Audition|\bREAPER\b|Pro Tools|GarageBand|Logic Pro|Ableton|WaveLab", "sound editor"),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), what) for pattern, what in EDITORS)
MAX_NAME = 200


def kind_of(name: str) -> str | None:
    """What kind of program that is, or None for one that is not in the table (most firmware of cameras)."""
    return next((what for pattern, what in _COMPILED if pattern.search(name[:MAX_NAME])), None)
