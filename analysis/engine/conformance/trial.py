"""One detector on trial: its card, its terms, what it is fed, and what it made of that so far."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

from analysis.engine.classifiers.description import read as read_description
from analysis.engine.classifiers.folder import PLACE
from analysis.engine.classifiers.module import Classifier
from analysis.engine.conformance.contents import Content, Repertoire, repertoire
from analysis.engine.conformance.job import Job
from analysis.engine.conformance.playing import Played, play
from analysis.engine.conformance.terms import Terms
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.registry import BUILT_IN
from analysis.engine.types import NotAssessed, Reason

OWN_SECONDS = 120.0  # for what the kit itself draws and reads


class Refused(Exception):
    """A check failed; its text is the sentence of the finding."""


class Untested(Exception):
    """A check could not be tried; its text says why."""


@dataclass
class Trial:
    """Who tells before everything it does what that is, so that one that never returns can be named."""

    job: Job
    say: Callable[..., None]
    module: Any = None
    card: Card = field(init=False)
    detector: Detector = field(init=False)
    load_seconds: float = 0.0
    plays: list[Played] = field(default_factory=list)
    unfit: str = ""

    def tell(self, doing: str, within: float) -> None:
        """`doing` follows the word "after" in a sentence; `within` seconds it must be done."""
        terms: Terms = self.__dict__.get("terms") or Terms()
        self.say(doing=doing, within=within, memory_bytes=terms.memory_bytes)

    def load_module(self) -> None:
        """Imports it the way its entry point is loaded; a classifier a user added is read from its folder."""
        if self.job.target.startswith(f"{PLACE}/"):
            folder = self.job.weights / self.job.target
            self.module = Classifier(folder, read_description(folder))
            return
        name, _, attribute = self.job.target.partition(":")
        self.module = importlib.import_module(name)
        for part in filter(None, attribute.split(".")):
            self.module = getattr(self.module, part)

    @cached_property
    def terms(self) -> Terms:
        """Those asked for, the module's own, or the usual ones with a pair of ours."""
        if self.job.terms is not None:
            return self.job.terms
        self.say(doing="it was asked for its terms", within=OWN_SECONDS, memory_bytes=Terms().memory_bytes)
        own = getattr(self.module, "terms", None)
        if callable(own):
            return _terms(own(self.card.name, self.job.folder))
        if isinstance(self.module, ModuleType) and self.job.target in {
            f"analysis.engine.detectors.{name}" for name in BUILT_IN
        }:
            from analysis.engine.conformance.pairs import DRAWN

            if draw := DRAWN.get(self.card.name):
                genuine, manipulated = draw(self.job.folder)
                return Terms(genuine, manipulated)
        return Terms()

    @cached_property
    def repertoire(self) -> Repertoire:
        self.tell("the contents were drawn", OWN_SECONDS)
        return repertoire(self.card, self.job.folder)

    @cached_property
    def reference(self) -> tuple[Content, Content] | None:
        """The genuine and the manipulated content; None without a pair, and `unfit` says what is wrong with one."""
        pair = self.job.reference or self.terms.pair
        if pair is None:
            return None
        from analysis.engine.conformance.files import UnfitReference, read

        self.tell("the reference pair was opened", OWN_SECONDS)
        try:
            genuine, manipulated = (read(path, self.card, self.job.weights) for path in pair)
        except UnfitReference as error:
            self.unfit = str(error)
            return None
        return genuine, manipulated

    @property
    def judged(self) -> tuple[Content, ...]:
        return (*self.repertoire.usual, *(self.reference or ()))

    def play(self, content: Content, size: int | None = None) -> Played:
        self.announce(content)
        played = play(self.detector, content, size)
        self.plays.append(played)
        return played

    def announce(self, content: Content) -> None:
        """Twice the time it may take, so that one that is merely slow is told how slow."""
        self.tell(f"it was given {content.title}", 2 * self.terms.seconds_for(content.seconds))

    def first(self, content: Content) -> Played:
        """What it made of that content the first time."""
        return next((one for one in self.plays if one.content is content), None) or self.play(content)

    def needs_scores(self) -> None:
        """Raises Untested where it scored nothing, so that nothing was compared but abstentions."""
        plays = [self.first(content) for content in self.judged]
        if not any(one.scores for one in plays) and not all(_reports_facts(one) for one in plays):
            raise Untested("It scored none of what it was given. Name a reference pair that it scores.")


def _terms(given: object) -> Terms:
    if not isinstance(given, Terms):
        raise Refused(f"Its terms() gave {given!r:.80}, which are no Terms.")
    return given


def _reports_facts(played: Played) -> bool:
    return isinstance(played.assessment, NotAssessed) and played.assessment.reason is Reason.REPORTS_FACTS
