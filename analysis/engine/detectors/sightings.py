"""What a detector of faces in passages was shown, and why it could use none of it."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from analysis.engine.signals.oval import Reals, eyes_px
from analysis.engine.types import Batch, FaceBatch, FaceCrop, NotAssessed, Reason

WORDS = {
    Reason.NO_FACE: "no face was found",
    Reason.FACE_TOO_SMALL: "the faces are too small",
    Reason.FACE_TOO_BLURRED: "the faces are too blurred",
    Reason.DECODE_ERROR: "pictures are damaged",
}
TURNED = "the faces are turned away, so that their eyes are too near to each other"
NO_LANDMARKS = "the face finder in use gives no landmarks; install YuNet's weights"


@dataclass
class Sightings:
    """Counts of one run; `refusals` by frame or face, `outside` why faces were of no use, in words."""

    frames: int = 0
    last_seconds: float = 0.0
    refusals: Counter[Reason] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)

    def faces(self, batch: Batch) -> tuple[FaceCrop, ...]:
        """The faces of the batch, which is counted."""
        if not isinstance(batch, FaceBatch) or not batch.sampled:
            return ()
        self.frames += len(batch.sampled)
        self.last_seconds = batch.sampled[-1][1]
        shown = {face.index for face in batch.faces}
        self.refusals.update(
            batch.refused.get(index, Reason.NO_FACE) for index, _ in batch.sampled if index not in shown
        )
        return batch.faces

    def too_small(self) -> None:
        self.refusals[Reason.FACE_TOO_SMALL] += 1

    def eyes(self, face: FaceCrop, *, least_px: float = 0.0) -> tuple[Reals, Reals] | None:
        """As eyes_px; None, counted, also where the eyes are nearer to each other than `least_px`."""
        found = eyes_px(face)
        if found is None:
            self.outside[TURNED if face.landmarks else NO_LANDMARKS] += 1
        elif np.hypot(*found[1]) < least_px:
            self.too_small()
            return None
        return found

    def absence(self) -> NotAssessed:
        """A face that was seen but of no use says more than one refused, and that more than frames without any."""
        if self.outside:
            ((words, faces),) = self.outside.most_common(1)
            return NotAssessed(Reason.OUTSIDE_DOMAIN, f"{words} ({faces} faces in {self.frames} frames)")
        seen = [(count, reason) for reason, count in self.refusals.items() if reason is not Reason.NO_FACE]
        reason = max(seen)[1] if seen else Reason.NO_FACE
        return NotAssessed(reason, f"{WORDS[reason]} in {self.frames} frames")


def width_px(face: FaceCrop) -> float:
    """The width of the face's box in the original."""
    if face.region is None:
        return 0.0
    return (face.box[2] - face.box[0]) / max(face.region[2] - face.region[0], 1e-9) * face.rgb.shape[1]
