"""The reasons a detector may have to give no score."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a detector gives no score."""

    NO_FACE = "no_face"
    FACE_TOO_SMALL = "face_too_small"
    FACE_TOO_BLURRED = "face_too_blurred"
    TOO_SHORT = "too_short"
    SILENCE = "silence"
    NOISE = "noise"
    NO_SOUND = "no_sound"
    NO_PICTURE = "no_picture"
    UNSUPPORTED_CODEC = "unsupported_codec"
    DECODE_ERROR = "decode_error"
    OUTSIDE_DOMAIN = "outside_domain"
    DETECTOR_FAILED = "detector_failed"
    DETECTOR_MISSING = "detector_missing"
    REPORTS_FACTS = "reports_facts"
