"""What a head does on sources that it was trained without, and which penalty and bias are chosen for that.

A line is fitted to rows, but a file is concluded from its highest rows, which would lift most files above the mark,
manipulated or not. So the bias is lowered by what that adds to files left out, as the penalty is chosen.

Each source is left out in turn: both are chosen and a line fitted on the others, and the files of the one left out
get their scores from that. Choosing looks at no file that is scored: within the others each source is left out once
more. Where there are many, whole sources are left out together, dealt so that no fold takes all of a label with it.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from analysis.engine.calibrating import measures
from analysis.engine.calibration import Rate
from analysis.engine.classifiers.training.features import FileFeatures, Values
from analysis.engine.classifiers.training.logistic import Line, fit, log_loss
from analysis.engine.classifiers.training.record import Counted, HeldOut, Interval

PENALTIES = (1.0, 0.1, 0.01, 0.001)
SCORED_FOLDS, CHOOSING_FOLDS = 20, 5
MARK = 0.5
Told = Callable[[str], None]


def folds(files: Sequence[FileFeatures], most: int, seed: int) -> list[frozenset[str]]:
    """The sources, each by itself or, where there are more than `most`, several together.

    Of a label with two sources or more no fold holds all.
    """
    labels: dict[str, set[bool]] = defaultdict(set)
    for one in files:
        labels[one.file.source].add(one.file.manipulated)
    names = sorted(labels)
    if len(names) <= most:
        return [frozenset([name]) for name in names]
    random.Random(seed).shuffle(names)  # noqa: S311  # deals, and hides nothing
    dealt: list[list[str]] = [[] for _ in range(most)]
    # those of both labels first: wherever they lie, the others find a fold without their label
    for name in sorted(names, key=lambda name: -len(labels[name])):
        min(
            dealt, key=lambda fold: (sum(bool(labels[one] & labels[name]) for one in fold), len(fold))
        ).append(name)
    return [frozenset(fold) for fold in dealt if fold]


def trained(files: Sequence[FileFeatures], seed: int) -> tuple[Line, float]:
    """The line of these files, balanced, and its penalty."""
    unseen = _unseen(files, seed)
    at = _penalty(unseen)
    [line] = fit(files, [PENALTIES[at]])
    lifts = {
        label: [one.lift(lines[at].logits) for one, lines in unseen if one.file.manipulated is label]
        for label in (False, True)
    }
    # halfway between the labels; not where all these files balance, which a few sources' own offsets would decide
    return line.moved(-float(np.mean(lifts[False]) + np.mean(lifts[True])) / 2), PENALTIES[at]


def _unseen(files: Sequence[FileFeatures], seed: int) -> list[tuple[FileFeatures, list[Line]]]:
    """Each file with a line for each penalty that was fitted without its source."""
    unseen = []
    for fold in folds(files, CHOOSING_FOLDS, seed):
        lines = fit([one for one in files if one.file.source not in fold], PENALTIES)
        unseen += [(one, lines) for one in files if one.file.source in fold]
    return unseen


def _penalty(unseen: Sequence[tuple[FileFeatures, list[Line]]]) -> int:
    """Which has the least log loss, labels and files balanced; of equals the strongest."""
    real, fake = (
        [
            [log_loss(one, line(one.rows)) for line in lines]
            for one, lines in unseen
            if one.file.manipulated is label
        ]
        for label in (False, True)
    )
    return int(np.argmin(np.mean(real, axis=0) + np.mean(fake, axis=0)))


def scored(files: Sequence[FileFeatures], seed: int, told: Told = lambda _sentence: None) -> Values:
    """The score of each file by a line that was fitted without its source; needs 3 sources of either label."""
    scores = np.zeros(len(files))
    every = folds(files, SCORED_FOLDS, seed)
    for number, fold in enumerate(every, start=1):
        told(f"Training without source {number} of {len(every)}.")
        others = [one for one in files if one.file.source not in fold]
        line, _l2 = trained(others, seed)
        for at, one in enumerate(files):
            if one.file.source in fold:
                scores[at] = one.score(line)
    return scores


def measured(files: Sequence[FileFeatures], scores: Values, line: Line) -> HeldOut:
    """The figures of those scores; `line` is the head that is kept."""
    manipulated = np.array([one.file.manipulated for one in files])
    sources = [one.file.source for one in files]
    own = np.array([one.score(line) for one in files])
    area = measures.auc_estimate(scores, manipulated, sources)
    high = scores >= MARK
    return HeldOut(
        auc=Interval(value=area.value, low=area.low, high=area.high),
        eer=measures.eer(scores[manipulated], scores[~manipulated]),
        false_alarms=_counted(_rate(high, ~manipulated, sources)),
        misses=_counted(_rate(~high, manipulated, sources)),
        own_auc=measures.auc(own[manipulated], own[~manipulated]),
    )


def _rate(counted: measures.Labels, of: measures.Labels, sources: Sequence[str]) -> Rate:
    return measures.rate(counted[of], [source for source, held in zip(sources, of, strict=True) if held])


def _counted(rate: Rate) -> Counted:
    return Counted(count=rate.count, of=rate.of, low=rate.low, high=rate.high)
