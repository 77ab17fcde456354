"""The process in which hostile files are decoded: `python -m analysis.engine.media.child`.

It reads one job from its standard input, gives up what it does not need, and answers over the pipe
named in the job (`wire`). It ends by itself when its parent is gone.
"""

import errno
import importlib
import os
import resource
import sys
from dataclasses import replace

from analysis.engine.errors import EngineError
from analysis.engine.media.faults import words_of
from analysis.engine.media.job import Job, read_job
from analysis.engine.media.outlet import Outlet
from analysis.engine.media.sniff import PICTURE_FORMATS
from analysis.engine.types import MediaKind, Probe

_DESCRIPTORS = 64


def main() -> int:
    """Does the one job; the exit code is 0 whenever the parent was told how it went."""
    job = read_job(sys.stdin.fileno())
    outlet = _outlet(job)
    outlet.listen()
    try:
        _work(job, outlet)
    except EngineError as error:
        outlet.failed(error.code, str(error))
    except Exception as error:  # decoders raise anything on hostile files; the parent gets a sentence
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            outlet.failed("limit_exceeded", "reading it takes more memory than is allowed.")
        else:
            outlet.failed("undecodable_media", f"it cannot be read ({words_of(error)}).")
    return 0


def _outlet(job: Job) -> Outlet:
    if job.task != "watch":
        return Outlet(job)
    made: Outlet = importlib.import_module("analysis.engine.watching.outlet").LiveOutlet(job)
    return made


def _work(job: Job, outlet: Outlet) -> None:
    if job.task == "watch":
        watch = importlib.import_module("analysis.engine.watching.decoding").watch
        _confine(job)
        watch(job, outlet)
        return
    # Pillow for pictures, animated ones included; libav for the rest. Loading both would cost 50 ms.
    name = "stills" if job.format in PICTURE_FORMATS else "container"
    module = importlib.import_module(f"analysis.engine.media.{name}")
    _confine(job)
    source = module.open_source(job)
    source.probe = _ending(source.probe, job.until_seconds)
    outlet.probed(source.probe)
    if job.task == "probe":
        return
    # what writes copies is no part of reading, and loaded for that alone
    if job.task == "cut":
        outlet.ended(importlib.import_module("analysis.engine.clips.remuxing").cut(source, job, outlet))
        return
    if job.task == "alter":
        outlet.ended(importlib.import_module("analysis.engine.stress.encoding").alter(source, job, outlet))
        return
    from analysis.engine.media import facts, reading

    if job.frames and source.probe.has_picture:
        outlet.await_ring()
    outlet.facts(facts.gather(job, source, lambda: outlet.alive(0, 0.0)))
    outlet.ended(reading.read(source, job, outlet))


def _ending(probe: Probe, until_seconds: float | None) -> Probe:
    """What is told of the file when it counts as ended there."""
    if until_seconds is None or probe.kind is MediaKind.IMAGE:
        return probe
    duration = min(until_seconds, probe.duration_seconds or until_seconds)
    return replace(probe, duration_seconds=duration)


def _confine(job: Job) -> None:
    """No more memory, CPU, files written, open files and core dumps than the job allows."""
    limits = job.limits
    # what is imported from here on: cut off at the limit, its compiled form would break every process after this one
    sys.dont_write_bytecode = True
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, job.most_bytes),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))


if __name__ == "__main__":
    os._exit(main())
