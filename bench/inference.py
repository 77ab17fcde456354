"""How near the product's forward rate comes to the best that was found on this machine, net by net.

    python bench/inference.py [NET…] [--device cpu] [--threads 1] [--seconds 8] [--rounds 3] [--short]

For each net: the naive rate (eager, one input at a time), the best rate of every way and batch size tried in turn, and
the rate inside the product for the same number of inputs: a session of the detector, with the way and batch size that
measuring chose, fed like an examination feeds it; `product` counts the seconds spent in forwards, `session` those of
the whole session, scaling and converting included. Best and product are told by the median of their calls. On one
thread of a CPU these are CPU seconds of the thread, so that other programs change little; else wall seconds. Search and
product take turns; the ratio is that of the medians.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch

from analysis.engine.nets.rates import measuring
from analysis.engine.nets.rates.choice import Way
from analysis.engine.nets.rates.folder import RatesFolder
from analysis.engine.nets.rates.forward import Forward
from analysis.engine.nets.rates.rates import Rates
from analysis.engine.nets.rates.ways import laid_out
from analysis.engine.registry import Registry, forwards_of
from analysis.engine.types import (
    Batch,
    Consumes,
    FaceBatch,
    FaceCrop,
    Frame,
    FrameBatch,
    MediaKind,
    Probe,
    SoundBatch,
    Source,
)
from bench import figures
from bench.scenes import WEIGHTS

NETS = (
    "meso4",
    "mesoinception4",
    "classnseg",
    "minifasnet",
    "tiny-ladeda",
    "aasist-l",
    "rawgat-st",
    "lfcc-lcnn",
)
TARGET = 0.9
FACE_PX = 300
BATCH_FRAMES = 4  # what an examination hands on at once
SOURCE = Source(Probe(MediaKind.VIDEO, "mp4"), sample_fps=5.0, expected_samples=None)


@dataclass
class Found:
    """Inputs per second of one net: the search's by (way, batch), and the product's, one per round."""

    search: dict[tuple[Way, int], list[float]] = field(default_factory=dict)
    product: list[float] = field(default_factory=list)
    session: list[float] = field(default_factory=list)


def rate(net: torch.nn.Module, forward: Forward, way: Way, batch: int, seconds: float) -> float:
    """Inputs per second, by the median of the calls that fit after two, in which a trace records and optimises."""
    now = measuring.clock(forward.device)
    inputs, calls = laid_out(forward.example(batch), way), list[float]()
    until = now() + seconds
    while len(calls) < 5 or now() < until:
        began = now()
        with torch.inference_mode():
            net(inputs)
        settle_device(forward.device)
        calls.append(now() - began)
    return batch / statistics.median(calls[2:])


def settle_device(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize(device)


def built(forward: Forward) -> dict[Way, torch.nn.Module]:
    """The net in each way that gives the same scores."""
    original = forward.original
    expected = measuring.answer(
        original, forward.example(measuring.compared_with(forward.batches)), Way.EAGER
    )
    found = {Way.EAGER: original}
    for way in (Way.CHANNELS_LAST, Way.TRACED):
        net, why = measuring.attempt(original, way, forward.example, forward.read, forward.batches, expected)
        if net is None:
            figures.say(f"{forward.name}: {way.value} is refused: {why}")
        else:
            found[way] = net
    return found


def portions(consumes: Consumes, inputs: int) -> Iterator[Batch]:
    """What an examination would feed that makes so many inputs."""
    random = np.random.default_rng(1)
    if consumes is Consumes.SOUND:
        for number in range(inputs):
            tone = np.sin(np.arange(64_600, dtype=np.float32) * (0.05 + number / 1000)).astype(np.float32)
            yield SoundBatch(number * 64_600 / 16_000, tone * np.float32(0.3))
        return
    pixels = random.integers(0, 255, (FACE_PX, FACE_PX, 3), np.uint8)
    for at in range(0, inputs, BATCH_FRAMES):
        numbers = range(at, min(at + BATCH_FRAMES, inputs))
        if consumes is Consumes.FRAMES:
            yield FrameBatch(tuple(Frame(n, n / 5, pixels) for n in numbers))
        else:
            yield FaceBatch(tuple((n, n / 5) for n in numbers), tuple(_face(n, pixels) for n in numbers))


def _face(number: int, pixels: np.ndarray) -> FaceCrop:
    around = pixels[:80, :80]
    return FaceCrop(
        number, number / 5, 0, (0.4, 0.4, 0.6, 0.6), 0.9, pixels, surroundings={2.7: around, 4.0: around}
    )


def in_product(detector: Any, device: str, inputs: int) -> tuple[dict[str, float], float]:
    """Inputs per second of each net in its forwards alone, and of the whole session."""
    now = measuring.clock(device)
    spent: dict[str, list[float]] = {one.name: [] for one in forwards_of(detector)}
    given = list(portions(detector.card.consumes, inputs))
    with _watched(forwards_of(detector), spent, now, device):
        began = now()
        session = detector.open(SOURCE)
        for portion in given:
            list(session.feed(portion))
        list(session.drain())
        whole = now() - began
    return {name: 1 / statistics.median(each) for name, each in spent.items()}, inputs / whole


class _watched:  # noqa: N801  # reads as what it does
    """Notes the seconds that forwards take for each input, call by call."""

    def __init__(
        self, nets: tuple[Forward, ...], spent: dict[str, list[float]], now: Callable[[], float], device: str
    ):
        self._names = {id(net): net.name for net in nets}
        self._spent, self._now, self._device = spent, now, device

    def __enter__(self) -> None:
        self._real, watch = Forward.__call__, self

        def call(net: Forward, inputs: torch.Tensor) -> torch.Tensor:
            began = watch._now()
            outputs = watch._real(net, inputs)
            settle_device(watch._device)
            watch._spent[watch._names[id(net)]].append((watch._now() - began) / len(inputs))
            return outputs

        Forward.__call__ = call  # type: ignore[method-assign, assignment]  # only while it is watched; its self is a net

    def __exit__(self, *_: object) -> None:
        Forward.__call__ = self._real  # type: ignore[method-assign]  # as above


def measure(name: str, given: argparse.Namespace, folder: Path) -> dict[str, dict[str, Any]]:
    """The figures of each net of a detector."""
    registry = Registry.load(WEIGHTS, device=given.device, only=[name])
    detector = registry.detector(name)
    ways = {forward.name: built(forward) for forward in forwards_of(detector)}
    for forward in forwards_of(detector):
        forward.settle(Rates(RatesFolder(folder), given.threads, measure=True))
    found = {forward.name: Found() for forward in forwards_of(detector)}
    for number in range(given.rounds):
        figures.say(f"{name}: round {number + 1} of {given.rounds}")
        for forward in forwards_of(detector):
            _search(found[forward.name], forward, ways[forward.name], given.seconds / given.rounds)
        best = max(statistics.median(rates) for one in found.values() for rates in one.search.values())
        inputs = max(4, min(512, int(best * given.seconds / given.rounds / 2)))
        alone, whole = in_product(detector, given.device, inputs)
        for net, one in found.items():
            one.product.append(alone[net])
            one.session.append(whole)
    return {forward.name: _told(forward, found[forward.name]) for forward in forwards_of(detector)}


def _search(found: Found, forward: Forward, ways: dict[Way, torch.nn.Module], seconds: float) -> None:
    each = seconds / len(ways) / len(forward.batches)
    for way, net in ways.items():
        for batch in forward.batches:
            found.search.setdefault((way, batch), []).append(rate(net, forward, way, batch, each))


def _told(forward: Forward, found: Found) -> dict[str, Any]:
    (way, batch), best = max(
        ((key, statistics.median(rates)) for key, rates in found.search.items()), key=lambda one: one[1]
    )
    naive, product = found.search[Way.EAGER, 1], statistics.median(found.product)
    return {
        "naive": figures.spread(naive, digits=1),
        "best": figures.spread(found.search[way, batch], digits=1),
        "best_is": f"{way.value}, batches of {batch}",
        "product": figures.spread(found.product, digits=1),
        "product_is": f"{forward.way.value}, batches of {forward.batch}",
        "session": figures.spread(found.session, digits=1),
        "product_to_best": round(product / best, 3),
        "product_to_naive": round(product / statistics.median(naive), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("nets", nargs="*", default=NETS, metavar="NET")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8.0, help="of the search of each net")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="one round of a second, one net")
    given = parser.parse_args()
    if given.short:
        given.seconds, given.rounds, given.nets = 1.0, 1, given.nets[:1]
    torch.set_num_threads(given.threads)
    before = figures.machine()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in given.nets:
            found |= measure(name, given, Path(folder))
    reached = {f"{net} ≥ {TARGET}": one["product_to_best"] >= TARGET for net, one in found.items()}
    shown = {"device": given.device, "threads": given.threads, "torch": torch.__version__}
    figures.report("inference", before, shown | {"inputs_per_second": found}, reached)


if __name__ == "__main__":
    main()
