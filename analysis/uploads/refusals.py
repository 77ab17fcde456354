"""Why a file is not taken, with a stable code for programs and a sentence for people."""


class UploadRefused(Exception):
    """Base of all."""

    code = "upload_refused"


class EmptyFile(UploadRefused):
    """There are no bytes in it."""

    code = "empty_file"


class TooLarge(UploadRefused):
    """More bytes than the settings allow, or than were announced."""

    code = "too_large"


class NotMedia(UploadRefused):
    """Its bytes are those of no picture, video or sound format that we know."""

    code = "not_media"


class OverLimits(UploadRefused):
    """More pixels, a longer time or more streams than the settings allow."""

    code = "over_limits"


class NoSpace(UploadRefused):
    """The disk is full, or would be too full for the rest of the product."""

    code = "no_space"


class Interrupted(UploadRefused):
    """The sender went away, or the body ended too early."""

    code = "interrupted"


class WrongHash(UploadRefused):
    """What arrived is not what the sender says it sent."""

    code = "wrong_hash"
