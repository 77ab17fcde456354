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


class LeaseLost(AnalysisError):
    """The attempt is over: the run was taken back, ended or given to another worker. Stop, write nothing."""

    code = "lease_lost"


class MediaMissing(AnalysisError):
    """The stored file of a media is not there any more."""

    code = "media_missing"
