"""Finds faces in what the reader gives, and hands them to the lanes that consume them."""

from collections.abc import Iterable, Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING

from analysis.engine.belt import Belt, Stopped
from analysis.engine.face_strip import FaceStrip
from analysis.engine.lane import End, Lane
from analysis.engine.media.limits import Sampling
from analysis.engine.media.portions import Portion
from analysis.engine.types import FaceBatch, Frame, FrameBatch, Observation
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from analysis.engine.media.between import FacesBetween
    from analysis.engine.media.face_search import FaceSearch
    from analysis.engine.media.faces import Candidate, FaceFinder

FACE_INBOX_BATCHES = 2


class FaceThread:
    """Looks for faces in the samples of frame batches, and hands them on; those in the frames between, too."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        weights: WeightStore,
        sampling: Sampling,
        stop: Event,
        out: Belt[Observation],
        cores: int,
    ) -> None:
        self.inbox: Belt[FrameBatch | End] = Belt(FACE_INBOX_BATCHES, stop)
        self._lanes, self._stop, self._out = lanes, stop, out
        self._strip = FaceStrip()
        self._finder, self._search = _finder(weights, cores)
        self._portion = Portion(sampling)
        self._found: list[FaceBatch] = []
        self._between = _between() if any(lane.card.dense for lane in lanes) else None
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="faces", daemon=True)

    @property
    def finder(self) -> tuple[str, str]:
        finder = self._finder.finder
        return finder.name, finder.sha256

    @property
    def aim(self) -> str:
        return f"faces with {self._finder.finder.name}"

    @property
    def remarks(self) -> list[str]:
        from analysis.engine.media.faces import MAX_FACES

        found = self._finder
        if not found.frames_crowded:
            return []
        return [
            f"only the {MAX_FACES} largest faces of a frame are judged; up to {found.most_faces} were found in "
            f"{found.frames_crowded} of {found.frames_seen} frames"
        ]

    def start(self) -> None:
        self._thread.start()

    def take(self, batch: FrameBatch) -> None:
        """Hands a batch over. Raises what the finder raised on an earlier one."""
        if self._error:
            raise self._error
        self.inbox.put(batch)

    def join(self) -> str:
        """Waits for the last face batch; what was found, in words. Raises what the finder raised, and Stopped."""
        self._thread.join()
        if self._error:
            raise self._error
        if self._stop.is_set():
            raise Stopped
        found, seen = self._finder.frames_with_face, self._finder.frames_seen
        return f"{found} of {seen} frames hold a usable face"

    def _run(self) -> None:
        try:
            while not isinstance(batch := self.inbox.take(), End):
                for frame in batch.frames:
                    self._go_on(self._search.take(frame))
            self._go_on(self._search.rest())
            self._hand_found()
            if strip := self._strip.evidence():
                self._out.put(strip)
            for lane in self._lanes:
                lane.inbox.put(batch)
        # carried over to the conductor, and raised there; the reader must not wait for us meanwhile
        except BaseException as error:
            self._error = error
            self.inbox.abandon()
        finally:
            self._search.close()

    def _go_on(self, answers: "Iterable[tuple[Frame, list[Candidate] | None]]") -> None:
        for frame, candidates in answers:
            self._judge(frame, candidates)

    def _judge(self, frame: Frame, candidates: "list[Candidate] | None") -> None:
        found = self._finder.judge(frame, candidates) if frame.sampled else None
        if self._between and (dense := self._between.take(frame, found)):
            self._hand(dense, dense=True)
        if found:
            self._strip.add(found)
            self._found.append(found)
            if self._portion.fills_with(frame.rgb.nbytes):
                self._hand_found()

    def _hand_found(self) -> None:
        if self._found:
            from analysis.engine.media.faces import joined

            self._hand(joined(self._found), dense=False)
            self._found = []

    def _hand(self, faces: FaceBatch, *, dense: bool) -> None:
        for lane in self._lanes:
            if lane.card.dense == dense:
                lane.inbox.put(faces)


def _between() -> "FacesBetween":
    from analysis.engine.media.between import FacesBetween

    return FacesBetween()


def _finder(weights: WeightStore, cores: int) -> "tuple[FaceFinder, FaceSearch]":
    from analysis.engine.media.face_search import FaceSearch
    from analysis.engine.media.faces import FaceFinder, best_finder

    return FaceFinder(best_finder(weights)), FaceSearch(lambda: best_finder(weights), cores)
