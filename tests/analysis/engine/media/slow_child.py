"""The reader's child, with one fact that takes its time: `python -m tests.analysis.engine.media.slow_child`."""

import os
from threading import Event

from analysis.engine.media import child, facts


def slow(_path, _probe):
    Event().wait(7)
    return {"found": 1}


if __name__ == "__main__":
    facts.FACT_READERS[:] = [("slow", "tests.analysis.engine.media.slow_child:slow")]
    os._exit(child.main())
