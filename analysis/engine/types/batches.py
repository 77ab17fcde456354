"""What flows from the reader to the sessions, and which of it a detector is fed."""

from enum import StrEnum

from analysis.engine.types.faces import FaceBatch
from analysis.engine.types.file_facts import FileFacts
from analysis.engine.types.footage import FootageBatch
from analysis.engine.types.frames import FrameBatch
from analysis.engine.types.sound import SoundBatch

Batch = FrameBatch | FaceBatch | SoundBatch | FileFacts | FootageBatch


class Consumes(StrEnum):
    """What a detector is fed."""

    FRAMES = "frames"
    FACES = "faces"
    SOUND = "sound"
    FILE = "file"
    FOOTAGE = "footage"
