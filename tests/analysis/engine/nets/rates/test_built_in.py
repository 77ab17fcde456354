"""Every net that comes with Assay gives the same scores in whichever way it is run."""

import pytest
import torch

from analysis.engine.nets.rates.choice import Choice, Way
from analysis.engine.nets.rates.folder import RatesFolder
from analysis.engine.nets.rates.measuring import answer
from analysis.engine.nets.rates.rates import Rates
from analysis.engine.nets.rates.ways import TOLERANCE
from analysis.engine.registry import Registry, forwards_of
from analysis.engine.types import FaceBatch, FaceCrop, MediaKind, Probe, Source

NAMES = [
    "meso4",
    "mesoinception4",
    "classnseg",
    "minifasnet",
    "tiny-ladeda",
    "aasist-l",
    "rawgat-st",
    "lfcc-lcnn",
]
SOURCE = Source(Probe(MediaKind.VIDEO, "mp4"), sample_fps=5.0, expected_samples=None)


def loaded(name, weights_dir):
    registry = Registry.load(weights_dir, only=[name])
    if not registry.state(name).available:
        pytest.skip(registry.state(name).reason)
    return registry.detector(name)


def choose(detector, folder, way, batch=1):
    """Has its nets run that way."""
    rates = Rates(RatesFolder(folder))
    for net in forwards_of(detector):
        rates.folder.write(Choice(net.key(1), way, batch, {way.value: {batch: 1.0}}), "cpu")
        net.settle(rates)
    return detector


# traced contains every other way: channels last, norms folded, and the trace
@pytest.mark.parametrize("name", NAMES)
def test_a_net_scores_the_same_as_eager(weights_dir, tmp_path, name):
    detector = loaded(name, weights_dir)
    eager = [net.original for net in forwards_of(detector)]

    traced = forwards_of(choose(detector, tmp_path, Way.TRACED))

    for original, net in zip(eager, traced, strict=True):
        inputs = net.example(1) * 0.5
        expected = net.read(answer(original, inputs, Way.EAGER))
        assert net.way is Way.TRACED
        assert net.read(net(inputs)).numpy() == pytest.approx(expected.numpy(), abs=TOLERANCE)


def faces(count):
    pixels = torch.randint(0, 255, (count, 96, 96, 3), generator=torch.Generator().manual_seed(3))
    crops = [FaceCrop(n, n / 5, 0, (0, 0, 1, 1), 0.9, one.byte().numpy()) for n, one in enumerate(pixels)]
    return [FaceBatch(((crop.index, crop.pts_seconds),), (crop,)) for crop in crops]


def fed(session, batches):
    points = [
        [(point.pts_seconds, point.score) for scores in session.feed(batch) for point in scores.points]
        for batch in batches
    ]
    rest = [(point.pts_seconds, point.score) for scores in session.drain() for point in scores.points]
    return points, rest


def test_faces_wait_until_there_are_as_many_as_is_fastest(weights_dir, tmp_path):
    detector = choose(loaded("meso4", weights_dir), tmp_path, Way.TRACED, batch=4)

    points, rest = fed(detector.open(SOURCE), faces(6))

    assert [len(some) for some in points] == [0, 0, 0, 4, 0, 0]
    assert [pts for pts, _ in rest] == [4 / 5, 5 / 5]


def test_waiting_changes_no_score_and_no_verdict(weights_dir, tmp_path):
    waits = choose(loaded("meso4", weights_dir), tmp_path, Way.CHANNELS_LAST, batch=4).open(SOURCE)
    at_once = loaded("meso4", weights_dir).open(SOURCE)

    held, rest = fed(waits, faces(6))

    straight, nothing = fed(at_once, faces(6))
    assert nothing == []
    assert [one for some in held for one in some] + rest == [
        (pts, pytest.approx(score, abs=TOLERANCE)) for some in straight for pts, score in some
    ]
    assert waits.finish().score == pytest.approx(at_once.finish().score, abs=TOLERANCE)
