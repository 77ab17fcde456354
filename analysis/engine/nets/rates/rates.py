"""Where choices come from: kept ones, or measured now. Needs no torch until a net asks."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.engine.nets.rates.choice import Choice
from analysis.engine.nets.rates.folder import RatesFolder

if TYPE_CHECKING:
    from analysis.engine.nets.rates.forward import Forward

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rates:
    """The choices of this machine.

    threads: how many a net will have. measure: whether a net without a choice is measured, or run as if nobody
    ever had. anew: whether kept choices are passed over.
    """

    folder: RatesFolder
    threads: int = 1
    measure: bool = False
    anew: bool = False

    def choice(self, forward: "Forward") -> Choice | None:
        """How that net is to be run here, if that is known or may be found out."""
        before = self.folder.read(forward.key(self.threads), forward.device)
        kept = before if before and before.batch in forward.batches else None
        if not self.measure or (kept and kept.complete and not self.anew):
            return kept
        measured = forward.measured(self.threads)
        if self.anew:
            self.folder.write(measured, forward.device)
            choice = measured
        else:
            choice = self.folder.keep(measured, forward.device, instead_of=before)
        logger.info(
            "%s on %s runs %s in batches of %d (%.1f/s)",
            forward.name,
            forward.device,
            choice.way.value,
            choice.batch,
            choice.rate,
        )
        return choice
