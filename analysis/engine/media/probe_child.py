"""What a file holds, found out in a child that lives only for that. The web may call this."""

import time
from pathlib import Path
from typing import Any

from analysis.engine.errors import LimitExceeded, ReaderLost, UndecodableMedia, UnsupportedCodec
from analysis.engine.media import answers, wire
from analysis.engine.media.limits import Limits
from analysis.engine.media.sandbox import Sandbox
from analysis.engine.media.sniff import HEAD_BYTES, Sniffed, sniff
from analysis.engine.types import Probe

_FAILURES = {error.code: error for error in (UndecodableMedia, UnsupportedCodec, LimitExceeded, ReaderLost)}


def probe_file(path: Path, *, limits: Limits) -> Probe:
    """What the file holds, its kind as its streams say.

    Raises UndecodableMedia, UnsupportedCodec, LimitExceeded or ReaderLost. Blocks for some 0.2 s, at
    most `limits.probe_seconds`; no decoder is ever loaded into the calling process.
    """
    sandbox = Sandbox(job("probe", path, recognise(path), limits), name=path.name)
    try:
        return answers.probe(expect(sandbox, wire.Tag.PROBED, limits.probe_seconds), limits)
    finally:
        sandbox.close()


def recognise(path: Path) -> Sniffed:
    """What the file is by its first bytes. Raises UndecodableMedia for what is no media."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    found = sniff(head)
    if found is None:
        what = "is no picture, sound or video that Assay knows" if head else "is empty"
        raise UndecodableMedia(f"{path.name} {what}. Upload the original media file.")
    return found


def job(task: str, path: Path, found: Sniffed, limits: Limits) -> dict[str, Any]:
    """What the child is to do, in JSON."""
    return {
        "task": task,
        "path": str(path.absolute()),
        "kind": found.kind.value,
        "format": found.format,
        "limits": vars(limits),
    }


def expect(sandbox: Sandbox, wanted: wire.Tag, within_seconds: float) -> bytes:
    """The payload of the next message, which must be of that tag. Raises what the child gave as its reason."""
    tag, payload = sandbox.receive(within_seconds)
    if tag is wire.Tag.FAILED:
        raise failure(sandbox.name, payload)
    if tag is not wanted:
        raise ReaderLost(f"{sandbox.name}: the reader's answer makes no sense ({tag.name}).")
    return payload


def expect_facts(sandbox: Sandbox, limits: Limits) -> bytes:
    """The payload of the facts, after any number of signs of life."""
    until = time.monotonic() + limits.facts_seconds + limits.stall_seconds
    while True:
        tag, payload = sandbox.receive(min(limits.stall_seconds, max(until - time.monotonic(), 0.0)))
        if tag is wire.Tag.FAILED:
            raise failure(sandbox.name, payload)
        if tag is wire.Tag.FACTS:
            return payload
        if tag is not wire.Tag.ALIVE:
            raise ReaderLost(f"{sandbox.name}: the reader's answer makes no sense ({tag.name}).")


def failure(name: str, payload: bytes) -> Exception:
    """The error the child ended with, as one of ours."""
    said = answers.failure(payload)
    return _FAILURES.get(said.code, ReaderLost)(f"{name}: {said.message}")
