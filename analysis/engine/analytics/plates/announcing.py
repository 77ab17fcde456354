"""Tells each track's plate once: when its reads agree, or when the track ends.

Of several texts on a vehicle the one that is most like a plate is told.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.engine.analytics.plates.ballots import Ballot, Ranked, cast
from analysis.engine.analytics.plates.consensus import Consensus, consensus
from analysis.engine.analytics.plates.formats import Grammar
from analysis.engine.analytics.plates.reading import Read

COOLDOWN_SECONDS = 30.0
MOST_TRACKS = 256
MOST_TOLD = 1024
# What a track that ended without agreement is told with, at least: below that it would be a guess.
LEAST_AT_THE_END = 0.4


@dataclass
class _Track:
    ballots: list[Ballot] = field(default_factory=list)
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
        """A look that showed one text."""
        return self.look(track, [Ranked(read)], held=held)

    def look(self, track: int, look: Sequence[Ranked], *, held: bool = False) -> Consensus | None:
        """Adds what one look showed; the plate, if from now on it is good enough to tell and was not told yet.

        held: it is not told, and may be said to be good enough again; `end` tells it.
        """
        known = self._tracks.setdefault(track, _Track())
        self._tracks.move_to_end(track)
        while len(self._tracks) > MOST_TRACKS:
            self._tracks.popitem(last=False)
        if known.told:
            return None
        known.ballots = cast(known.ballots, look)
        best = self._elected(known.ballots)
        if best is None or best.doubt:
            return None
        return best if held else self._tell(known, best, max(one.read.pts_seconds for one in look))

    def is_told(self, track: int) -> bool:
        """Whether nothing more will be told of it."""
        known = self._tracks.get(track)
        return known is not None and known.told

    def end(self, track: int) -> Consensus | None:
        """The plate of a track that ended, if it was not told yet and is no mere guess; `doubt` says what it lacks."""
        known = self._tracks.pop(track, None)
        if known is None or known.told:
            return None
        counted = [(consensus(one.reads, self._grammar), one) for one in known.ballots]
        fit = [(found, one) for found, one in counted if found and _is_no_guess(found)]
        if not fit:
            return None
        found, ballot = max(fit, key=lambda one: _rank(*one))
        # its last read may lie before another track of the same car was told
        last = max(read.pts_seconds for read in ballot.reads)
        return self._tell(known, found, last, earlier=self._cooldown)

    def _elected(self, ballots: Sequence[Ballot]) -> Consensus | None:
        """The best of those that are seen about as often as any better one: a stray misread holds up nothing."""
        counted = [(consensus(one.reads, self._grammar), one) for one in ballots]
        known = [(found, one) for found, one in counted if found]
        ready = [(found, one) for found, one in known if not found.doubt]
        if not ready:
            return None
        best = max(ready, key=lambda one: _rank(*one))
        better = [one for found, one in known if _likeness(found, one) > _likeness(*best)]
        return None if any(2 * one.seen >= best[1].seen for one in better) else best[0]

    def _tell(
        self, track: _Track, found: Consensus, pts_seconds: float, *, earlier: float = 0.0
    ) -> Consensus | None:
        track.told = True
        track.ballots = []
        text = found.reading.text
        before = self._told.pop(text, None)
        self._told[text] = pts_seconds if before is None or not earlier else max(before, pts_seconds)
        while len(self._told) > MOST_TOLD:
            self._told.popitem(last=False)
        # a camera that starts again counts from 0: that is no cooldown
        within = before is not None and -earlier <= pts_seconds - before < self._cooldown
        return None if within else found


def _likeness(found: Consensus, ballot: Ballot) -> tuple[bool, int]:
    """How much like a plate: by a country's format, then in coarse steps by what it was read from."""
    return any(one.region for one in found.reading.formats), round(2 * ballot.likeness)


def _rank(found: Consensus, ballot: Ballot) -> tuple[bool, int, int, float]:
    return *_likeness(found, ballot), ballot.seen, found.confidence


def _is_no_guess(found: Consensus) -> bool:
    """Nor a text that no read says."""
    return found.confidence >= LEAST_AT_THE_END and found.agreeing > 0
