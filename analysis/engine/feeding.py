"""Reads the file once and hands what comes to every lane that consumes it; finds faces on the way."""

from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING

from analysis.engine.belt import Belt, Stopped
from analysis.engine.errors import EngineError
from analysis.engine.face_thread import FaceThread
from analysis.engine.following import FootageThread
from analysis.engine.lane import End, Lane
from analysis.engine.media.limits import Sampling
from analysis.engine.media.portions import Portion
from analysis.engine.media.reader import MediaReader
from analysis.engine.sentences import listed
from analysis.engine.stages import Stages
from analysis.engine.types import (
    Batch,
    Consumes,
    FootageSettings,
    FoundBy,
    Frame,
    FrameBatch,
    Observation,
    SoundBatch,
    Stage,
)
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from analysis.engine.analytics.detection import ObjectFinder


class Feeder:
    """Feeds the lanes of one examination from one reader. Faces are looked for only if somebody consumes them."""

    def __init__(
        self,
        reader: MediaReader,
        lanes: Sequence[Lane],
        weights: WeightStore,
        *,
        sampling: Sampling,
        stages: Stages,
        stop: Event,
        out: Belt[Observation],
        cores: int,
        footage: FootageSettings,
        objects: "ObjectFinder | None" = None,
    ) -> None:
        self._reader, self._stages, self._stop = reader, stages, stop
        # of the samples alone, and of all that comes without a flow of footage
        self._portion, self._usual = Portion(sampling), Portion(sampling)
        self._samples: list[Frame] = []
        self._dense: list[Frame] = []
        self._lanes = {
            consumes: [lane for lane in lanes if lane.card.consumes is consumes] for consumes in Consumes
        }
        self._hearing = [lane for lane in lanes if lane.card.consumes is Consumes.SOUND or lane.card.hears]
        finding = bool(self._lanes[Consumes.FACES])
        self._faces = (
            FaceThread(self._lanes[Consumes.FACES], weights, sampling, stop, out, cores) if finding else None
        )
        self._footage = (
            FootageThread(self._lanes[Consumes.FOOTAGE], objects, footage, sampling, reader.probe.kind, stop)
            if self._lanes[Consumes.FOOTAGE]
            else None
        )

    @property
    def finder(self) -> tuple[str, str] | None:
        """Who looks for faces, and the SHA-256 of its weights; None when nobody has to."""
        return self._faces.finder if self._faces else None

    @property
    def found_by(self) -> FoundBy | None:
        """Who looks for objects; None when nobody has to."""
        return self._footage.found_by if self._footage else None

    @property
    def remarks(self) -> list[str]:
        """What of faces and objects was not handed on, in words. To be asked once everything was fed."""
        return [remark for finding in self._finding for remark in finding.remarks]

    @property
    def _finding(self) -> "list[FaceThread | FootageThread]":
        return [thread for thread in (self._faces, self._footage) if thread]

    def feed(self) -> str:
        """Returns when everything was handed over: what could not be read, in words, or nothing.

        Raises what a finder of faces or objects raised.
        """
        self._feed_file()
        frames = bool(self._lanes[Consumes.FRAMES] or self._finding)
        sound = bool(self._hearing)
        if frames:
            self._stages.begin(Stage.FRAME_EXTRACTION, "Reading frames.")
        if sound:
            self._stages.begin(Stage.AUDIO_EXTRACTION, "Reading sound.")
        error = self._feed_batches() if frames or sound else None
        if frames:
            self._stages.finish(Stage.FRAME_EXTRACTION, "Frames read.")
        if sound:
            self._stages.finish(Stage.AUDIO_EXTRACTION, "Sound read.")
        self._end(error)
        return _damage(error, self._reader.decode_errors)

    def _feed_file(self) -> None:
        if self._lanes[Consumes.FILE]:
            self._hand(Consumes.FILE, self._reader.facts())
        for lane in self._lanes[Consumes.FILE]:
            lane.inbox.put(End())

    def _feed_batches(self) -> EngineError | None:
        self._begin_finding()
        try:
            for batch in self._reader.batches():
                if isinstance(batch, FrameBatch):
                    self._hand_frames(batch)
                else:
                    self._hand_sound(batch)
        except EngineError as error:
            if self._stop.is_set():
                raise Stopped from error
            # what came before it was good: detectors conclude on that, and the outcome names the damage
            return error
        return None

    def _begin_finding(self) -> None:
        aims = [aim for finding in self._finding if (aim := finding.aim)]
        if aims:
            self._stages.begin(Stage.FEATURE_EXTRACTION, f"Looking for {listed(aims)}.")
        for finding in self._finding:
            finding.start()

    def _hand_frames(self, batch: FrameBatch) -> None:
        """Samples in the batches they would come in without the frames between them, and dense ones in those without
        footage: neither changes a score."""
        for frame in batch.frames:
            if frame.sampled:
                self._samples.append(frame)
                if self._portion.fills_with(frame.rgb.nbytes):
                    self._hand_samples()
            if frame.dense:
                self._dense.append(frame)
            if (frame.sampled or frame.dense) and self._usual.fills_with(frame.rgb.nbytes):
                self._hand_dense()
        if self._faces and (usual := tuple(frame for frame in batch.frames if frame.sampled or frame.dense)):
            self._faces.take(FrameBatch(usual))
        if self._footage and (flow := tuple(frame for frame in batch.frames if frame.footage)):
            self._footage.take(FrameBatch(flow))

    def _hand_dense(self) -> None:
        if self._dense:
            self._hand(Consumes.FRAMES, FrameBatch(tuple(self._dense)), dense=True)
            self._dense = []

    def _hand_samples(self) -> None:
        if self._samples:
            self._hand(Consumes.FRAMES, FrameBatch(tuple(self._samples)))
            self._samples = []

    def _hand(self, consumes: Consumes, batch: Batch, *, dense: bool = False) -> None:
        for lane in self._lanes[consumes]:
            if lane.card.dense == dense:
                lane.inbox.put(batch)

    def _hand_sound(self, batch: SoundBatch) -> None:
        """Also beside pictures: a lane takes whatever comes, so neither can hold the other up for good."""
        for lane in self._hearing:
            lane.inbox.put(batch)

    def _end(self, error: EngineError | None) -> None:
        self._hand_samples()
        self._hand_dense()
        for consumes in (Consumes.FRAMES, Consumes.SOUND):
            for lane in self._lanes[consumes]:
                lane.inbox.put(End(error))
        for finding in self._finding:
            finding.inbox.put(End(error))
        results = [result for finding in self._finding if (result := finding.join())]
        if results:
            self._stages.finish(Stage.FEATURE_EXTRACTION, f"{'; '.join(results)}.")


def _damage(error: EngineError | None, decode_errors: int) -> str:
    if error:
        return str(error)
    if decode_errors:
        return f"{decode_errors} damaged {'part' if decode_errors == 1 else 'parts'} could not be decoded"
    return ""
