"""The published weight files Assay knows: where each comes from, its digest and its terms. None comes with Assay."""

from analysis.engine.catalogue.faces import FACES
from analysis.engine.catalogue.finders import FINDERS
from analysis.engine.catalogue.published import Published
from analysis.engine.catalogue.sound import SOUND

__all__ = ["CATALOGUE", "Published"]

CATALOGUE: dict[str, Published] = {entry.key: entry for entry in (*FACES, *SOUND, *FINDERS)}
