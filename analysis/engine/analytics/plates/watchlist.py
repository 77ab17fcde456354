"""Plates somebody waits for, found in what was read although a sign or two was read wrong."""

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.engine.analytics.plates.distance import Distance, between, within
from analysis.engine.analytics.plates.patterns import InvalidPattern, Pattern, pattern
from analysis.engine.analytics.plates.signs import normalised

MOST_ENTRIES = 10_000
# Two signs of the same shape, or one that is half alike; a wholly different sign is another plate.
NEAR = 0.6
FARTHEST = 3.0
_EXACT = Distance(0.0, ())
# How far is looked for who asks for the nearest alone; each is looked for once for a plate.
_REACHES = (NEAR, 1.0, 2.0, FARTHEST)
_MOST_KEPT = 1000
# Less than any step costs, more than adding them up is wrong.
_LESS = 1e-6


@dataclass(frozen=True)
class Wanted:
    """One line of a watchlist: a plate or a pattern with ? and *, and what its owner notes of it."""

    plate: str
    note: str = ""


@dataclass(frozen=True)
class Hit:
    """A line that fits what was read. `distance`: 0 for the plate itself and for a pattern that fits."""

    wanted: Wanted
    distance: Distance

    @property
    def words(self) -> str:
        """The distance, and what was read for what: "0.2: 8 read for B"."""
        steps = ", ".join(
            f"{one.before or 'nothing'} read for {one.after or 'nothing'}" for one in self.distance.changes
        )
        return f"{self.distance.total:g}: {steps}" if steps else "0: as it was read"


class Watchlist:
    """Lines in the order they were given; asking costs at most 32 by 7 comparisons a line.

    Raises InvalidPattern for a line that holds other signs, and for more than MOST_ENTRIES lines.
    """

    def __init__(self, wanted: Iterable[Wanted]) -> None:
        self._lines: list[tuple[Wanted, Pattern]] = []
        for one in wanted:
            if len(self._lines) == MOST_ENTRIES:
                raise InvalidPattern(f"A watchlist has at most {MOST_ENTRIES} plates.")
            self._lines.append((one, pattern(one.plate)))
        self._nearest: dict[tuple[str, float], Hit | None] = {}

    def near(self, plate: str, *, most: float = NEAR) -> list[Hit]:
        """The lines at most so far from a plate that was read, the nearest first; none for an empty plate.

        Raises ValueError for more than FARTHEST: three wholly different signs are near to half of all plates.
        """
        if not 0 <= most <= FARTHEST:
            raise ValueError(f"A plate is looked for within 0 to {FARTHEST:g}, not {most}.")
        read = normalised(plate)
        found = [(one, _distance(read, line, most)) for one, line in self._lines] if read else []
        hits = [Hit(one, distance) for one, distance in found if distance is not None]
        return sorted(hits, key=lambda hit: hit.distance.total)

    def nearest(self, plate: str, *, most: float = NEAR) -> Hit | None:
        """The first of `near`, or None. Asked again, for whatever distance, it costs nearly nothing."""
        read, reach = normalised(plate), next(one for one in _REACHES if most <= one)
        if len(self._nearest) >= _MOST_KEPT:
            self._nearest.clear()
        if (read, reach) not in self._nearest:
            self._nearest[read, reach] = self._look(read, reach)
        hit = self._nearest[read, reach]
        return hit if hit and hit.distance.total <= most else None

    def _look(self, read: str, most: float) -> Hit | None:
        best: Hit | None = None
        for one, line in self._lines if read else ():
            distance = _distance(read, line, most)
            # patterns fit whatever is nearer
            if distance is None or (best and distance.total >= best.distance.total):
                continue
            best, most = Hit(one, distance), distance.total - _LESS
            if not distance.total:
                break
        return best


def _distance(read: str, line: Pattern, most: float) -> Distance | None:
    """From what was read to a line; None where it is too far."""
    if not line.is_plain:
        return _EXACT if line.fits(read) else None
    if read == line.text:
        return _EXACT
    return between(read, line.text) if within(read, line.text, most) else None
