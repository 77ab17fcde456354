"""A net as a detector runs it: in the way that was chosen for this machine, always in inference mode."""

import copy
import logging
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from analysis.engine.nets import precision
from analysis.engine.nets.rates import measuring
from analysis.engine.nets.rates.choice import BATCHES, LARGE_BATCHES, UNMEASURED, Choice, Key, Way
from analysis.engine.nets.rates.ways import Read, in_layout, laid_out, layout_of

if TYPE_CHECKING:
    from analysis.engine.nets.rates.rates import Rates

logger = logging.getLogger(__name__)
SEED = 20_18
MAX_BYTES = 1 << 30  # a larger net is left as it is: measuring holds it several times


class Forward:
    """One net on one device, in UNMEASURED way until `settle`.

    shape: of one input. span: the least and the highest value of inputs, from which random ones are drawn to
    measure and compare with. batches: how many inputs at once its detector may give it. read: outputs to scores
    in 0..1, of which a way may change none.
    """

    def __init__(
        self,
        name: str,
        net: nn.Module,
        *,
        weights_sha256: str,
        shape: tuple[int, ...],
        span: tuple[float, float],
        read: Read,
        device: str,
        batches: tuple[int, ...] | None = None,
    ) -> None:
        precision.keep_full(device)
        self.name, self.device = name, device
        self.choice: Choice | None = None
        self.read = read
        self._weights, self._shape, self._span = weights_sha256, shape, span
        self.batches = batches or (BATCHES if device == "cpu" else BATCHES + LARGE_BATCHES)
        self._way = UNMEASURED
        self._net = self._eager = in_layout(net.eval().to(device), torch.channels_last)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Outputs on the device for inputs from anywhere."""
        with torch.inference_mode():
            outputs: Tensor = self._net(laid_out(inputs.to(self.device), self._way))
        return outputs

    @property
    def original(self) -> nn.Module:
        """A copy of the net as it was loaded; not after `settle`."""
        return in_layout(copy.deepcopy(self._net), torch.contiguous_format)

    @property
    def eager(self) -> nn.Module:
        """The net itself, whose parts can be watched; a traced one has no parts."""
        return self._eager

    @property
    def way(self) -> Way:
        return self._way

    @property
    def batch(self) -> int | None:
        """How many inputs at once are fastest here; None while nothing was measured."""
        return self.choice.batch if self.choice else None

    def example(self, batch: int) -> Tensor:
        """Random inputs, the same ones each time."""
        low, high = self._span
        drawn = torch.rand(batch, *self._shape, generator=torch.Generator().manual_seed(SEED))
        return (drawn * (high - low) + low).to(self.device)

    def key(self, threads: int) -> Key:
        return Key(self.name, self._weights, torch.__version__, processor(self.device), threads)

    def settle(self, rates: "Rates") -> None:
        """Takes the way that is fastest here, as kept or as measured now. Call it before the first input."""
        size = sum(one.numel() * one.element_size() for one in self._net.parameters())
        if self.choice is not None or size > MAX_BYTES:
            return
        # eager, which every way is compared with, is the original in contiguous layout
        original = self._net = in_layout(self._net, torch.contiguous_format)
        try:
            choice = rates.choice(self)
            if choice and (built := self._built(choice.way)):
                self.choice, self._way = choice, choice.way
                # a copy that differs in its layout alone is not worth the memory
                self._net = built if choice.way is Way.TRACED else in_layout(original, layout_of(choice.way))
        # torch may raise anything, for want of memory too; what runs unmeasured must not be lost to measuring
        except Exception:
            logger.exception("%s cannot be measured and runs as if it never had been", self.name)
        if self.choice is None:
            self._net = in_layout(original, torch.channels_last)

    def _built(self, way: Way) -> nn.Module | None:
        """The net in that way, compared with eager just now: what was kept on disk proves nothing."""
        expected = measuring.answer(self._net, self.example(measuring.compared_with(self.batches)), Way.EAGER)
        net, why = measuring.attempt(self._net, way, self.example, self.read, self.batches, expected)
        if why:
            logger.warning("%s is not run %s: %s", self.name, way.value, why)
        return net

    def measured(self, threads: int) -> Choice:
        """Measures now, with that many threads; computes for BUDGET_SECONDS, for a slow net up to MOST_SECONDS."""
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            return measuring.Measurement(
                self.key(threads), self._net, self.example, self.read, self.device, self.batches
            ).choose()
        finally:
            torch.set_num_threads(before)


def processor(device: str) -> str:
    """The name of what computes there."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return cpu_name()


def cpu_name() -> str:
    """As the kernel or Python names it, and the instructions torch uses on it."""
    import platform

    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123  # no path of ours
            name = next(
                (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name
            )
    except OSError:
        pass
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"
