"""Measures how fast a net is in each way and batch size, within a budget."""

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from analysis.engine.nets.rates.choice import TEXT_CHARACTERS, UNMEASURED, Choice, Key, Way
from analysis.engine.nets.rates.ways import Read, build, difference, laid_out

BUDGET_SECONDS = 2.0
PROBE_SHARE = 0.03  # of the budget, for one call when ways are compared
CALLS = 5  # of which the shortest counts; the first two of a trace are slow: it records, then optimises
TRIAL_CALLS = 4  # what a way costs at the least: building it, comparing it, and two calls
NEARLY = 0.97  # of the best rate: the smallest batch that reaches it is chosen, since scores come sooner
Example = Callable[[int], Tensor]


def clock(device: str) -> Callable[[], float]:
    """Seconds of this thread where it does all the computing, so that other programs change nothing; else wall."""
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
        self._until = self._now() + BUDGET_SECONDS
        self._rates: dict[str, dict[int, float]] = {}
        self._refused: dict[str, str] = {}

    def choose(self) -> Choice:
        """The fastest way at one batch size, then the smallest batch that is nearly as fast as any."""
        size = compared_with(self._batches)
        inputs, began = self._example(size), self._now()
        self._expected = answer(self._net, inputs, Way.EAGER)
        single = self._since(began) / size
        affordable = [batch for batch in self._batches if batch * single <= PROBE_SHARE * BUDGET_SECONDS]
        probe = max(affordable, default=min(self._batches))
        built: dict[Way, nn.Module] = {Way.EAGER: self._net}
        if probe * single > PROBE_SHARE * BUDGET_SECONDS:
            # a slow net must have time left for what is faster than eager
            self._rates[Way.EAGER.value] = {probe: probe / single}
        else:
            self._keep(self._net, Way.EAGER, probe)
        self._try(UNMEASURED, probe, built)
        if self._affords(TRIAL_CALLS * probe / self._best_at(probe)):
            self._try(Way.TRACED, probe, built)
        best = max(built, key=lambda way: self._rates[way][probe])
        self._try_batches(built[best], best)
        return self._chosen(best)

    def _best_at(self, batch: int) -> float:
        return max(rates[batch] for rates in self._rates.values())

    def _try(self, way: Way, probe: int, built: dict[Way, nn.Module]) -> None:
        net, why = attempt(self._net, way, self._example, self._read, self._batches, self._expected)
        if net is None:
            self._refused[way.value] = why
            return
        built[way] = net
        self._keep(net, way, probe)

    def _try_batches(self, net: nn.Module, way: Way) -> None:
        for batch in (size for size in self._batches if size not in self._rates[way]):
            if not self._affords(2 * batch / max(self._rates[way].values())):
                continue
            try:
                self._keep(net, way, batch)
            except torch.OutOfMemoryError:
                return

    def _chosen(self, way: Way) -> Choice:
        rates = self._rates[way]
        best = max(rates.values())
        batch = min(size for size, rate in rates.items() if rate >= NEARLY * best)
        return Choice(self._key, way, batch, self._rates, self._refused)

    def _keep(self, net: nn.Module, way: Way, batch: int) -> None:
        seconds = self._seconds(net, way, batch)
        self._rates.setdefault(way.value, {})[batch] = batch / max(seconds, 1e-9)

    def _affords(self, seconds: float) -> bool:
        return self._now() + seconds <= self._until

    def _seconds(self, net: nn.Module, way: Way, batch: int) -> float:
        """The shortest of as many calls as can be afforded."""
        inputs = laid_out(self._example(batch), way)
        shortest = self._call(net, inputs)
        for _ in range(CALLS - 1):
            # a slow net would have nothing left for its other ways
            if shortest > PROBE_SHARE * BUDGET_SECONDS and not self._affords(TRIAL_CALLS * shortest):
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
