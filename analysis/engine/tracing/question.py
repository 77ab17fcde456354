"""Which score is meant. Without NumPy, so that the web can ask."""

from dataclasses import dataclass

PTS_DIGITS = 3  # of times on record
SCORE_DIGITS = 6  # of the scores of a curve on record; those of whole files stand there in full


@dataclass(frozen=True)
class Question:
    """Which score: that of one moment (and one face's track), or without a time that of the file as a whole."""

    detector: str
    pts_seconds: float | None = None
    track: int | None = None


def same_moment(one_seconds: float, other_seconds: float) -> bool:
    """Whether two media times are one on record."""
    return round(one_seconds, PTS_DIGITS) == round(other_seconds, PTS_DIGITS)
