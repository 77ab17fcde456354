"""Measures how fast a net is in each way and batch size, within a budget."""

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from analysis.engine.nets.rates.choice import TEXT_CHARACTERS, UNMEASURED, Choice, Key, Way
from analysis.engine.nets.rates.ways import Read, build, difference, laid_out

BUDGET_SECONDS = 2.0
SLOW_CALLS, MOST_SECONDS = 12, 20.0  # a net whose calls are long gets as many, so that no way goes untried
PROBE_SECONDS = 0.03 * BUDGET_SECONDS  # for one call when ways are compared
CALLS = 5  # of which the shortest counts; the first two of a trace are slow: it records, then optimises
FEWEST_CALLS = 2  # of each way, with fewer the choice is not complete
CLEARLY = 1.05  # times as fast as UNMEASURED: two measurements of the same way differ by less
TRIAL_CALLS = 4  # what a way costs at the least: building it, comparing it, and two calls
NEARLY = 0.97  # of the best rate: the smallest batch that reaches it is chosen, since scores come sooner
Example = Callable[[int], Tensor]


def clock(device: str) -> Callable[[], float]:
    """Seconds of this thread where it does all the computing, else wall.

    Those of a thread do not count how long it waits for a core; other programs slow both down by what they take of
    caches, memory and the cores' own clock.
    """
    return time.thread_time if device == "cpu" and torch.get_num_threads() == 1 else time.perf_counter


def compared_with(batches: Sequence[int]) -> int:
    """The batch size ways are compared in: not the one they are traced with, where there are several."""
    return min(3, max(batches))


def answer(net: nn.Module, inputs: Tensor, way: Way) -> Tensor:
    with torch.inference_mode():
        outputs: Tensor = net(laid_out(inputs, way))
    return outputs


def attempt(
    net: nn.Module, way: Way, example: Example, read: Read, batches: Sequence[int], expected: Tensor
) -> tuple[nn.Module | None, str]:
    """The net in that way, compared on random inputs with what eager answers; or None and why it must not be used."""
    try:
        built = build(net, way, example(min(2, max(batches))))
        why = difference(expected, answer(built, example(compared_with(batches)), way), read)
    # whatever torch thinks of a net it cannot follow or run in that way
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
    if why:
        return None, why.partition("\n")[0][:TEXT_CHARACTERS]
    return built, ""


class Measurement:
    """One net under measurement on one device."""

    def __init__(
        self, key: Key, net: nn.Module, example: Example, read: Read, device: str, batches: Sequence[int]
    ) -> None:
        self._key, self._net, self._example, self._read = key, net, example, read
        self._device, self._batches = device, batches
        self._now = clock(device)
        self._rates: dict[str, dict[int, float]] = {}
        self._refused: dict[str, str] = {}

    def choose(self) -> Choice:
        """The fastest way at one batch size, then the smallest batch that is nearly as fast as any."""
        single = self._seconds_each()
        affordable = [batch for batch in self._batches if batch * single <= PROBE_SECONDS]
        probe = max(affordable, default=min(self._batches))
        built: dict[Way, nn.Module] = {Way.EAGER: self._net}
        self._try(UNMEASURED, built)
        complete = self._affords(TRIAL_CALLS * probe * single)
        if complete:
            self._try(Way.TRACED, built)
        complete = self._race(built, probe) and complete
        best = self._best(probe)
        self._try_batches(built[best], best)
        return self._chosen(best, complete=complete)

    def _seconds_each(self) -> float:
        """What one input takes eager. The budget begins after a first call, in which libraries set themselves up."""
        size, began = compared_with(self._batches), self._now()
        self._expected = answer(self._net, self._example(size), Way.EAGER)
        if self._since(began) > PROBE_SECONDS:
            size = min(self._batches)
        began = self._now()
        single = self._call(self._net, laid_out(self._example(size), Way.EAGER)) / size
        least = min(MOST_SECONDS, SLOW_CALLS * single * min(self._batches))
        self._until = began + max(BUDGET_SECONDS, least)
        return single

    def _try(self, way: Way, built: dict[Way, nn.Module]) -> None:
        net, why = attempt(self._net, way, self._example, self._read, self._batches, self._expected)
        if net is None:
            self._refused[way.value] = why
        else:
            built[way] = net

    def _race(self, built: dict[Way, nn.Module], batch: int) -> bool:
        """Rates of all ways, which take turns so that a busy moment favours none. Whether each had calls enough."""
        inputs = {way: laid_out(self._example(batch), way) for way in built}
        shortest = dict.fromkeys(built, float("inf"))
        for done in range(CALLS):
            if done and not self._affords(sum(shortest.values())):
                break
            for way, net in built.items():
                shortest[way] = min(shortest[way], self._call(net, inputs[way]))
        else:
            done = CALLS
        self._rates |= {way.value: {batch: _rate(batch, seconds)} for way, seconds in shortest.items()}
        return done >= FEWEST_CALLS

    def _best(self, batch: int) -> Way:
        """The way that is left unmeasured nets only for one that is clearly faster."""
        ways = [Way(way) for way in self._rates]
        best = max(ways, key=lambda way: self._rates[way][batch])
        if UNMEASURED in ways and self._rates[best][batch] < CLEARLY * self._rates[UNMEASURED][batch]:
            return UNMEASURED
        return best

    def _try_batches(self, net: nn.Module, way: Way) -> None:
        for batch in (size for size in self._batches if size not in self._rates[way]):
            if not self._affords(2 * batch / max(self._rates[way].values())):
                continue
            try:
                self._keep(net, way, batch)
            except torch.OutOfMemoryError:
                return

    def _chosen(self, way: Way, *, complete: bool) -> Choice:
        rates = self._rates[way]
        best = max(rates.values())
        batch = min(size for size, rate in rates.items() if rate >= NEARLY * best)
        return Choice(self._key, way, batch, self._rates, self._refused, complete)

    def _keep(self, net: nn.Module, way: Way, batch: int) -> None:
        self._rates[way][batch] = _rate(batch, self._seconds(net, way, batch))

    def _affords(self, seconds: float) -> bool:
        return self._now() + seconds <= self._until

    def _seconds(self, net: nn.Module, way: Way, batch: int) -> float:
        """Of the shortest of as many calls as can be afforded."""
        inputs = laid_out(self._example(batch), way)
        shortest = self._call(net, inputs)
        for _ in range(CALLS - 1):
            if not self._affords(shortest):
                break
            shortest = min(shortest, self._call(net, inputs))
        return shortest

    def _call(self, net: nn.Module, inputs: Tensor) -> float:
        began = self._now()
        with torch.inference_mode():
            net(inputs)
        return self._since(began)

    def _since(self, began: float) -> float:
        if self._device != "cpu":
            torch.cuda.synchronize(self._device)
        return self._now() - began


def _rate(batch: int, seconds: float) -> float:
    return batch / max(seconds, 1e-9)
