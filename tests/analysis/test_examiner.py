"""How a slot brings a run to its end, whatever happens on the way."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from analysis import queue
from analysis.engine.registry import Registry
from analysis.engine.weights import WeightStore
from analysis.models import Run, Worker
from analysis.worker.examiner import Examiner
from analysis.worker.slot import Line
from tests import trouble_detectors
from tests.flows import workers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker() -> UUID:
    return Worker.objects.create(host="here", pid=1, device="cpu").pk


@pytest.fixture
def line() -> Iterator[Line]:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    yield Line(nowhere)
    os.close(nowhere)


@pytest.fixture
def examiner(worker: UUID, line: Line) -> Examiner:
    registry = Registry.of([trouble_detectors], WeightStore(Path("/nowhere")))
    return Examiner(worker, 0, registry, 1, line)


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    return workers.ask(workers.make_clip(tmp_path, seconds=1.0), "calm")


def test_a_run_is_examined_and_its_slot_is_idle_again(examiner: Examiner, line: Line, run: Run) -> None:
    examiner.examine(str(run.pk))

    run.refresh_from_db()
    assert run.state == "succeeded", run.error_message
    assert line.report.which is None


def test_a_run_whose_outcome_cannot_be_written_fails_and_says_why(
    examiner: Examiner, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ValueError("no column for this")

    monkeypatch.setattr(queue, "succeed", refuse)

    examiner.examine(str(run.pk))

    run.refresh_from_db()
    assert (run.state, run.error_code) == ("failed", "examination_failed")
    assert "no column for this" in run.error_message
