"""What can go wrong in an examination, with a stable code for programs and a sentence for people."""


class EngineError(Exception):
    """Base of all; `retryable` says whether trying the same file again may help."""

    code = "engine_error"
    retryable = False


class UndecodableMedia(EngineError):
    """The file cannot be read as picture or sound."""

    code = "undecodable_media"


class UnsupportedCodec(UndecodableMedia):
    """The container can be read, but there is no decoder for what it holds."""

    code = "unsupported_codec"


class LimitExceeded(EngineError):
    """The file is larger, longer or holds more than the settings allow."""

    code = "limit_exceeded"


class UnknownDetector(EngineError):
    """A detector was asked for by a name nobody registered."""

    code = "unknown_detector"


class UnverifiedWeights(EngineError):
    """A weight file is missing or its SHA-256 is not the catalogue's."""

    code = "unverified_weights"


class UnusableWeights(EngineError):
    """A weight file cannot be read, belongs to another net, or holds numbers that are none."""

    code = "unusable_weights"


class Cancelled(EngineError):
    """Somebody asked for the examination to stop."""

    code = "cancelled"


class ReaderLost(EngineError):
    """The sandboxed reader died or ran out of its memory or time."""

    code = "reader_lost"
