"""What lies in the file besides pictures and sound, as plain and bounded JSON."""

import importlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

from analysis.engine.media.faults import words_of
from analysis.engine.media.job import Job
from analysis.engine.media.reading import Source
from analysis.engine.media.wire import LARGEST, Tag, dump
from analysis.engine.types import Probe

FactReader = Callable[..., Mapping[str, Any] | None]

# (key, "module:function"): functions `(path, probe) -> JSON-able dict` that run in the sandbox, loaded
# when a detector wants FILE; c2pa is given the trust list too. One that fails says so under its key and keeps
# nobody from the rest.
FACT_READERS: list[tuple[str, str]] = [
    ("embedded", "analysis.engine.media.embedded:read"),
    ("c2pa", "analysis.engine.media.provenance:read"),
    ("structure", "analysis.engine.media.structure:read"),
    ("jpeg", "analysis.engine.media.jpeg:read"),
    ("sound", "analysis.engine.media.sound_spectrum:read"),
    ("coding", "analysis.engine.media.coding:read"),
]

_TEXT, _ITEMS, _DEPTH = 64 * 1024, 1000, 16
_LOOK_SECONDS = 0.2
_LEAST_SECONDS = 1.0  # for those that come after one that used up the time of all


def gather(job: Job, source: Source, alive: Callable[[], None]) -> dict[str, Any]:
    """ "probe" and "container" always, and what the readers found when the job wants the file.

    alive: called several times a second while a reader works. One that is not done when the time for all is
    used up says so under its key.
    """
    facts: dict[str, Any] = {"probe": asdict(source.probe), "container": bounded(source.describe())}
    until = time.monotonic() + job.limits.facts_seconds
    room = LARGEST[Tag.FACTS] - len(dump(facts)) - 1024
    for key, target in FACT_READERS if job.file else ():
        found = bounded(
            _within(until, alive, partial(_read, target, Path(job.path), source.probe, _besides(key, job)))
        )
        length = len(dump({key: found}))
        if length > room:
            found, length = {"error": f"{length} bytes are too many to keep"}, 100
        room -= length
        facts[key] = found
    return facts


def _within(until: float, alive: Callable[[], None], read: Callable[[], Any]) -> Any:
    """What `read` gives, from a thread that is left behind when it is not done in time."""
    until = max(until, time.monotonic() + _LEAST_SECONDS)
    given: list[Any] = []
    reading = Thread(target=lambda: given.append(read()), daemon=True)
    reading.start()
    while reading.is_alive() and time.monotonic() < until:
        alive()
        reading.join(_LOOK_SECONDS)
    return given[0] if given else {"error": "it takes longer to read than is allowed"}


def bounded(value: Any, depth: int = _DEPTH) -> Any:
    """The value as JSON of limited depth, breadth and length; what is no JSON becomes text."""
    if value is None or isinstance(value, bool | int):
        return value if not isinstance(value, int) or abs(value) < 1 << 53 else str(value)[:_TEXT]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping) and depth:
        return {_text(key): bounded(value[key], depth - 1) for key in list(value)[:_ITEMS]}
    if isinstance(value, list | tuple) and depth:
        return [bounded(one, depth - 1) for one in value[:_ITEMS]]
    return _text(value)


def _text(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:_TEXT].replace("\x00", "").encode("utf-8", "replace").decode()


def _besides(key: str, job: Job) -> Mapping[str, Any]:
    return {"trust": job.trust} if key == "c2pa" else {}


def _read(target: str, path: Path, probe: Probe, besides: Mapping[str, Any]) -> Mapping[str, Any] | None:
    module, _, name = target.partition(":")
    try:
        reader: FactReader = getattr(importlib.import_module(module), name)
        return reader(path, probe, **besides)
    except Exception as error:  # parsers raise anything on hostile files; one must not cost the others
        return {"error": words_of(error)}
