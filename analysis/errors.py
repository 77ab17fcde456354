"""What can go wrong around a run, with a stable code for programs and a sentence for people."""


class AnalysisError(Exception):
    """Base of all."""

    code = "analysis_error"


class QueueError(AnalysisError):
    """What was asked of a run does not fit the state it is in."""

    code = "queue_error"


class AlreadyEnded(QueueError):
    """The run has ended; there is nothing left to cancel."""

    code = "already_ended"


class NotEnded(QueueError):
    """The run is queued or running; it cannot be tried again before it ends."""

    code = "not_ended"


class MediaDeleted(QueueError):
    """The file was deleted a moment ago."""

    code = "not_found"


class TooManyPlates(AnalysisError):
    """More plates would have to be decrypted for a search than one may."""

    code = "too_many_plates"


class LeaseLost(AnalysisError):
    """The attempt is over: the run was taken back, ended or given to another worker. Stop, write nothing."""

    code = "lease_lost"


class MediaMissing(AnalysisError):
    """The stored file of a media is not there any more."""

    code = "media_missing"


class NotAnExamination(QueueError):
    """Answers stay on record as they are; ask the question again instead."""

    code = "not_an_examination"


class WatchesACamera(QueueError):
    """A run is no way to start or stop a camera: that would be undone by the camera's own switch."""

    code = "watches_a_camera"


class TraceRefused(AnalysisError):
    """What was asked about a score cannot be answered."""

    code = "trace_refused"


class NoSuchScore(TraceRefused):
    """There is no such score on record."""

    code = "no_such_score"


class NoHeatmap(TraceRefused):
    """The detector cannot show where it looked."""

    code = "no_heatmap"


class FileGone(TraceRefused):
    """The file is not kept any more, so nothing can be computed from it."""

    code = "media_missing"


class DetectorAway(TraceRefused):
    """The detector cannot run here now."""

    code = "detector_unavailable"


class TooManyTraces(TraceRefused):
    """One person has too many open questions."""

    code = "too_many_traces"


class NotCut(AnalysisError):
    """The file has no such stretch, or no copy can be made of it."""

    code = "not_cut"


class Busy(AnalysisError):
    """Others are having the same done, which takes a while."""

    code = "busy"
