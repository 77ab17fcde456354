"""How a picture or sound came about, in the words of the IPTC.

IPTC NewsCodes "digitalsourcetype" (cv.iptc.org/newscodes/digitalsourcetype, 2024-10), and the two codes that the
C2PA technical specification 2.2, section 18.15.3, adds. XMP and signed manifests both use them.
"""

from typing import NamedTuple


class SourceType(NamedTuple):
    """`made_by_model`: whether a trained model made all of it, or part of it."""

    words: str
    made_by_model: bool = False


SOURCE_TYPES = {
    "trainedAlgorithmicMedia": SourceType("created by a trained model", made_by_model=True),
    "compositeWithTrainedAlgorithmicMedia": SourceType(
        "composite that includes media of a trained model", made_by_model=True
    ),
    "trainedAlgorithmicData": SourceType("data created by a trained model", made_by_model=True),
    "algorithmicMedia": SourceType("created by an algorithm without a trained model"),
    "algorithmicallyEnhanced": SourceType("capture that an algorithm enhanced"),
    "compositeSynthetic": SourceType("composite that includes synthetic elements"),
    "composite": SourceType("composite of several elements"),
    "compositeCapture": SourceType("composite of several captures"),
    "digitalCapture": SourceType("captured by a digital camera or recorder"),
    "computationalCapture": SourceType("several exposures of a camera, merged by it"),
    "negativeFilm": SourceType("digitised from a negative on film"),
    "positiveFilm": SourceType("digitised from a positive on film"),
    "print": SourceType("digitised from a print"),
    "minorHumanEdits": SourceType("capture with minor human edits"),
    "humanEdits": SourceType("edited by a human with non-generative tools"),
    "digitalArt": SourceType("drawn by a human with digital tools"),
    "digitalCreation": SourceType("created by a human with digital tools"),
    "softwareImage": SourceType("created with software"),
    "dataDrivenMedia": SourceType("made from data"),
    "virtualRecording": SourceType("recording of a virtual event"),
    "screenCapture": SourceType("screen capture"),
    "empty": SourceType("begun with an empty canvas"),
}
UNKNOWN = SourceType("not in the list known here")


def code_of(value: str) -> str:
    """The code at the end of its address, or of its short form `digsrctype:code`."""
    return value.strip().rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1][:80]


def named(value: str) -> SourceType:
    """What the address or code means; UNKNOWN for one that is not in the list."""
    return SOURCE_TYPES.get(code_of(value), UNKNOWN)
