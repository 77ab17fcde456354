"""The frames in which plates were read best, as pictures; bounded."""

from collections import OrderedDict
from dataclasses import dataclass, replace

from analysis.engine.analytics.plates.finding import Plate
from analysis.engine.types import Snapshot

# Of one vehicle, each with the surest read that says it: the one that is told is among them.
MOST_TEXTS = 8
# Frames of 1080p are about 0.4 MB as JPEG, and each is kept clean and with boxes.
MOST_BYTES = 64 << 20
MOST_PLATES = 256


@dataclass(frozen=True)
class Sight:
    """One read of a plate and its frame."""

    plate: Plate
    snapshot: Snapshot | None = None

    @property
    def size_bytes(self) -> int:
        """Of both pictures."""
        return len(self.snapshot.clean) + len(self.snapshot.boxed) if self.snapshot else 0


class Sights:
    """Keeps the surest sight of each text of a plate, and forgets those of plates that were not seen for longest."""

    def __init__(self) -> None:
        self._of: OrderedDict[int, list[Sight]] = OrderedDict()

    def is_wanted(self, number: int, plate: Plate) -> bool:
        """Whether its frame is worth a picture."""
        kept = self._of.get(number, [])
        same = [one for one in kept if _text(one) == plate.reading.text]
        return plate.read.confidence > _least(same or kept[MOST_TEXTS - 1 :])

    def keep(self, number: int, sight: Sight) -> None:
        """Adds a sight, in place of a less sure one of the same text; of too many texts the least sure one goes."""
        others = [one for one in self._of.pop(number, []) if _text(one) != _text(sight)]
        self._of[number] = sorted([*others, sight], key=_confidence, reverse=True)[:MOST_TEXTS]
        while len(self._of) > MOST_PLATES:
            self._of.popitem(last=False)
        self._fit()

    def take(self, number: int) -> list[Sight]:
        """All of one plate, the surest first; they are kept no longer."""
        return self._of.pop(number, [])

    def _fit(self) -> None:
        """Pictures that are too many go, of what was not seen for longest first; what was read stays."""
        over = self._bytes() - MOST_BYTES
        for number, kept in self._of.items():
            for place in reversed(range(len(kept))):
                if over <= 0:
                    return
                over -= kept[place].size_bytes
                self._of[number][place] = replace(kept[place], snapshot=None)

    def _bytes(self) -> int:
        return sum(one.size_bytes for kept in self._of.values() for one in kept)


def _text(sight: Sight) -> str:
    return sight.plate.reading.text


def _confidence(sight: Sight) -> float:
    return sight.plate.read.confidence


def _least(kept: list[Sight]) -> float:
    return min(map(_confidence, kept), default=-1.0)
