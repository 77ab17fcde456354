"""A slot that watches one camera: like any other, without torch."""

from analysis.engine.registry import Registry
from analysis.examining import load_registry
from analysis.worker.slot import Slot
from analysis.worker.watcher import Watcher


class CameraSlot(Slot):
    """Its detectors load what they need when a camera asks for them."""

    def _load(self) -> tuple[str, Registry]:
        return "cpu", load_registry(device="cpu", cores=self.plan.threads)

    def _examiner(self, registry: Registry) -> Watcher:
        return Watcher(self.plan.worker, self.plan.slot, registry, self.plan.threads, self.line)
