"""Tells each track's plate once: when its reads agree, or when the track ends."""

from collections import OrderedDict
from dataclasses import dataclass, field

from analysis.engine.analytics.plates.consensus import Consensus, consensus, surest
from analysis.engine.analytics.plates.formats import Grammar
from analysis.engine.analytics.plates.reading import Read

COOLDOWN_SECONDS = 30.0
MOST_TRACKS = 256
MOST_TOLD = 1024
# What a track that ended without agreement is told with, at least: below that it would be a guess.
LEAST_AT_THE_END = 0.4


@dataclass
class _Track:
    reads: list[Read] = field(default_factory=list)
    told: bool = False


class Announcer:
    """Gathers reads by track; bounded memory: the surest reads of the latest tracks.

    cooldown_seconds: for so long, in media time, the same text on another track is the same car whose track broke.
    """

    def __init__(self, grammar: Grammar, *, cooldown_seconds: float = COOLDOWN_SECONDS) -> None:
        self._grammar = grammar
        self._cooldown = cooldown_seconds
        self._tracks: OrderedDict[int, _Track] = OrderedDict()
        self._told: OrderedDict[str, float] = OrderedDict()

    def read(self, track: int, read: Read, *, held: bool = False) -> Consensus | None:
        """Adds a read; the plate, if from now on it is good enough to tell and was not told yet.

        held: it is not told, and may be said to be good enough again; `end` tells it.
        """
        known = self._tracks.setdefault(track, _Track())
        self._tracks.move_to_end(track)
        while len(self._tracks) > MOST_TRACKS:
            self._tracks.popitem(last=False)
        if known.told:
            return None
        known.reads = surest([*known.reads, read])
        found = consensus(known.reads, self._grammar)
        if found is None or found.doubt:
            return None
        return found if held else self._tell(known, found, read.pts_seconds)

    def is_told(self, track: int) -> bool:
        """Whether nothing more will be told of it."""
        known = self._tracks.get(track)
        return known is not None and known.told

    def end(self, track: int) -> Consensus | None:
        """The plate of a track that ended, if it was not told yet and is no mere guess; `doubt` says what it lacks."""
        known = self._tracks.pop(track, None)
        if known is None or known.told:
            return None
        found = consensus(known.reads, self._grammar)
        if found is None or found.confidence < LEAST_AT_THE_END:
            return None
        # its last read may lie before another track of the same car was told
        last = max(read.pts_seconds for read in known.reads)
        return self._tell(known, found, last, earlier=self._cooldown)

    def _tell(
        self, track: _Track, found: Consensus, pts_seconds: float, *, earlier: float = 0.0
    ) -> Consensus | None:
        track.told = True
        track.reads = []
        text = found.reading.text
        before = self._told.pop(text, None)
        self._told[text] = pts_seconds if before is None or not earlier else max(before, pts_seconds)
        while len(self._told) > MOST_TOLD:
            self._told.popitem(last=False)
        # a camera that starts again counts from 0: that is no cooldown
        within = before is not None and -earlier <= pts_seconds - before < self._cooldown
        return None if within else found
