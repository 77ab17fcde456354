"""Why a detector of faces in passages found none it could use."""

from collections import Counter

from analysis.engine.types import FaceBatch, NotAssessed, Reason

WORDS = {
    Reason.NO_FACE: "no face was found",
    Reason.FACE_TOO_SMALL: "the faces are too small",
    Reason.FACE_TOO_BLURRED: "the faces are too blurred",
    Reason.DECODE_ERROR: "pictures are damaged",
    Reason.OUTSIDE_DOMAIN: "the face finder in use gives no landmarks; install YuNet's weights",
}


def count_refusals(refusals: Counter[Reason], batch: FaceBatch) -> None:
    """Adds why frames of this batch hold no usable face."""
    seen = {face.index for face in batch.faces}
    refusals.update(
        batch.refused.get(index, Reason.NO_FACE) for index, _ in batch.sampled if index not in seen
    )


def absent(refusals: Counter[Reason], frames: int) -> NotAssessed:
    """A face that was seen but refused says more than the frames where there was none."""
    seen = [(count, reason) for reason, count in refusals.items() if reason is not Reason.NO_FACE]
    reason = max(seen)[1] if seen else Reason.NO_FACE
    return NotAssessed(reason, f"{WORDS[reason]} in {frames} frames")
