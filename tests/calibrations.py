"""Labelled scores of known worth, and calibrations made from them the way the product makes them."""

from collections.abc import Iterable

import numpy as np

from analysis.engine.calibrating.fit import Minimum, Promise, Scored, Uncalibrated, calibrate
from analysis.engine.calibration import Calibration
from analysis.engine.detectors.base import Card
from analysis.engine.types import Condition

CREATED = "2026-01-02T03:04:05+00:00"
ANYWHERE = Condition()


def spread(
    low: float,
    high: float,
    *,
    manipulated: bool,
    source: str,
    files: int = 20,
    condition: Condition = ANYWHERE,
    rung: str = "",
) -> list[Scored]:
    """Evenly spread scores of one source."""
    return [
        Scored(f"{source}/{manipulated}/{at}", source, manipulated, float(score), condition, "", rung)
        for at, score in enumerate(np.linspace(low, high, files))
    ]


def good(sources: Iterable[str] = "abc", *, files: int = 20, condition: Condition = ANYWHERE) -> list[Scored]:
    """Unmanipulated files at 0 to 0.4, manipulated ones at 0.6 to 1, alike in every source."""
    return [
        answer
        for source in sources
        for answer in (
            *spread(0.0, 0.4, manipulated=False, source=source, files=files, condition=condition),
            *spread(0.6, 1.0, manipulated=True, source=source, files=files, condition=condition),
        )
    ]


def told(
    card: Card, answers: list[Scored], *, promise: Promise | None = None, minimum: Minimum | None = None
) -> Calibration:
    """The calibration of a card on these; there must be one."""
    found = calibrate(card, answers, created=CREATED, promise=promise, minimum=minimum)
    assert not isinstance(found, Uncalibrated), found.missing
    return found


def good_calibration(card: Card, *, condition: Condition = ANYWHERE) -> Calibration:
    """Strong signs from 0.6 on and none below 0.4, about, whatever the file's condition unless one is given."""
    found = told(card, good(condition=condition))
    if condition is not ANYWHERE:
        return found
    return Calibration(**{name: getattr(found, name) for name in found.__annotations__} | {"rows": ()})
