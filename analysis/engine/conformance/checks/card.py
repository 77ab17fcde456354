"""Whether the card is sound, comes without heavy libraries, and the detector loads under it."""

import sys
import time

from analysis.engine.conformance.trial import Refused, Trial
from analysis.engine.detectors.base import Card
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.registry import refuse_unsound

HEAVY = ("torch", "cv2", "av", "onnxruntime", "transformers", "tensorflow")
TOLD = ("title", "subject", "looks_at", "cannot_see", "licence", "accuracy", "preprocessing")
IMPORT_SECONDS = 30.0


def card(trial: Trial) -> str:
    """Leaves the card in the trial."""
    before = set(sys.modules)
    trial.tell("it was imported", IMPORT_SECONDS)
    trial.load_module()
    trial.tell("it was asked for its cards", IMPORT_SECONDS)
    cards = list(trial.module.cards())
    heavy = sorted(set(HEAVY) & (set(sys.modules) - before))
    for one in cards:
        refuse_unsound(one)
    trial.card = _named(cards, trial.job.name)
    if heavy:
        raise Refused(
            f"Its cards load {', '.join(heavy)}, but the web server reads cards too: import that inside make()."
        )
    if list(trial.module.cards()) != cards:
        raise Refused("cards() gives other cards the second time.")
    _refuse_silent(trial.card)
    return f"Complete, the same twice, and read without {', '.join(HEAVY[:3])}."


def _named(cards: list[Card], name: str) -> Card:
    found = [one for one in cards if one.name == name]
    if len(found) != 1:
        known = ", ".join(one.name for one in cards) or "none"
        raise Refused(f"It offers {len(found)} detectors named {name!r}; its cards are: {known}.")
    return found[0]


def _refuse_silent(card: Card) -> None:
    silent = [part for part in TOLD if not getattr(card, part).strip()]
    if silent:
        raise Refused(f"The card says nothing about: {', '.join(silent)}.")


def loading(trial: Trial) -> str:
    """Leaves the loaded detector in the trial; what it is fed is drawn before, and counts for nobody."""
    from analysis.engine.weights import WeightStore

    trial.repertoire  # noqa: B018  # drawn now
    trial.tell("it was loaded", 2 * trial.terms.load_seconds)
    began = time.monotonic()
    try:
        trial.detector = trial.module.make(trial.card.name, WeightStore(trial.job.weights), trial.job.device)
    except UnverifiedWeights as error:
        raise Refused(f"It cannot be loaded here: {error}") from error
    trial.load_seconds = time.monotonic() - began
    if trial.detector.card != trial.card:
        raise Refused("The detector that make() gives has another card than cards() says.")
    if trial.load_seconds > trial.terms.load_seconds:
        raise Refused(
            f"It loads in {trial.load_seconds:.1f} s; {trial.terms.load_seconds:.0f} s are allowed."
        )
    return f"Loaded on {trial.job.device} in {trial.load_seconds:.1f} s."
