"""`manage.py sample`: examines the bundled sample through the real path, and shows it live."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from accounts.models import User
from analysis import queue, samples
from analysis.engine.sample import sample_clip
from analysis.follow import follow
from analysis.management.exits import ASSESSED, FAILED, NOT_ASSESSABLE, ExaminingCommand
from analysis.models import DetectorCard, Media, Run
from analysis.screen import Screen
from analysis.uploads import UploadRefused


class Command(ExaminingCommand):
    """Stores, queues and follows the sample; a worker must be running."""

    help = "Examine the bundled sample. Exit code: 0 assessed, 2 not assessable, 3 failed."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--again", action="store_true", help="even if these detectors examined it before")
        parser.add_argument("--patience", type=float, default=120.0, help="seconds without any event (120)")

    def handle(self, *args: object, again: bool, patience: float, **options: Any) -> None:
        owner = User.objects.filter(is_superuser=True, is_active=True).order_by("created").first()
        if owner is None:
            raise CommandError("There is no admin yet to own the sample.", returncode=FAILED)
        media = _stored(sample_clip(samples.folder()), owner)
        earlier = None if again else _examined(media)
        if earlier:
            self.stdout.write(f"The sample was examined before: {earlier.sentence} {_address(earlier)}")
            return
        code = self._examine(media, owner, patience)
        if code:
            raise SystemExit(code)

    def _examine(self, media: Media, owner: User, patience: float) -> int:
        run = queue.enqueue(media, owner=owner)
        screen = Screen(self.stdout._out)  # type: ignore[arg-type]  # the stubs take the wrapped stream for a function
        ending = follow(
            run.topic_id, lambda line: screen.tell(json.loads(line.body)), patience_seconds=patience
        )
        run.refresh_from_db()
        if ending is None:
            screen.line(f"Nothing happened for {patience:.0f} s. Is a worker running? manage.py runworker")
        for sentence in (run.why, run.limit):
            if sentence:
                screen.line(sentence)
        screen.line(_address(run))
        if run.state != Run.State.SUCCEEDED:
            return FAILED
        return NOT_ASSESSABLE if run.outcome == Run.Outcome.NOT_ASSESSABLE else ASSESSED


def _stored(path: Path, owner: User) -> Media:
    try:
        return samples.stored(path, owner)
    except UploadRefused as refused:
        raise CommandError(str(refused), returncode=FAILED) from refused


def _examined(media: Media) -> Run | None:
    """The latest run whose results come from the very detectors there are now."""
    run = (
        media.runs.examinations()
        .filter(state=Run.State.SUCCEEDED)
        .select_related("lease")
        .order_by("-created")
        .first()
    )
    if run is None:
        return None
    results = run.results.filter(attempt=run.lease.attempt).exclude(reason="detector_missing")
    used = set(results.values_list("detector", "version"))
    cards = DetectorCard.objects.filter(available=True)
    usual = {
        (card.name, card.card["version"])
        for card in cards
        if card.card["by_default"] and media.kind in card.card["kinds"]
    }
    return run if usual <= used else None


def _address(run: Run) -> str:
    host = "127.0.0.1" if settings.ASSAY_HOST in ("", "0.0.0.0", "::") else settings.ASSAY_HOST  # noqa: S104  # compared
    base = settings.PUBLIC_URL or f"http://{host}:{settings.ASSAY_PORT}"
    return f"{base}/runs/{run.pk}/"
