"""Number plates in footage: which, how surely, on which vehicle, and in which frame they were read best.

Vehicles are found and followed on the way here (analysis/engine/following.py); where none is seen the whole frame is
read. It judges nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.engine.detectors.base import Card, Detector, Session
from analysis.engine.types import Consumes, MediaKind, Source
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from analysis.engine.analytics.plates.writing import PlateReader

NAME = "anpr"


def cards() -> list[Card]:
    """The card of the detector of number plates."""
    return [
        Card(
            name=NAME,
            title="Number plates",
            version="1.0",
            family="anpr",
            subject="footage",
            consumes=Consumes.FOOTAGE,
            kinds=frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
            unit="frames",
            looks_at="Number plates on the vehicles that an object finder finds, a few times a second for each, and of "
            "the whole frame where it finds none. A plate is told once, when three reads agree or its vehicle leaves: "
            "its signs with the confidence in each, other texts it may be, its vehicle, and the frame of its surest "
            "read.",
            cannot_see="Plates whose signs are less than about six pixels high, hidden, dirty or overexposed; plates "
            "of letters or of digits alone; scripts other than Latin. 0 and O, 1 and I look alike on most plates: "
            "only the formats of the countries that were chosen can settle them, and what they settled is marked. A "
            "plate on no known vehicle is told only if it fits a country's format. Lettering that happens to fit one "
            "is told as a plate.",
            paper="PP-OCRv6 (PaddleOCR); ROVER (Fiscus, ASRU 1997) for the vote between reads",
            licence="Apache-2.0 (our own code); the models are PaddleOCR's, Apache-2.0",
            accuracy="Of 40 photographs of cars of three regions, looked at while it was made, 39 plates exact (95 %: "
            "0.87–1.00); see docs/accuracy.md, number plates.",
            preprocessing="Vehicles enlarged to where their plates can be read, pictures of more than 1.6 megapixels "
            "made smaller; BGR in -1..1; each row straightened, 48 pixels high, in up to four framings.",
            forensic=False,
            by_default=False,
            follows=True,
            stressed=False,
            links=("https://github.com/PaddlePaddle/PaddleOCR", "https://doi.org/10.1109/ASRU.1997.659110"),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; its models lie in the rapidocr package. Raises NoPlateReader where they do not."""
    from analysis.engine.analytics.plates.rapid import built_in

    return PlateDetector(cards()[0], built_in())


@dataclass
class PlateDetector:
    """A reader, shared by all sessions."""

    card: Card
    reader: "PlateReader"

    def open(self, source: Source) -> Session:
        from analysis.engine.detectors.anpr_session import PlateSession

        return PlateSession(self.reader, source.footage, still=source.probe.kind is MediaKind.IMAGE)
