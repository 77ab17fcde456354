"""Number plates: on photographs with written truth, against rapidocr alone, and on rendered plates by what spoils them.

    python bench/plates.py [--photos ../shared/media/plates] [--each 40] [--no-ladder] [--no-baseline]

Photographs lie beside a text file `name x y width height TEXT`, in pixels; the region is the name up to the first `_`.
Exact is the text of the told plate at that place; folded has 0 and O, 1 and I as one. `known` is the same where the
countries are given, as a camera's settings would.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analysis.engine.analytics.plates.distance import between
from analysis.engine.analytics.plates.finding import PlateFinder
from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.rapid import RapidReader
from analysis.engine.analytics.plates.signs import normalised
from analysis.engine.types import Pixels
from bench import figures
from tests import plates
from tests.plates import Layout, View

COUNTRIES = {"br": ("BR",), "us": ("US",), "eu": ("CZ", "PL", "SK")}
LEAST_OVERLAP = 0.5
_FOLD = str.maketrans("OI", "01")
Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Truth:
    """What a person wrote down of one photograph."""

    path: Path
    text: str
    box: Corners

    @property
    def region(self) -> str:
        return self.path.name.partition("_")[0]


@dataclass(frozen=True)
class Line:
    """A text and its upright box in pixels."""

    text: str
    box: Corners


@dataclass(frozen=True)
class Outcome:
    """What one way of reading made of one photograph."""

    truth: Truth
    located: bool
    text: str
    spurious: tuple[str, ...]
    seconds: float

    @property
    def exact(self) -> bool:
        return self.text == self.truth.text

    @property
    def folded(self) -> bool:
        return self.text.translate(_FOLD) == self.truth.text.translate(_FOLD)

    @property
    def errors(self) -> int:
        """Signs wrong, missing or too many."""
        return sum(
            max(len(one.before), len(one.after)) for one in between(self.text, self.truth.text).changes
        )


Way = Callable[[Pixels], list[Line]]


def truths(folder: Path) -> list[Truth]:
    found = []
    for path in sorted(folder.glob("*.txt")):
        _, x, y, width, height, text = path.read_text().split()
        left, top = float(x), float(y)
        picture = next(one for one in sorted(folder.glob(f"{path.stem}.*")) if one != path)
        found.append(Truth(picture, normalised(text), (left, top, left + float(width), top + float(height))))
    return found


def ours(finder: PlateFinder) -> Way:
    def read(rgb: Pixels) -> list[Line]:
        height, width = rgb.shape[:2]
        sides = (width, height, width, height)
        return [
            Line(one.reading.text, _corners(value * side for value, side in zip(one.box, sides, strict=True)))
            for one in finder.everywhere(rgb)
        ]

    return read


def library() -> Way:
    """rapidocr as it comes, on the whole photograph; every line it reads counts as a candidate."""
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={"Global.log_level": "critical", "EngineConfig.onnxruntime.intra_op_num_threads": 1}
    )

    def read(rgb: Pixels) -> list[Line]:
        said: Any = engine(np.ascontiguousarray(rgb[..., ::-1]))
        boxes = said.boxes if said.boxes is not None else ()
        return [
            Line(normalised(text), _corners((*box.min(axis=0), *box.max(axis=0))))
            for box, text in zip(boxes, said.txts or (), strict=True)
        ]

    return read


def judged(truth: Truth, lines: Sequence[Line], seconds: float) -> Outcome:
    """The line that covers most of the true box is the plate; what hardly touches it is spurious."""
    ranked = sorted(lines, key=lambda one: overlap(one.box, truth.box), reverse=True)
    here = ranked[0] if ranked and overlap(ranked[0].box, truth.box) > 0 else None
    text = here.text if here else ""
    others = tuple(one.text for one in ranked if one is not here)
    return Outcome(truth, bool(here and overlap(here.box, truth.box) >= LEAST_OVERLAP), text, others, seconds)


def overlap(one: Corners, other: Corners) -> float:
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    both = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return across * down / (both - across * down) if both else 0.0


def tried(truth: Truth, way: Way) -> Outcome:
    read = cv2.imread(str(truth.path), cv2.IMREAD_COLOR)
    if read is None:
        raise SystemExit(f"{truth.path.name} is no picture.")
    picture = np.asarray(read[..., ::-1], np.uint8)
    began = time.perf_counter()
    lines = way(picture)
    return judged(truth, lines, time.perf_counter() - began)


def summed(outcomes: Sequence[Outcome]) -> dict[str, object]:
    count, signs = len(outcomes), sum(len(one.truth.text) for one in outcomes)
    return {
        "photos": count,
        "located": _share(sum(one.located for one in outcomes), count),
        "exact": _share(sum(one.exact for one in outcomes), count),
        "folded": _share(sum(one.folded for one in outcomes), count),
        "spurious_per_100": round(100 * sum(len(one.spurious) for one in outcomes) / max(1, count), 1),
        "sign_errors": _share(sum(one.errors for one in outcomes), signs),
        "seconds": figures.spread([one.seconds for one in outcomes]),
    }


def failures(outcomes: Iterable[Outcome]) -> list[str]:
    return [
        f"{one.truth.path.name}: {one.truth.text}, told {one.text or 'nothing'}"
        f"{'' if one.located else ', not located'}"
        f"{', besides ' + ' '.join(one.spurious) if one.spurious else ''}"
        for one in outcomes
        if not (one.located and one.exact and not one.spurious)
    ]


LADDER: dict[str, dict[str, View]] = {
    "size (sign height)": {
        f"{75 * scale:.0f} px": View(px_per_mm=scale) for scale in (0.4, 0.24, 0.16, 0.12, 0.09)
    },
    "blur (sigma)": {f"{blur} px": View(px_per_mm=0.24, blur_px=blur) for blur in (1.0, 2.0, 3.0, 4.0)},
    "angle (yaw)": {f"{angle}°": View(px_per_mm=0.24, yaw=angle, pitch=10) for angle in (20, 40, 55, 65)},
    "roll": {f"{angle}°": View(px_per_mm=0.24, roll=angle) for angle in (5, 12, 20, 30)},
    "noise (sigma)": {f"{noise}": View(px_per_mm=0.24, noise=noise) for noise in (10, 25, 40, 60)},
    "glare": {f"{glare:.0%}": View(px_per_mm=0.24, glare=glare) for glare in (0.5, 0.8, 0.95)},
}
KINDS: tuple[tuple[str, Layout], ...] = (
    ("L LL DDDD", plates.GERMANY),
    ("LL DDDLL", plates.SLOVAKIA),
    ("MMDD LLL", plates.BRITAIN),
    ("LL DDD LL", plates.FRANCE),
    ("LLL DDDD", plates.BRAZIL),
    ("LLL DDDD", plates.TEXAS),
    ("LLL|DDDD", plates.MOTORCYCLE),
)
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXY"


def rung(finder: PlateFinder, view: View, count: int) -> dict[str, object]:
    """Rendered plates seen that way, of all kinds in turn, each on a car of another colour."""
    draw, right, located, wrong = random.Random(7), 0, 0, []  # noqa: S311 - the same plates every time
    for number in range(count):
        shape, layout = KINDS[number % len(KINDS)]
        written = "".join(_sign(one, draw) for one in shape)
        colour = tuple(draw.randrange(20, 235) for _ in range(3))
        car = plates.car(colour=colour, seed=number)  # type: ignore[arg-type]
        picture, box = plates.put(car, written, layout, view, centre=(320, 345), seed=number)
        truth = Truth(Path(str(number)), normalised(written), box)
        outcome = judged(truth, ours(finder)(picture), 0.0)
        right += outcome.folded
        located += outcome.located
        if not outcome.folded:
            wrong.append(f"{truth.text} {outcome.text or '–'}")
    return {"n": count, "located": _share(located, count), "folded": _share(right, count), "wrong": wrong[:8]}


def _sign(one: str, draw: random.Random) -> str:
    if one in "LM":
        return draw.choice(_LETTERS)
    return draw.choice("123456789") if one == "D" else one


def _corners(values: Iterable[float]) -> Corners:
    left, top, right, bottom = (float(value) for value in values)
    return left, top, right, bottom


def _share(part: int, whole: int) -> dict[str, object]:
    """With the Wilson interval of 95 %."""
    if not whole:
        return {"of": 0}
    share, z = part / whole, 1.96
    middle, wide = (
        share + z * z / (2 * whole),
        z * (share * (1 - share) / whole + z * z / (4 * whole**2)) ** 0.5,
    )
    scale = 1 + z * z / whole
    low, high = (middle - wide) / scale, (middle + wide) / scale
    return {
        "count": part,
        "of": whole,
        "share": round(share, 3),
        "interval": [round(max(0.0, low), 3), round(min(1.0, high), 3)],
    }


def photographs(folder: Path, reader: RapidReader, *, baseline: bool) -> dict[str, object]:
    known = {region: ours(PlateFinder(reader, built_in().only(codes))) for region, codes in COUNTRIES.items()}
    every, other = ours(PlateFinder(reader, built_in())), library() if baseline else None
    outcomes: dict[str, list[Outcome]] = {"ours": [], "known": [], **({"library": []} if other else {})}
    for truth in truths(folder):
        outcomes["ours"].append(tried(truth, every))
        outcomes["known"].append(tried(truth, known.get(truth.region, every)))
        if other:
            outcomes["library"].append(tried(truth, other))
    regions = sorted({one.truth.region for one in outcomes["ours"]})
    return {
        way: {
            "all": summed(ended),
            **{region: summed([one for one in ended if one.truth.region == region]) for region in regions},
            **({} if way == "library" else {"failures": failures(ended)}),
        }
        for way, ended in outcomes.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, default=Path("../shared/media/plates"))
    parser.add_argument("--each", type=int, default=42)
    parser.add_argument("--no-ladder", action="store_true")
    parser.add_argument("--no-baseline", action="store_true")
    options = parser.parse_args()
    before, reader = figures.machine(), RapidReader()
    cv2.setNumThreads(1)
    found: dict[str, object] = {}
    reached: dict[str, bool] = {}
    if options.photos.is_dir():
        found["photos"] = photographs(options.photos, reader, baseline=not options.no_baseline)
        reached = verdicts(found["photos"]["ours"]["all"])  # type: ignore[index]
    if not options.no_ladder:
        finder = PlateFinder(reader, built_in())
        found["ladder"] = {
            kind: {name: rung(finder, view, options.each) for name, view in rungs.items()}
            for kind, rungs in LADDER.items()
        }
    figures.report("plates", before, found, reached)


def verdicts(told: dict[str, dict[str, float]]) -> dict[str, bool]:
    """What was to be reached on the photographs."""
    return {
        "located 98 %": told["located"]["share"] >= 0.98,
        "exact 90 %": told["exact"]["share"] >= 0.9,
        "folded 95 %": told["folded"]["share"] >= 0.95,
        "5 spurious per 100": told["spurious_per_100"] <= 5,  # type: ignore[operator]
        "0.7 s a photograph": told["seconds"]["median"] <= 0.7,
    }


if __name__ == "__main__":
    main()
