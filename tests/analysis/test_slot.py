"""What a slot does before it says that it is ready."""

from typing import Any

from analysis.engine.registry import Registry
from analysis.worker import slot
from tests.analysis.engine.plugins import NO_WEIGHTS, Plain, card


class Unloadable(Plain):
    def make(self, name: str, weights: Any, device: str) -> Plain:
        raise RuntimeError("out of memory")


def of_ours(kind: type[Plain], name: str) -> Plain:
    return kind(card(name, weights="a file of no publisher", by_default=True))


def test_a_net_that_cannot_be_loaded_does_not_end_the_slot() -> None:
    registry = Registry.of([of_ours(Unloadable, "meso4"), of_ours(Plain, "aasist-l")], NO_WEIGHTS)

    slot._load_nets(registry)

    assert set(registry._loaded) == {"aasist-l"}
