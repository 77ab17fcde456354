"""A classifier in Hugging Face format as the registry sees it: its card, and the detector it becomes."""

from pathlib import Path

from analysis.engine.classifiers.description import Description
from analysis.engine.classifiers.folder import missing
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.types import Consumes, MediaKind
from analysis.engine.weights import WeightStore

_SUBJECT = {"frames": "picture", "faces": "face", "sound": "sound"}
_KINDS = {
    "frames": frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
    "faces": frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
    "sound": frozenset({MediaKind.VIDEO, MediaKind.AUDIO}),
}


UNMEASURED = "No own measurement. That it loads and answers was proven when it was added; accuracy was not."


class Classifier:
    """The module of one described folder."""

    def __init__(self, folder: Path, description: Description) -> None:
        self.folder = folder
        self.description = description

    def cards(self) -> list[Card]:
        return [_card(self.description)]

    def missing(self) -> str:
        """Why it cannot run here; empty when it can."""
        return missing(self.folder, self.description)

    def make(self, name: str, weights: WeightStore, device: str) -> Detector:
        """Raises UnverifiedWeights when its files are not those that were added, or do not fit together."""
        if reason := self.missing():
            raise UnverifiedWeights(reason)
        if self.description.consumes == "sound":
            from analysis.engine.classifiers.sounds import SoundClassifier

            return SoundClassifier(_card(self.description), self.folder, self.description, device)
        from analysis.engine.classifiers.pictures import made

        return made(_card(self.description), self.folder, self.description, device)


def _card(said: Description) -> Card:
    return Card(
        name=said.name,
        title=said.title or said.name,
        version=said.digest[:12],
        family=said.family or said.name,
        subject=_SUBJECT[said.consumes],
        consumes=Consumes(said.consumes),
        kinds=_KINDS[said.consumes],
        unit="windows" if said.consumes == "sound" else "frames",
        looks_at=said.looks_at or _looks_at(said),
        cannot_see=said.cannot_see or _cannot_see(said),
        paper=said.paper,
        licence=said.licence,
        accuracy=said.training.sentence() if said.training else UNMEASURED,
        preprocessing=_preprocessing(said),
        weights=f"classifiers/{said.name}",
        weights_sha256=said.digest,
        by_default=said.by_default,
        explains="model.onnx" not in said.files and (said.head is None or said.head.kind == "linear"),
    )


def _looks_at(said: Description) -> str:
    if said.training:
        return (
            f"Whatever told apart the files that a user of this desk trained it on: a linear head on the frozen "
            f"features of {said.training.backbone}."
        )
    return f"What {said.origin or 'its authors'} trained it for; added by a user of this desk."


def _cannot_see(said: Description) -> str:
    if said.training:
        return (
            "Manipulations unlike those in the files it was trained on; and whether what it learnt is manipulation at "
            "all, or what else differed between those files."
        )
    return "Unknown: whoever added it did not say."


def _preprocessing(said: Description) -> str:
    if said.preprocessing is None:
        return "The model's own (preprocessor_config.json)."
    made = said.preprocessing
    return f"RGB / 255, {made.width} x {made.height}, mean {made.mean}, std {made.std}."
