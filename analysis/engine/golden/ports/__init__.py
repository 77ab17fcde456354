"""Our nets as a golden file names them: how to load each, feed it, and which of its values to compare."""

from analysis.engine.golden.ports.faces import FACES
from analysis.engine.golden.ports.finders import FINDERS
from analysis.engine.golden.ports.port import Port, Values
from analysis.engine.golden.ports.sound import SOUND

__all__ = ["PORTS", "Port", "Values"]

PORTS: dict[str, Port] = FACES | SOUND | FINDERS
