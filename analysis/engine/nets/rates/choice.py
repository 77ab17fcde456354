"""What was chosen for one net on one machine, and what the choice depends on. Needs no torch."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

FORM = 2
BATCHES = (1, 2, 4, 8, 16)
LARGE_BATCHES = (32, 64)  # on GPUs alone: on a CPU they cost memory and are no faster
TEXT_CHARACTERS = 300


class Way(StrEnum):
    """Ways of running a net, each with what those before it do."""

    EAGER = "eager"
    CHANNELS_LAST = "channels_last"
    TRACED = "traced"


UNMEASURED = (
    Way.CHANNELS_LAST
)  # at worst as slow as eager on the processors we know, at best four times as fast


@dataclass(frozen=True)
class Key:
    """What a choice holds for; with anything else here it is measured anew."""

    net: str
    weights_sha256: str
    torch: str
    processor: str
    threads: int


@dataclass(frozen=True)
class Choice:
    """How a net is run. `rates` are inputs per second by way and batch size; `refused` says why ways were left out.

    complete: whether there was time for every way; else it is measured again by the next process that may.
    """

    key: Key
    way: Way
    batch: int
    rates: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True

    @property
    def rate(self) -> float:
        """Inputs per second as it was chosen."""
        return self.rates[self.way][self.batch]

    def as_json(self) -> dict[str, Any]:
        rates = {
            way: {str(batch): rate for batch, rate in by_batch.items()}
            for way, by_batch in self.rates.items()
        }
        return {
            "form": FORM,
            "key": asdict(self.key),
            "way": self.way.value,
            "batch": self.batch,
            "rates": rates,
            "refused": dict(self.refused),
            "complete": self.complete,
        }

    @classmethod
    def from_json(cls, held: Any, key: Key) -> Self | None:
        """The choice that was kept, or None where it is of another key.

        Raises ValueError, TypeError, KeyError or AttributeError for what is no choice at all.
        """
        if held["form"] != FORM or held["key"] != asdict(key):
            return None
        rates = {
            Way(way).value: {_batch(int(batch)): _rate(rate) for batch, rate in by_batch.items()}
            for way, by_batch in held["rates"].items()
        }
        refused = {Way(way).value: str(why)[:TEXT_CHARACTERS] for way, why in held["refused"].items()}
        found = cls(
            key, Way(held["way"]), _batch(held["batch"]), rates, refused, held["complete"] is not False
        )
        if found.way in refused or found.batch not in rates[found.way]:
            raise ValueError("it chose what was refused, or not measured")
        return found


def _batch(value: Any) -> int:
    if type(value) is not int or value not in BATCHES + LARGE_BATCHES:
        raise ValueError(f"{value!r:.40} is no batch size")
    return value


def _rate(value: Any) -> float:
    if type(value) is not float or not math.isfinite(value) or value <= 0:
        raise ValueError(f"{value!r:.40} is no rate")
    return value
