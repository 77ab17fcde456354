"""Whether it abstains, typed and without a number, on what it was not made for; and its evidence."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from PIL import Image

from analysis.engine.conformance.trial import Refused, Trial, Untested
from analysis.engine.endings import outside
from analysis.engine.types import EvidenceMade, MediaKind, NotAssessed, Probe

MAP_SIDE = 64
PICTURE_SIDE, PICTURE_BYTES = 4096, 4 << 20
OF_KIND = {
    MediaKind.IMAGE: Probe(MediaKind.IMAGE, "png", width=640, height=480),
    MediaKind.VIDEO: Probe(MediaKind.VIDEO, "mp4", 4.0, width=640, height=480, audio_codec="aac"),
    MediaKind.AUDIO: Probe(MediaKind.AUDIO, "wav", 4.0, audio_codec="pcm_s16le"),
}


def abstention(trial: Trial) -> str:
    """Nothing, silence, one pixel, one frame, and files of another kind."""
    said = []
    for content in trial.repertoire.outside:
        played = trial.play(content)
        if not isinstance(played.assessment, NotAssessed):
            raise Refused(f"It scored {content.title} {played.assessment.score:.4f} instead of abstaining.")
        if played.scores:
            raise Refused(f"It abstained on {content.title} and yet gave {len(played.scores)} scores of it.")
        if not played.assessment.detail.strip():
            raise Refused(f"It abstained on {content.title} without a detail that says why.")
        said.append(f"{content.title}: {played.assessment.reason.value}")
    said += [f"{kind.value}: {why}" for kind, why in _other_kinds(trial)]
    if not said:
        raise Untested("It takes every kind of file, and nothing was drawn that lies outside its domain.")
    return "; ".join(said) + "."


def _other_kinds(trial: Trial) -> Iterator[tuple[MediaKind, str]]:
    """Files of these never reach it: the engine declines them by its card."""
    for kind, probe in OF_KIND.items():
        declined = outside(trial.card, probe)
        if declined and kind not in trial.card.kinds:
            yield kind, declined.reason.value


def evidence(trial: Trial) -> str:
    """Pictures that open and say what they show, and maps no finer than the engine keeps."""
    made = [one for played in trial.plays for one in played.evidence]
    for one in made:
        _refuse_unsound(one)
    for played in trial.plays:
        _refuse_large_maps(played.assessment.facts)
    if not made:
        raise Untested("It left none on anything it was given.")
    kinds = ", ".join(sorted({one.kind for one in made}))
    return f"{len(made)} pictures open and have captions ({kinds}); no map is larger than {MAP_SIDE} x {MAP_SIDE}."


def _refuse_unsound(made: EvidenceMade) -> None:
    for part in ("kind", "title", "caption"):
        if not getattr(made, part).strip():
            raise Refused(f"Evidence of kind {made.kind!r} has no {part}.")
    if len(made.content) > PICTURE_BYTES:
        raise Refused(f"{made.title!r} has {len(made.content):,} bytes; {PICTURE_BYTES:,} are allowed.")
    try:
        picture = Image.open(io.BytesIO(made.content))
        picture.load()
    # Pillow raises anything at all on what is no picture
    except Exception as error:
        raise Refused(f"{made.title!r} is no picture that opens ({type(error).__name__}).") from error
    if picture.get_format_mimetype() != made.media_type:
        raise Refused(f"{made.title!r} says it is {made.media_type} and is {picture.format}.")
    if max(picture.size) > PICTURE_SIDE:
        raise Refused(
            f"{made.title!r} is {picture.width} x {picture.height} px; {PICTURE_SIDE} a side are allowed."
        )
    _refuse_large_maps({name: value for name, value in asdict(made).items() if name != "content"})


def _refuse_large_maps(value: Any) -> None:
    for grid in _grids(value):
        widest = max(len(row) for row in grid)
        if len(grid) > MAP_SIDE or widest > MAP_SIDE:
            raise Refused(
                f"A map of {len(grid)} x {widest} is too fine; {MAP_SIDE} x {MAP_SIDE} is the most."
            )


def _grids(value: Any) -> Iterator[list[list[float]]]:
    """Every table of numbers that is no list of boxes and no handful of curves."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _grids(inner)
    elif isinstance(value, list | tuple):
        rows = [row for row in value if isinstance(row, list | tuple) and _numbers(row)]
        if len(rows) == len(value) > 8 and min(map(len, rows)) > 8:
            yield [list(row) for row in rows]
        else:
            for inner in value:
                yield from _grids(inner)


def _numbers(row: list[Any] | tuple[Any, ...]) -> bool:
    return bool(row) and all(isinstance(one, int | float) for one in row)
