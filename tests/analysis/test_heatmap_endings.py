"""A map that is cancelled, or never comes, leaves nothing computing beside the next run."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, enumerate

import pytest

from analysis.engine.detectors.base import Attention
from analysis.engine.registry import Registry
from analysis.engine.weights import WeightStore
from analysis.models import Run, Worker
from analysis.worker import examiner as examiners
from analysis.worker import explaining
from analysis.worker.examiner import Examiner
from analysis.worker.rows import publish_cards
from analysis.worker.slot import Line
from tests import traced_detectors
from tests.analysis.conftest import signed_in
from tests.flows import workers

pytestmark = pytest.mark.django_db(transaction=True)


class Slot:
    """An examiner whose detector `netted` explains itself as a test wants."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.registry = Registry.of([traced_detectors], WeightStore(Path("/nowhere")))
        publish_cards(self.registry.states())
        worker = Worker.objects.create(host="here", pid=1, device="cpu").pk
        self.examiner = Examiner(worker, 0, self.registry, 1, line)

    def asked_where_it_looked(self, clip: Path, explain: Callable[[], Attention]) -> Run:
        run = workers.ask(clip, "netted")
        self.examiner.examine(str(run.pk))
        self.registry.detector("netted").explain = lambda piece: explain()  # type: ignore[attr-defined]
        question = {"detector": "netted", "pts_seconds": 0.4}
        asked = signed_in(run.owner).post(f"/api/v1/runs/{run.pk}/heatmap/", question, format="json")
        self.examiner.examine(asked.json()["id"])
        return Run.objects.get(pk=asked.json()["id"])

    def cancel(self) -> None:
        assert self.line.report.which
        self.line.cancels.add(self.line.report.which)


@pytest.fixture
def slot(home: Path) -> Iterator[Slot]:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    yield Slot(Line(nowhere))
    os.close(nowhere)


@pytest.fixture
def let_go() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


def explaining_now() -> bool:
    return any(thread.name == "explaining" for thread in enumerate())


def test_a_cancelled_map_that_goes_on_costs_the_slot_and_not_the_next_run(
    slot: Slot, let_go: Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examiners, "PART_SECONDS", 0.2)
    blamed: list[str] = []

    def explain() -> Attention:
        slot.cancel()
        blamed.append(slot.line.current())
        let_go.wait(60)
        raise ValueError("let go")

    asked = slot.asked_where_it_looked(workers.make_clip(tmp_path, seconds=1.0), explain)

    assert asked.state == "cancelled"
    assert slot.line.given_up.is_set()
    assert blamed == ["netted"]


def test_a_cancelled_map_that_ends_soon_is_waited_for(slot: Slot, let_go: Event, tmp_path: Path) -> None:
    def explain() -> Attention:
        slot.cancel()
        let_go.wait(0.5)
        raise ValueError("let go")

    asked = slot.asked_where_it_looked(workers.make_clip(tmp_path, seconds=1.0), explain)

    assert asked.state == "cancelled"
    assert not slot.line.given_up.is_set()
    assert not explaining_now()


def test_a_map_that_never_comes_is_none_and_costs_the_slot(
    slot: Slot, let_go: Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examiners, "PART_SECONDS", 0.2)
    monkeypatch.setattr(explaining, "EXPLAIN_SECONDS", 0.6)

    def explain() -> Attention:
        let_go.wait(60)
        raise ValueError("let go")

    asked = slot.asked_where_it_looked(workers.make_clip(tmp_path, seconds=1.0), explain)

    assert (asked.state, asked.error_code) == ("failed", "no_heatmap")
    assert "within 0.6 s" in asked.error_message
    assert slot.line.given_up.is_set()
