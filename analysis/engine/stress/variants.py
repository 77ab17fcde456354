"""The altered copies that a verdict is stressed with: what messengers, platforms and hasty editors do to a file.

CRF 35 and Opus at 16 kbit/s, 16 kHz and mono are about what messengers send; JPEG 50 is the lowest that is common.
Copies that only scale or cut are encoded nearly or wholly without loss, so that a score can be blamed on that alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.engine.detectors.base import Card
from analysis.engine.types import Consumes, MediaKind

# Of longer media this much of the beginning is altered, and compared with the same portion unaltered.
PORTION_SECONDS = 30.0
LEAST_CUT_SECONDS = 1.0
PICTURES = frozenset((Consumes.FRAMES, Consumes.FACES))
SOUND = frozenset((Consumes.SOUND,))


@dataclass(frozen=True)
class Variant:
    """One altered copy. `after` continues "score moved … after". `alters` is what detectors must consume to be asked.

    crf: x264's; jpeg_quality: None saves a picture without loss; opus_bits_per_second: None saves sound without loss.
    cut_share: of the length, cut off the beginning, at least 1 s; border_share: of each side, cropped at each border.
    """

    name: str
    title: str
    after: str
    alters: frozenset[Consumes]
    scale: float = 1.0
    crf: int = 10
    jpeg_quality: int | None = None
    opus_bits_per_second: int | None = None
    sound_rate_hz: int = 16_000
    cut_share: float = 0.0
    border_share: float = 0.0

    def asks(self, card: Card) -> bool:
        """Whether this copy differs in what that detector looks at."""
        return card.consumes in self.alters or (card.hears and Consumes.SOUND in self.alters)

    def leaves(self, last_seconds: float | None) -> bool:
        """Whether something is left of media that end then."""
        return not self.cut_share or last_seconds is None or last_seconds > LEAST_CUT_SECONDS


_PICTURE = (
    Variant("recompressed", "Saved as JPEG of quality 50", "saving as JPEG 50", PICTURES, jpeg_quality=50),
    Variant("half_size", "Scaled to half", "scaling to half", PICTURES, scale=0.5),
    Variant("cropped", "A tenth cropped at each border", "cropping a tenth", PICTURES, border_share=0.1),
)
_NARROW = Variant("narrow_band", "Resampled to 8 kHz", "resampling to 8 kHz", SOUND, sound_rate_hz=8_000)
_VIDEO = (
    Variant(
        "recompressed",
        "Re-encoded (H.264 CRF 35, Opus 16 kbit/s)",
        "re-encoding",
        PICTURES | SOUND,
        crf=35,
        opus_bits_per_second=16_000,
    ),
    Variant("half_size", "Scaled to half (H.264 CRF 18)", "scaling to half", PICTURES, scale=0.5, crf=18),
    Variant("trimmed", "First tenth cut off", "cutting off the first tenth", PICTURES | SOUND, cut_share=0.1),
)
_HEARD = (
    Variant("recompressed", "Re-encoded (Opus 16 kbit/s)", "re-encoding", SOUND, opus_bits_per_second=16_000),
    _NARROW,
    Variant("trimmed", "First tenth cut off", "cutting off the first tenth", SOUND, cut_share=0.1),
)


def variants_for(
    kind: MediaKind, cards: Sequence[Card], last_seconds: float | None = None
) -> tuple[Variant, ...]:
    """The copies that are made of such a file, of which each concerns at least one of these detectors.

    last_seconds: when its last picture is shown, or its sound ends; None where that is not known.
    """
    offered: tuple[Variant, ...]
    if kind is MediaKind.IMAGE:
        offered = _PICTURE
    elif any(card.consumes in PICTURES for card in cards):
        offered = (*_VIDEO, _NARROW)
    else:
        offered = _HEARD
    made = (variant for variant in offered if variant.leaves(last_seconds))
    return tuple(variant for variant in made if any(variant.asks(card) for card in cards))


def not_stressed(card: Card) -> str:
    """Why a detector is not asked about copies; empty for one that is."""
    if not card.forensic:
        return "it does not judge whether a file was manipulated"
    if card.consumes is Consumes.FILE or not card.stressed:
        return "any copy legitimately loses what it looks at"
    return ""
