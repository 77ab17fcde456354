"""A clip whose frames bear their number, and what a worker would have told of it.

A frame has its number in its lower third, as eight stripes, black or white, the highest bit first. Above them a dark
square, "car 15", drives from left to right; `car_box` says where it is.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.async_api import Page

from accounts.models import User
from analysis.uploads import adopt_file
from realtime import log
from realtime.log import Draft
from tests.clips import Pixels, write_video
from tests.e2e.conftest import ToldRun
from tests.pages.conftest import leased_run, make_card

WATCHERS = ("motion", "tracking", "anpr")
WIDTH, HEIGHT, FPS, FRAMES = 320, 240, 25, 200
STRIPE_PX, STRIPES_TOP, CAR_PX, CAR_TOP = 40, 160, 48, 60
NUMBER_SHOWN = """() => {
  const video = document.getElementById("media");
  const canvas = Object.assign(document.createElement("canvas"), {width: 320, height: 240});
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 320, 240);
  const bits = Array.from({length: 8}, (_, at) => context.getImageData(at * 40 + 20, 200, 1, 1).data[0] > 127);
  return bits.reduce((number, bit) => 2 * number + Number(bit), 0);
}"""


def numbered(count: int = FRAMES) -> Iterator[Pixels]:
    for number in range(count):
        rgb = np.full((HEIGHT, WIDTH, 3), (150, 160, 150), np.uint8)
        left = round(car_box(number)[0] * WIDTH)
        rgb[CAR_TOP : CAR_TOP + CAR_PX, left : left + CAR_PX] = (40, 50, 90)
        for at in range(8):
            rgb[STRIPES_TOP:, at * STRIPE_PX : (at + 1) * STRIPE_PX] = 255 * (number >> (7 - at) & 1)
        yield rgb


def car_box(number: int) -> list[float]:
    left = (number * 1.25) % (WIDTH - CAR_PX)
    return [left / WIDTH, CAR_TOP / HEIGHT, (left + CAR_PX) / WIDTH, (CAR_TOP + CAR_PX) / HEIGHT]


async def number_shown(page: Page) -> int:
    """The number of the frame that is on the screen, from its pixels."""
    return int(await page.evaluate(NUMBER_SHOWN))


def watched_run(
    ana: User, folder: Path, *, times: Sequence[float] | None = None, state: str = "running"
) -> ToldRun:
    """A run of such a clip, watched by motion, tracking and anpr and judged by meso4; nothing was told of it yet."""
    for name in WATCHERS:
        make_card(name, forensic=False, consumes="footage")
    clip = write_video(
        folder / "yard.mp4", fps=FPS, times=times or [n / FPS for n in range(FRAMES)], frames=numbered(),
        width=WIDTH, height=HEIGHT,
    )  # fmt: skip
    return _watched(clip, ana, state)


def watched_picture(ana: User, folder: Path) -> ToldRun:
    """A run of the first frame as a picture."""
    for name in WATCHERS:
        make_card(name, forensic=False, consumes="footage")
    Image.fromarray(next(numbered())).save(folder / "yard.png")
    return _watched(folder / "yard.png", ana, "running")


def _watched(file: Path, ana: User, state: str) -> ToldRun:
    run = leased_run(media=adopt_file(file, owner=ana), state=state)
    names = ["meso4", *WATCHERS]
    lines: list[tuple[str, dict[str, Any]]] = [
        ("run.queued", {"filename": file.name, "detectors": names}),
        ("run.started", {"attempt": 1, "detectors": names}),
    ]
    titles = {"meso4": "Meso-4", "motion": "Motion", "tracking": "Tracking", "anpr": "Number plates"}
    for name, title in titles.items():
        lines.append(("detector.started", {"detector": name, "title": title, "unit": "frames"}))
    log.append(run.topic_id, [Draft(kind, data=data) for kind, data in lines], run=run.pk, attempt=1)
    return ToldRun(run)


def when(number: int, times: Sequence[float] | None = None) -> dict[str, Any]:
    return {"pts_seconds": round(times[number] if times else number / FPS, 3), "frame": number}


def track(action: str, number: int, *, track: int = 15, name: str = "car", **more: Any) -> Draft:
    data = {"detector": "tracking", "track": track, "class": name, "confidence": 0.91, "box": car_box(number)}
    return Draft(
        f"track.{action}",
        data={**data, **when(number), "dwell_seconds": 0.0, **more},
        subject=f"track/{track}",
    )


def motion(action: str, number: int, **more: Any) -> Draft:
    data = {"detector": "motion", "intensity": 0.6, "area": 0.04, "box": None, **when(number), **more}
    return Draft(f"motion.{action}", data=data, subject="motion")


def plate(number: int, text: str = "AB12CDE", written: str = "AB12 CDE", **more: Any) -> Draft:
    left, _top, right, bottom = car_box(number)
    box = [left + 0.03, bottom - 0.05, right - 0.03, bottom - 0.01]
    data = {
        "detector": "anpr",
        "plate": text,
        "written": written,
        "confidence": 0.87,
        "region": "GB",
        "box": box,
    }
    told = {
        "track": 15,
        "reads": 4,
        "signs": [],
        "candidates": [{"plate": "AB12C0E", "weight": 0.1}],
        "doubt": "",
    }
    return Draft("plate.read", data={**data, **when(number), **told, **more}, subject=text)


def progress(number: int) -> list[Draft]:
    """Everybody who watches has come to this frame."""
    said = {
        "done": number,
        "total": FRAMES,
        "unit": "frames",
        "fps": 20.0,
        "seconds_left": 1.0,
        **when(number),
    }
    return [Draft("run.progressed", data={"detector": name, **said}) for name in WATCHERS]


def happenings() -> list[Draft]:
    """A car and a person in two spells of motion, a zone, a line and a plate."""
    gate = {"name": "Gate", "inside_seconds": 0.0}
    return [
        motion("started", 10),
        track("entered", 12),
        track("updated", 37),
        track("updated", 40, zone={**gate, "action": "entered"}),
        track("entered", 50, track=16, name="person", confidence=0.62),
        track("updated", 62, line={"name": "Kerb", "direction": "to_left"}),
        plate(63),
        track("updated", 80, zone={**gate, "action": "left", "inside_seconds": 1.6}),
        track("left", 87, dwell_seconds=3.0),
        motion("ended", 90, duration_seconds=3.2),
        motion("started", 120),
        track("left", 125, track=16, name="person", dwell_seconds=3.0),
        motion("ended", 150, duration_seconds=1.2, intensity=0.9),
    ]


def ended(name: str, sentence: str) -> Draft:
    told = {"kind": "not_assessed", "reason": "reports_facts", "detail": sentence}
    return Draft(
        "detector.abstained", data={"detector": name, "assessment": told, "facts": {}, "seconds": 1.0}
    )


SEEN = "1 person, 1 car · 1 plate · motion 4 s"


def over() -> list[Draft]:
    sentence = "Nothing was to be assessed: only footage detectors were asked."
    said = {
        "outcome": "not_assessable",
        "sentence": sentence,
        "why": "w",
        "limit": "l",
        "rule": "r",
        "seen": SEEN,
        "attempt": 1,
    }
    return [
        ended("motion", "Motion for 4.4 s in 2 spells."),
        ended("tracking", "1 car, 1 person."),
        ended("anpr", "1 plate."),
        Draft("run.succeeded", sentence, said, ending=True),
    ]
