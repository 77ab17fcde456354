"""The live part of a run page, as the server renders it and as the scripts go on with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analysis import live_state, page_words
from analysis.models import DetectorCard, Run


@dataclass(frozen=True)
class Stage:
    """One step of the run."""

    name: str
    state: str
    seconds: float | None


@dataclass(frozen=True)
class Lane:
    """One detector's row. `state` is waiting, running, finished, abstained, failed, stopped or emptied.

    `word` and `icon` say it to people; who only reports facts has not abstained.
    """

    name: str
    title: str
    state: str
    word: str
    icon: str
    text: str
    ending: str
    share: float
    has_curve: bool


@dataclass(frozen=True)
class Live:
    """Stages and lanes as of the seq in `for_scripts`; the scripts replay everything after it.

    `watches`: somebody tells what happens in the file, so that there is room for it before it is told.
    """

    stages: Sequence[Stage]
    lanes: Sequence[Lane]
    watches: bool
    for_scripts: Mapping[str, Any]


def live(run: Run) -> Live:
    """The run as its log says it is now."""
    state = live_state.of_topic(run.topic_id)
    watchers = _watchers(state["order"])
    seen = any(state["footage"].values())
    return Live(
        stages=[Stage(stage["stage"], stage["state"], stage["seconds"]) for stage in state["stages"]],
        lanes=[_lane(state["detectors"][name], watchers) for name in state["order"]],
        watches=run.kind != "audio" and (seen or bool(watchers)),
        for_scripts={**_for_scripts(run, state), "watchers": watchers},
    )


def _watchers(names: Sequence[str]) -> list[str]:
    """Those of the detectors that tell what happens instead of judging it."""
    cards = DetectorCard.objects.filter(name__in=names).order_by("name")
    return [card.name for card in cards if not card.card.get("forensic", True)]


def _for_scripts(run: Run, state: live_state.State) -> dict[str, Any]:
    return {
        "run": str(run.pk),
        "media": str(run.media_id),
        "kind": run.kind,
        "topic": str(run.topic_id),
        "file": run.title,
        "sha256": run.file.sha256,
        "duration": (run.file.facts or {}).get("duration_seconds"),
        "fps": (run.file.facts or {}).get("fps_from_header"),
        "state": state,
    }


def _lane(row: Mapping[str, Any], watchers: Sequence[str]) -> Lane:
    over = row["state"] in ("finished", "abstained")
    shown = "facts" if (row["assessment"] or {}).get("reason") == "reports_facts" else row["state"]
    return Lane(
        name=row["name"],
        title=row["title"],
        state=row["state"],
        word=str(page_words.DETECTOR_STATES[shown]),
        icon={"stopped": "cancelled", "emptied": "away", "facts": "info"}.get(shown, shown),
        text=_progress_text(row),
        ending=_ending_text(row),
        share=1 if over else min(1, row["done"] / row["total"]) if row["total"] else 0,
        has_curve=bool(row["points"]) or (row["name"] not in watchers and _may_have_curve(row)),
    )


def _may_have_curve(row: Mapping[str, Any]) -> bool:
    return row["state"] != "abstained" and row["unit"] in ("frames", "windows")


def _progress_text(row: Mapping[str, Any]) -> str:
    if not row["done"] or row["total"] == 1:
        return ""
    unit = page_words.UNITS.get(row["unit"], row["unit"])
    if row["total"]:
        return _("{done} of {total} {unit}").format(done=row["done"], total=row["total"], unit=unit)
    return _("{done} {unit}").format(done=row["done"], unit=unit)


def _ending_text(row: Mapping[str, Any]) -> str:
    assessment = row["assessment"]
    if not assessment:
        return str(row["error"] or "")
    if assessment["kind"] == "verdict":
        return _("detector score {score} (1 = manipulated)").format(score=f"{assessment['score']:.2f}")
    return str(assessment.get("detail") or page_words.REASONS.get(assessment["reason"], ""))
