"""Real recordings as sessions get them."""

from pathlib import Path

import numpy as np

from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.reader import open_media
from analysis.engine.types import Consumes, SoundBatch


def sound_of(path: Path) -> np.ndarray:
    """Its sound, 16 kHz mono."""
    with open_media(path, limits=Limits(), sampling=Sampling(), wants=frozenset({Consumes.SOUND})) as reader:
        return np.concatenate([batch.samples for batch in reader.batches() if isinstance(batch, SoundBatch)])
