"""Watches one camera in a slot: opens it, has what is seen recorded, for as long as nobody wants it to stop.

What a camera is opened with stays here: it goes to the source, and out of everything that is said or logged.
"""

import logging
import re
import time
import traceback
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from functools import partial
from pathlib import Path
from threading import Event as Flag
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from django.conf import settings

from analysis import queue, recorder
from analysis.cameras import keeping, reaching, watching
from analysis.cameras.addresses import AddressRefused, full
from analysis.cameras.pacing import Pace
from analysis.cameras.reaching import NotFoundYet, Opened
from analysis.cameras.secrets import Secret, SecretUnreadable
from analysis.cameras.watching import BadSettings
from analysis.engine.analytics.objects import TrackAction
from analysis.engine.calibration import Calibration
from analysis.engine.errors import Cancelled, EngineError
from analysis.engine.lane import InFeed
from analysis.engine.types import Concluded, Observation, Outcome, OutcomeName
from analysis.engine.types.footage import MotionTold, PlateTold, SourceOffline, SourceOnline, TrackTold
from analysis.engine.watching.source import LiveSource, Pulse
from analysis.engine.watching.watch import Watching, watch
from analysis.errors import LeaseLost
from analysis.models import Camera
from analysis.queue import Claim
from analysis.recorder.keeping import clear_leftovers
from analysis.recorder.plain import text
from analysis.worker.examiner import Examiner
from analysis.worker.liveliness import Liveliness
from analysis.worker.showing import Showing

logger = logging.getLogger(__name__)
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 60.0
# Offline for so long, a camera may have moved: its name is looked up again.
MOVED_AFTER_SECONDS = 60.0
LOOK_SECONDS = 0.2
_NETWORKED = (Camera.Source.RTSP, Camera.Source.HTTP)


class NothingLeft(EngineError):
    """Every detector has failed: there is nothing to watch with."""

    code = "no_detector_left"
    retryable = True


class Watcher(Examiner):
    """Brings runs of cameras to an end, one at a time, in the slot it is for."""

    def _bring_to_end(self, claim: Claim, calibrations: Mapping[str, Calibration]) -> None:
        camera = Camera.objects.select_related("owner").filter(runs=claim.run).first()
        if camera is None:
            raise LeaseLost(f"The camera of run {claim.run} was deleted.")
        try:
            session = Session(self, claim, camera, keeping.secret_of(camera))
        except SecretUnreadable as error:
            return self._fail(claim, error.code, str(error))
        except BadSettings as error:
            said = f"Its settings are no longer understood ({error}). Save them again."
            return self._fail(claim, "settings_unreadable", said)
        try:
            sentence = session.watched()
            self._persist(lambda: queue.watched(claim, sentence, session.counts))
        except Cancelled:
            self._stopped(claim)
        except LeaseLost:
            raise
        except AddressRefused as error:
            self._fail(claim, error.code, session.without_secrets(str(error)))
        except EngineError as error:
            reason = session.without_secrets(str(error))
            if error.retryable:
                self._persist(lambda: queue.put_back(claim, reason))
            else:
                self._fail(claim, error.code, reason)
        # the worker loop: whatever a camera does, the next one is watched
        except Exception as error:
            logger.error(  # the traceback is in it, without what must not be there
                "run %s failed: %s", claim.run, session.without_secrets(traceback.format_exc())
            )
            self._fail(claim, "watching_failed", session.without_secrets(f"{type(error).__name__}: {error}"))


