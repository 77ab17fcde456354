"""What lies in the file besides pictures and sound is read for as long as it takes, within a budget."""

from threading import Event
from types import SimpleNamespace

import pytest

from analysis.engine.media import facts, sandbox
from analysis.engine.media.job import Job
from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.reader import open_media
from analysis.engine.types import Consumes, MediaKind, Probe
from tests import clips

SOURCE = SimpleNamespace(probe=Probe(MediaKind.VIDEO, "mp4"), describe=dict)
let_go = Event()


def slow(_path, _probe):
    let_go.wait(30)


def quick(_path, _probe):
    return {"found": 1}


@pytest.fixture
def slow_and_quick(monkeypatch):
    monkeypatch.setattr(facts, "FACT_READERS", [("quick", f"{__name__}:quick"), ("slow", f"{__name__}:slow")])
    yield
    let_go.set()


def test_a_fact_that_takes_too_long_says_so_and_costs_no_other(slow_and_quick):
    job = Job("read", "/nowhere", "video", "mp4", Limits(facts_seconds=0.5), out=-1, file=True)
    signs = []

    gathered = facts.gather(job, SOURCE, lambda: signs.append(1))

    assert gathered["quick"] == {"found": 1}
    assert gathered["slow"] == {"error": "it takes longer to read than is allowed"}
    assert signs


def test_facts_may_take_longer_than_silence_may_last(tmp_path, monkeypatch):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=0.2)
    monkeypatch.setattr(sandbox, "CHILD", "tests.analysis.engine.media.slow_child")

    limits = Limits(stall_seconds=5)  # signs of life come every second
    with open_media(path, limits=limits, sampling=Sampling(), wants=frozenset({Consumes.FILE})) as reader:
        found = reader.facts().facts

    assert found["slow"] == {"found": 1}
