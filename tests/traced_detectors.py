"""A plug-in of detectors whose scores are traced: a small net, one that explains nothing, one that wavers."""

import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from analysis.engine.detectors.base import Attention, Card, Detector, Piece
from analysis.engine.detectors.explaining import rgb_of
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    FrameBatch,
    MediaKind,
    Observation,
    Pixels,
    ScorePoint,
    ScoresMeasured,
    Source,
    Verdict,
)
from analysis.engine.weights import WeightStore

SIDE = 64
# what a worker says its weights are: tests start another worker with others
DIGEST = "TRACED_DIGEST"
_openings = itertools.count(1)


class Netted:
    """Scores each frame by a small seeded net whose decision rests on the upper left quadrant."""

    def __init__(self, card: Card) -> None:
        import torch
        from torch import nn

        torch.manual_seed(11)
        self.card = card
        self.net = nn.Sequential(
            nn.Conv2d(3, 6, 5, padding=2), nn.ReLU(), nn.Conv2d(6, 4, 5, padding=2)
        ).eval()

    def open(self, source: Source) -> "Scored":
        return Scored(self.card, self.score)

    def score(self, rgb: Pixels) -> float:
        import torch

        with torch.inference_mode():
            return float(torch.sigmoid(_decision(self.net(_tensor(rgb))))[0])

    def explain(self, piece: Piece) -> Attention:
        from analysis.engine.nets import attention

        rgb = rgb_of(piece)
        values, method = attention.over_picture(self.net, _tensor(rgb), _decision)
        return Attention(values, rgb, method)


def _decision(features):
    half = SIDE // 2
    return 40 * features[:, :, :half, :half].square().mean(dim=(1, 2, 3)) - 1


def _tensor(rgb: Pixels):
    import cv2
    import torch

    small = cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small)[None].permute(0, 3, 1, 2).float() / 255


class Wavering(Netted):
    """Scores what was opened later a little higher: no computation that could be repeated."""

    def open(self, source: Source) -> "Scored":
        shift = 0.01 * next(_openings)
        return Scored(self.card, lambda rgb: 0.3 + shift)


@dataclass
class Scored:
    """The mean of all frames."""

    card: Card
    score: object
    scores: list[float] = field(default_factory=list)

    def feed(self, batch: Batch) -> Iterable[Observation]:
        assert isinstance(batch, FrameBatch)
        scores = [self.score(frame.rgb) for frame in batch.frames]
        self.scores += scores
        yield ScoresMeasured(
            self.card.name,
            tuple(
                ScorePoint(one.pts_seconds, score) for one, score in zip(batch.frames, scores, strict=True)
            ),
        )

    def drain(self) -> Iterable[Observation]:
        return ()

    def finish(self) -> Assessment:
        return Verdict(sum(self.scores) / len(self.scores), Coverage(len(self.scores), len(self.scores)))

    def evidence(self) -> Iterable[EvidenceMade]:
        return ()


def _card(name: str, *, explains: bool) -> Card:
    return Card(
        name=name,
        title=name.capitalize(),
        version="1.0",
        family="traced",
        subject="picture",
        consumes=Consumes.FRAMES,
        kinds=frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
        unit="frames",
        looks_at="The upper left quadrant.",
        cannot_see="Anything else.",
        paper="",
        licence="",
        accuracy="None.",
        preprocessing="64 x 64 by area, RGB / 255.",
        weights="seeded",
        weights_sha256=os.environ.get(DIGEST, "a" * 64),
        explains=explains,
    )


def cards() -> list[Card]:
    return [_card("netted", explains=True), _card("wavering", explains=False)]


def make(name: str, weights: WeightStore, device: str) -> Detector:
    card = next(card for card in cards() if card.name == name)
    return Netted(card) if name == "netted" else Wavering(card)
