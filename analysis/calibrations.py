"""Calibrations on record: kept by `manage.py calibrate`, handed to every examination, shown on the cards."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils import timezone

from analysis import models
from analysis.engine.calibration import Calibration, UnsoundCalibration, from_json, sentence, stale_for

logger = logging.getLogger(__name__)


def touch() -> None:
    """Raises DatabaseError where nothing can be kept: to be known before hours of examining, not after."""
    models.Calibration.objects.exists()


def store(found: Calibration) -> str:
    """Keeps it; from now on it is the one that counts for its detector. Its digest.

    Raises UnsoundCalibration for one that could not be read again.
    """
    from_json(found.to_json())
    fields = {
        "detector": found.detector,
        "version": found.version,
        "weights_sha256": found.weights_sha256,
        "body": found.to_json(),
        "stored": timezone.now(),
    }
    models.Calibration.objects.update_or_create(digest=found.digest, defaults=fields)
    return found.digest


def load_calibrations() -> dict[str, Calibration]:
    """The latest of every detector. A row that cannot be used is left out, as if it were not there, and logged."""
    rows = models.Calibration.objects.order_by("detector", "-stored").distinct("detector")
    return {row.detector: found for row in rows if (found := _sound(row))}


def _sound(row: models.Calibration) -> Calibration | None:
    try:
        found = from_json(row.body)
    except UnsoundCalibration as error:
        logger.warning("the calibration of %s on record cannot be used: %s", row.detector, error)
        return None
    if found.detector != row.detector:
        logger.warning("the calibration of %s on record is one of %s", row.detector, found.detector)
        return None
    return found


@dataclass(frozen=True)
class _Shown:
    """What of a stored card a calibration must fit."""

    version: str
    weights_sha256: str | None
    preprocessing: str


def stale_on(card: Mapping[str, Any], found: Calibration) -> str:
    """What has changed since, for a card as it is on record; empty when nothing has."""
    shown = _Shown(
        str(card.get("version", "")), card.get("weights_sha256"), str(card.get("preprocessing", ""))
    )
    return stale_for(found, shown)


def calibration_fields(card: Mapping[str, Any], found: Calibration | None) -> dict[str, Any] | None:
    """A calibration as the API writes it beside a card; None for an uncalibrated detector.

    `stale` says what has changed since, and null when it counts.
    """
    if found is None:
        return None
    told = asdict(found) | {"digest": found.digest, "stale": stale_on(card, found) or None}
    told["rows"] = [
        asdict(row) | {"title": row.title}
        for row in found.rows
        if row.files.manipulated or row.files.unmanipulated
    ]
    return told | {"sentence": sentence(found)}
