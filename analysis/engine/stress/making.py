"""Has an altered copy made by the sandboxed child, which may be ended at any moment."""

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread

from analysis.engine.errors import EngineError, ReaderLost
from analysis.engine.media import wire
from analysis.engine.media.limits import Limits
from analysis.engine.media.probe_child import expect, failure, job, recognise
from analysis.engine.media.sandbox import Sandbox
from analysis.engine.stress.variants import PICTURES, Variant
from analysis.engine.types import Consumes

LOOK_SECONDS = 0.1
MOST_BYTES = 1 << 30
_NOT_FOR_THE_CHILD = ("name", "title", "after", "alters")


class Interrupted(Exception):
    """Somebody wants no more of it, or its time is over."""


def make(
    path: Path,
    variant: Variant,
    into: Path,
    *,
    wants: frozenset[Consumes],
    limits: Limits,
    until_seconds: float | None,
    over: Callable[[], bool],
) -> Iterator[None]:
    """Writes the copy to `into`, a new file; yields at every sign of life.

    wants: what detectors consume that will look at it; nothing else is copied. What of it the variant does not alter
    is saved at its best. until_seconds: only the beginning is.
    over: asked about every 0.1 s, from a thread of its own; then the child is killed and Interrupted raised.
    Raises UndecodableMedia, LimitExceeded or ReaderLost.
    """
    descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        task = _task(path, variant, wants, limits, until_seconds) | {"into": descriptor}
        sandbox = Sandbox(task, name=path.name, descriptors=(descriptor,))
    finally:
        os.close(descriptor)
    done = Event()
    watch = Thread(target=_watch, args=(sandbox, over, done), name="stress watch", daemon=True)
    watch.start()
    try:
        yield from _follow(sandbox, limits)
    except EngineError as error:
        if over():
            raise Interrupted from error
        raise
    finally:
        done.set()
        watch.join()
        sandbox.close()


def _task(
    path: Path, variant: Variant, wants: frozenset[Consumes], limits: Limits, until_seconds: float | None
) -> dict[str, object]:
    fields = {name: value for name, value in asdict(variant).items() if name not in _NOT_FOR_THE_CHILD}
    return job("alter", path, recognise(path), limits) | {
        "variant": fields,
        "until_seconds": until_seconds,
        "most_bytes": MOST_BYTES,
        "frames": bool(wants & PICTURES),
        "sound": Consumes.SOUND in wants,
    }


def _watch(sandbox: Sandbox, over: Callable[[], bool], done: Event) -> None:
    while not done.wait(LOOK_SECONDS):
        if over():
            sandbox.kill()
            return


def _follow(sandbox: Sandbox, limits: Limits) -> Iterator[None]:
    expect(sandbox, wire.Tag.PROBED, limits.probe_seconds)
    while True:
        tag, payload = sandbox.receive(limits.stall_seconds)
        if tag is wire.Tag.FAILED:
            raise failure(sandbox.name, payload)
        if tag is wire.Tag.ENDED:
            return
        if tag is not wire.Tag.ALIVE:
            raise ReaderLost(f"{sandbox.name}: the reader's answer makes no sense ({tag.name}).")
        yield
