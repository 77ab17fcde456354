"""Histories of runs for tests of dialects: written out, and drawn."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from realtime.dialects import Frame, Voice
from tests.analysis.test_live_state import BODIES

RUN, TOPIC = UUID(int=1), UUID(int=2)
Event = dict[str, Any]


def events(*bodies: tuple[str, dict[str, Any]]) -> list[Event]:
    """The events of a topic, a second apart."""
    return [
        {
            "seq": seq,
            "type": kind,
            "time": f"2026-11-21T08:00:{seq:02d}.000000Z",
            "message": f"{kind} happened.",
            "data": data,
            "topic": str(TOPIC),
            "hash": f"{seq:064x}",
        }
        for seq, (kind, data) in enumerate(bodies, start=1)
    ]


def progressed(detector: str, done: int, total: int | None = 100, **more: Any) -> tuple[str, dict[str, Any]]:
    data = {"detector": detector, "done": done, "total": total, "unit": "frames", "seconds_left": None}
    return "run.progressed", data | more


def finished(detector: str, score: float, band: str, **more: Any) -> tuple[str, dict[str, Any]]:
    calibrated = band != "uncalibrated"
    verdict = {"kind": "verdict", "score": score, "band": band, "calibrated": calibrated}
    about = {"detector": detector, "version": "1", "family": "f", "weights_sha256": None, "seconds": 1.5}
    return "detector.finished", about | {"assessment": verdict} | more


def abstained(detector: str) -> tuple[str, dict[str, Any]]:
    not_assessed = {"kind": "not_assessed", "reason": "no_face", "detail": "No face."}
    about = {"detector": detector, "version": "1", "family": "f", "weights_sha256": None, "seconds": 1.5}
    return "detector.abstained", about | {"assessment": not_assessed}


def heard(voice: Voice, said: Iterable[Event]) -> list[Frame]:
    """All frames a voice says of these events."""
    return [frame for event in said for frame in voice.hear(event)]


def begun(*detectors: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("run.queued", {"run": str(RUN), "detectors": []}),
        ("run.started", {"run": str(RUN), "attempt": 1, "detectors": list(detectors)}),
    ]


MESSAGES = st.sampled_from(["", "Something happened."])
HISTORIES = st.lists(st.tuples(BODIES, MESSAGES), max_size=40).map(
    lambda drawn: [
        event | {"message": message}
        for event, (_, message) in zip(events(*(body for body, _ in drawn)), drawn, strict=True)
    ]
)
