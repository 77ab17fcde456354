"""How scores bear copies of worse quality: a table per detector and rung, copies beside their own originals."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import fmean

import numpy as np

from analysis.engine.calibrating import measures
from analysis.engine.calibrating.evaluation import alarm_and_miss
from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.calibrating.scoring import Examined
from analysis.engine.calibration import Estimate, Numbers, Rate
from analysis.engine.errors import UndecodableMedia
from analysis.engine.media.probe_child import recognise
from analysis.engine.types import DetectorEnded, Verdict

SEED = 7


@dataclass(frozen=True)
class Told:
    """What one detector did on some files. files: those with a score. auc: None without files of both labels.

    false_alarms and misses: at the cut or the mark, whichever a run would use.
    """

    files: Numbers
    auc: Estimate | None
    false_alarms: Rate
    misses: Rate
    abstained: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Step:
    """One detector on the copies of one rung, and on their originals.

    shift: mean of the copy's score minus its original's, over files where both have one; None without any.
    """

    detector: str
    rung: str
    originals: Told
    copies: Told
    shift: float | None


def chosen(files: Sequence[Labelled], most: int, told: Callable[[str, str], None]) -> list[Labelled]:
    """At most `most` files of each kind, the same ones every time: labels by turns, and within them sources."""
    groups: dict[str, tuple[list[Labelled], list[Labelled]]] = defaultdict(lambda: ([], []))
    for file in files:
        try:
            groups[recognise(file.path).kind][file.manipulated].append(file)
        except (UndecodableMedia, OSError) as error:
            told(file.name, str(error))
    return [
        file
        for kind in sorted(groups)
        for file in _by_turns([_spread(group) for group in groups[kind]])[:most]
    ]


def _spread(files: Sequence[Labelled]) -> list[Labelled]:
    sources: dict[str, list[Labelled]] = defaultdict(list)
    for file in files:
        sources[file.source].append(file)
    draw = random.Random(SEED)  # noqa: S311  # a draw that anybody may foresee
    drawn = [draw.sample(sources[name], len(sources[name])) for name in sorted(sources)]
    return _by_turns(draw.sample(drawn, len(drawn)))


def _by_turns(lists: Sequence[Sequence[Labelled]]) -> list[Labelled]:
    return [one for row in zip_longest(*lists) for one in row if one is not None]


def steps(seen: Sequence[Examined]) -> list[Step]:
    """A step per detector and rung, in the order of rungs; none where neither originals nor copies have a score."""
    originals = {one.file.name: one for one in seen if not one.file.rung}
    rungs = list(dict.fromkeys(one.file.rung for one in seen if one.file.rung))
    names = sorted({name for one in seen for name in one.endings})
    return [
        step
        for name in names
        for rung in rungs
        if (step := _step(name, rung, [one for one in seen if one.file.rung == rung], originals))
    ]


def _step(name: str, rung: str, copied: Sequence[Examined], originals: dict[str, Examined]) -> Step | None:
    pairs = [
        (one.file, originals[one.file.name].endings[name], one.endings[name])
        for one in copied
        if name in one.endings and name in originals[one.file.name].endings
    ]
    before = _told([(file, ending) for file, ending, _ in pairs])
    after = _told([(file, ending) for file, _, ending in pairs])
    if not any((told.files.manipulated or told.files.unmanipulated) for told in (before, after)):
        return None
    shifts = [
        now.assessment.score - then.assessment.score
        for _, then, now in pairs
        if isinstance(then.assessment, Verdict) and isinstance(now.assessment, Verdict)
    ]
    return Step(name, rung, before, after, fmean(shifts) if shifts else None)


def _told(asked: Sequence[tuple[Labelled, DetectorEnded]]) -> Told:
    scored = [(file, said) for file, ending in asked if isinstance(said := ending.assessment, Verdict)]
    silent = Counter(
        ending.assessment.reason.value for _, ending in asked if not isinstance(ending.assessment, Verdict)
    )
    fake = np.array([file.manipulated for file, _ in scored], bool)
    scores = np.array([said.score for _, said in scored], np.float64)
    sources = [file.source for file, _ in scored]
    both = bool(fake.any() and not fake.all())
    return Told(
        files=Numbers(int(fake.sum()), int((~fake).sum())),
        auc=measures.auc_estimate(scores, fake, sources) if both else None,
        false_alarms=_rate(scored, manipulated=False),
        misses=_rate(scored, manipulated=True),
        abstained=tuple(sorted(silent.items())),
    )


def _rate(scored: Sequence[tuple[Labelled, Verdict]], *, manipulated: bool) -> Rate:
    asked = [(file.source, said) for file, said in scored if file.manipulated is manipulated]
    counted = np.array([alarm_and_miss(said)[manipulated] for _, said in asked], bool)
    return measures.rate(counted, [source for source, _ in asked])