class Session:
    """One attempt at one camera. `counts` is what was seen in it."""

    def __init__(self, watcher: Watcher, claim: Claim, camera: Camera, secret: Secret) -> None:
        self._watcher, self._claim, self._camera, self._secret = watcher, claim, camera, secret
        self._settings = watching.read(camera.settings)
        self._stop = Flag()
        self._offline_since: float | None = None
        self._pace = Pace(self._settings.most_events_per_minute)
        self._showing = Showing(camera.pk)
        self._lives = Liveliness(watcher._line.pulse)
        self.counts: Counter[str] = Counter(motion=0, tracks=0, plates=0)

    def watched(self) -> str:
        """Watches until the source ends; what was seen, as a sentence. Raises Cancelled, AddressRefused, LeaseLost."""
        clear_leftovers(self._claim)
        # here, and not while it is being watched: the thread that draws has no database
        opened = self._first_opened()
        told = self._observations(opened)
        with self._showing:
            recorder.record(
                self._claim,
                told,
                cards=self._watcher._cards,
                pulse=self._lives,
                stop=self._stop,
            )
        return self._sentence()

    def without_secrets(self, said: str) -> str:
        """The text without address, path, user and password."""
        whole = full(self._camera.address, self._secret)
        parts = [whole, self._camera.address]
        parts += [self._secret.target, self._secret.user, self._secret.password]
        # the longest first: one may hold the other
        for part in sorted({part for part in parts if len(part) > 1}, key=len, reverse=True):
            said = said.replace(part, "…")
        path = urlsplit(whole).path.rstrip("/") if self._camera.source in _NETWORKED else ""
        if path:
            # not the beginning of another name: /a is in many
            said = re.sub(rf"{re.escape(path)}(?!\w)", "…", said)
        return text(said)

    def _unwanted(self) -> bool:
        return self._stop.is_set() or self._watcher._unwanted(self._claim)

    def _first_opened(self) -> Opened | None:
        """Where it is; None while the name of a camera in a network leads nowhere we would go."""
        try:
            return reaching.opened(self._camera)
        except NotFoundYet:
            return None
        except AddressRefused:
            if self._camera.source in _NETWORKED:
                return None  # a name may lead elsewhere in a moment
            raise

    def _observations(self, opened: Opened | None) -> Iterator[Observation]:
        while True:
            if opened is None:
                opened = yield from self._found()
            with self._begin(opened) as going:
                self._watcher._note_going(going)
                self._showing.going = going
                self._lives.current = partial(_current, going)
                moved = yield from self._told(going, opened)
            if moved is None:
                break
            opened = moved
        if self._camera.source != Camera.Source.FILE or self._settings.loop:
            raise NothingLeft("Every detector has failed; the log says why.")
        yield Concluded(Outcome(OutcomeName.NOT_ASSESSABLE, self._sentence(), "", "", ""))

    def _found(self) -> Generator[Observation, None, Opened]:
        """Waits until the name of the camera leads somewhere; says once that it does not."""
        pause_seconds = FIRST_RETRY_SECONDS
        yield SourceOffline("The name of its host leads to no address this desk may go to.", pause_seconds)
        while True:
            self._rest(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_RETRY_SECONDS)
            found = self._looked_up()
            if found is not None:
                return found

    def _looked_up(self) -> Opened | None:
        try:
            return reaching.opened(self._camera)
        except (NotFoundYet, AddressRefused):
            return None

    def _rest(self, seconds: float) -> None:
        """Waits, and is alive meanwhile. Raises Cancelled."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._unwanted():
                raise Cancelled("The watch was cancelled.")
            self._watcher._line.pulse()
            self._stop.wait(LOOK_SECONDS)

    def _begin(self, opened: Opened) -> Watching:
        claim = self._claim
        left = [name for name in claim.detectors if name not in claim.excluded]
        if not left:
            raise NothingLeft("None of its detectors is left: each hung before.")
        return watch(
            self._source(opened),
            registry=self._watcher._registry,
            detectors=left,
            settings=watching.footage_settings(self._settings),
            options=self._watcher._options,
            cancelled=self._unwanted,
        )

    def _source(self, opened: Opened) -> LiveSource:
        camera = self._camera
        return LiveSource(
            cast(Literal["rtsp", "http", "device", "file"], camera.source),
            address="" if camera.source == Camera.Source.FILE else full(camera.address, self._secret),
            user=self._secret.user,
            password=self._secret.password,
            path=opened.path if camera.source == Camera.Source.FILE else None,
            pace=self._settings.pace,
            loop=self._settings.loop,
            pinned_ip=opened.ip or None,
            authorities=Path(settings.CAMERA_CA) if settings.CAMERA_CA else None,
        )

    def _told(self, going: Watching, opened: Opened) -> Generator[Observation, None, Opened | None]:
        """What is seen, until the source ends (None is returned) or has moved (where to)."""
        for seen in going:
            if isinstance(seen, Pulse):
                self._lives()
                yield from self._pace.overdue()
                if moved := self._moved(opened, online=seen.online):
                    return moved
            else:
                self._note(seen)
                yield from self._pace.keep(seen)
        yield from self._pace.rest()
        return None

    def _moved(self, opened: Opened, *, online: bool) -> Opened | None:
        """Where the name of a camera leads now that has been offline for long, if that is elsewhere."""
        now = time.monotonic()
        if online or self._camera.source not in _NETWORKED:
            self._offline_since = None
            return None
        self._offline_since = self._offline_since or now
        if now - self._offline_since < MOVED_AFTER_SECONDS:
            return None
        self._offline_since = now
        found = self._looked_up()
        return found if found and found != opened else None

    def _note(self, seen: Any) -> None:
        if isinstance(seen, SourceOnline | SourceOffline):
            self._showing.online = isinstance(seen, SourceOnline)
        elif isinstance(seen, MotionTold) and not seen.ended:
            self.counts["motion"] += 1
        elif isinstance(seen, TrackTold) and seen.action == TrackAction.ENTERED:
            self.counts["tracks"] += 1
        elif isinstance(seen, PlateTold):
            self.counts["plates"] += 1

    def _sentence(self) -> str:
        counted = self.counts
        return (
            f"Watched to its end: motion {counted['motion']} times, {counted['tracks']} objects, "
            f"{counted['plates']} plates."
        )


def _current(going: Watching) -> InFeed | None:
    return going.current
