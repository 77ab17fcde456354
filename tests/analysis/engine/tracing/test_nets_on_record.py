"""How each net was run is on record, and a score of a net that is run otherwise is computed elsewhere."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from analysis.engine.nets.rates.choice import Choice, Way
from analysis.engine.nets.rates.folder import RatesFolder
from analysis.engine.nets.rates.forward import Forward
from analysis.engine.nets.rates.rates import Rates
from analysis.engine.pipeline import Options, examine
from analysis.engine.plan import Plan, computed_elsewhere
from analysis.engine.tracing.question import Question
from analysis.engine.tracing.retrace import Retrace
from analysis.engine.types import Prepared
from tests import clips
from tests.analysis.engine.plugins import Plain, card, of, registry


class OfANet(Plain):
    """Scores nothing with its net."""

    def __init__(self):
        super().__init__(card("netted"))
        net = nn.Sequential(nn.Conv2d(3, 1, 3), nn.Flatten(), nn.LazyLinear(1))
        net(torch.zeros(1, 3, 8, 8))
        self.forwards = (
            Forward(
                "tiny",
                net,
                weights_sha256="a" * 64,
                shape=(3, 8, 8),
                span=(0.0, 1.0),
                read=torch.sigmoid,
                device="cpu",
            ),
        )


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.write_video(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=1.0, fps=5)


def plan(clip, *detectors, rates=None):
    known = registry(*detectors)
    known.rates = rates
    with examine(clip, registry=known, options=Options(threads_each=1)) as going:
        [prepared] = of(Prepared, going)
    return Plan.parse(prepared.plan.as_json())


@pytest.fixture
def traced(tmp_path):
    """Rates that say: traced, eight at once."""
    rates = Rates(RatesFolder(tmp_path))
    [net] = OfANet().forwards
    rates.folder.write(Choice(net.key(1), Way.TRACED, 8, {"traced": {8: 1.0}}), "cpu")
    return rates


def test_a_plan_says_how_each_net_is_run(clip, traced):
    kept = plan(clip, OfANet(), Plain(), rates=traced)

    assert kept.nets == {"tiny": {"way": "traced", "batch": 8}}


def test_a_net_that_is_run_otherwise_is_computed_elsewhere(clip, traced):
    then, now = plan(clip, OfANet()), plan(clip, OfANet(), rates=traced)

    assert computed_elsewhere(then, then) == []
    assert computed_elsewhere(then, now) == [
        "net tiny: channels_last, as inputs come then, traced in batches of 8 now."
    ]


def test_computing_a_score_once_more_tells_how_its_nets_are_run_now(clip, traced):
    known = registry(OfANet())
    known.rates = traced
    options = Options(threads_each=1)

    found = Retrace(clip, Question("netted"), registry=known, options=options, plan=None).follow()

    assert found.plan.nets == {"tiny": {"way": "traced", "batch": 8}}


def test_a_record_without_nets_says_nothing_against_equality_of_a_detector_without_any(clip):
    before = replace(plan(clip, OfANet(), Plain()), nets={})

    assert computed_elsewhere(before, plan(clip, Plain())) == []
    assert computed_elsewhere(before, plan(clip, OfANet())) == [
        "net tiny: not on record then, channels_last, as inputs come now."
    ]


def test_nets_of_others_in_the_same_run_are_no_difference(clip):
    together = plan(clip, OfANet(), Plain())

    assert computed_elsewhere(together, plan(clip, Plain())) == []
