"""A verdict is stressed by a real worker: on record, and cancelled."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from analysis import queue
from analysis.models import Media, Run
from tests.flows import workers
from tests.product import Program
from tests.waiting import wait_until

# a worker starts, and each copy starts children of its own
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

CANCEL_SECONDS = 4.0  # 2 s for the slot, and as much for a machine that is busy with other tests


@pytest.fixture
def clip(transactional_db: None, tmp_path: Path) -> Media:
    return workers.make_clip(tmp_path, seconds=2.5)


@pytest.fixture
def worker(start_worker: Callable[..., Program], tmp_path: Path) -> Program:
    return start_worker("--device", "cpu", **workers.install_plugin(tmp_path / "plugins"))


def stress(media: Media, *detectors: str, seconds: int = 300) -> Run:
    return queue.enqueue(media, owner=media.owner, detectors=detectors, stress_seconds=seconds)


def copies() -> list[Path]:
    return [path for path in (Path(settings.ASSAY_HOME) / "scratch").rglob("*") if path.is_file()]


def test_a_flip_is_in_the_log_and_on_record_and_makes_the_outcome_inconclusive(
    worker: Program, clip: Media
) -> None:
    run = stress(clip, "wavers", "metadata")

    workers.wait_for_state(run, "succeeded", "failed", limit=120)

    assert run.state == "succeeded", run.error_message
    workers.assert_sound_log(run)
    told = [line for line in workers.events(run) if line.type.startswith(("stress.", "variant."))]
    assert [line.type for line in told] == ["stress.started", *["variant.started", "variant.scored"] * 3]
    assert [line.data["state"] for line in told[2::2]] == ["held", "flipped", "held"]
    (moved,) = told[4].data["scores"]
    assert (moved["before"], moved["after"]["score"], moved["crossed"]) == (0.71, 0.38, True)
    ending = workers.events(run)[-1].data
    assert ending["stress"] == run.stress
    assert "Wavers score moved from 0.71 to 0.38 after scaling to half: inconclusive" in ending["why"]
    assert ending["outcome"] == run.outcome == "some_signs"
    assert copies() == []


def test_a_cancel_while_copies_are_looked_at_ends_soon_and_leaves_none(worker: Program, clip: Media) -> None:
    run = stress(clip, "slow")
    workers.wait_for_line(run, "variant.started", limit=120)

    queue.request_cancel(run, by=clip.owner)

    workers.wait_for_state(run, "cancelled", limit=CANCEL_SECONDS)
    assert run.stress is None
    wait_until(lambda: not copies(), limit=30, what="no copy is left")
