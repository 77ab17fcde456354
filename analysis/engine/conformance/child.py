"""The process in which a detector is tried: `python -m analysis.engine.conformance.child`.

It reads one job from its standard input and answers over the pipe named there: a line before each thing it
does, and one per finding. It ends, with all it started, when its parent is gone.
"""

import importlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from threading import Thread
from typing import Any

from analysis.engine.conformance.job import Job
from analysis.engine.conformance.report import CHECKS, Finding, State
from analysis.engine.conformance.trial import Refused, Trial, Untested
from analysis.engine.errors import EngineError

PLACES = {
    "card": "card",
    "loading": "card",
    "scores": "scoring",
    "polarity": "scoring",
    "determinism": "sameness",
    "batches": "sameness",
    "abstention": "domain",
    "evidence": "domain",
    "cancelling": "costs",
    "time": "costs",
    "memory": "costs",
}
NEEDED = ("card", "loading", "scores")  # without these nothing that follows can be tried
WORDS = 600


def main() -> int:
    job = Job.read(sys.stdin.buffer.readline())
    Thread(target=_end_with_parent, daemon=True).start()
    trial = Trial(job, lambda **line: _say(job, line))
    lost = ""
    for check in CHECKS:
        if lost:
            finding = Finding(check, State.NOT_TESTED, f"Not tried, because {lost!r} failed.")
        else:
            finding = _try(trial, check)
            lost = check if finding.state is not State.PASSED and check in NEEDED else ""
        _say(job, {"check": check, "state": finding.state.value, "sentence": finding.sentence[:WORDS]})
    return 0


def _try(trial: Trial, check: str) -> Finding:
    run = getattr(importlib.import_module(f"analysis.engine.conformance.checks.{PLACES[check]}"), check)
    try:
        return Finding(check, State.PASSED, run(trial))
    except Untested as why:
        return Finding(check, State.NOT_TESTED, str(why))
    except (Refused, EngineError) as why:
        return Finding(check, State.FAILED, str(why))
    # a detector may raise anything at all, and end the process in passing
    except BaseException as error:
        return Finding(check, State.FAILED, _told(error))


def _told(error: BaseException) -> str:
    """What was raised, and where in the author's code."""
    own = Path(__file__).parent
    places = [at for at in traceback.extract_tb(error.__traceback__) if own not in Path(at.filename).parents]
    where = f" ({Path(places[-1].filename).name}, line {places[-1].lineno})" if places else ""
    return f"It raised {type(error).__name__}: {error}{where}."


def _say(job: Job, line: dict[str, Any]) -> None:
    os.write(job.out, json.dumps(line).encode() + b"\n")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    # threads and exit handlers of a plug-in keep nobody waiting
    os._exit(main())
