"""A detector of pictures that hears sound beside them is stressed by copies of either, and is given both in each."""

import numpy as np
import pytest

from analysis.engine.stress.variants import variants_for
from analysis.engine.types import Consumes, FrameBatch, MediaKind, SoundBatch, VariantEnded
from tests import clips
from tests.analysis.engine.plugins import card
from tests.analysis.engine.stress.wavering import Wavering, stressing

NAMES = ["recompressed", "half_size", "trimmed", "narrow_band"]
SECONDS = 4.0


@pytest.fixture(scope="module")
def fed(tmp_path_factory):
    """By variant: the height of the pictures, and all sound."""
    folder = tmp_path_factory.mktemp("clip")
    clip = clips.write_video(folder / "clip.mp4", seconds=SECONDS, width=160, height=120, tone_hz=6_000.0)
    both = Wavering(
        card("both", kinds=frozenset({MediaKind.VIDEO}), hears=True),
        then=lambda copy: 0.25,
    )
    fed = {}
    with stressing(clip, folder / "scratch", both) as going:
        for seen in going:
            if isinstance(seen, VariantEnded):
                assert seen.state == "held", seen
                heard = [batch.samples for batch in both.batches if isinstance(batch, SoundBatch)]
                shown = [batch for batch in both.batches if isinstance(batch, FrameBatch)]
                fed[seen.variant] = (shown[0].frames[0].rgb.shape[0], np.concatenate(heard))
    return fed


def test_it_is_asked_about_copies_of_pictures_and_of_sound():
    both = card(consumes=Consumes.FACES, kinds=frozenset({MediaKind.VIDEO}), hears=True)

    variants = variants_for(MediaKind.VIDEO, [both])

    assert [variant.name for variant in variants] == NAMES


def test_every_copy_has_pictures_and_sound(fed):
    heights = {name: height for name, (height, _) in fed.items()}
    lengths = {name: round(len(sound) / 16_000) for name, (_, sound) in fed.items()}

    assert heights == {"recompressed": 120, "half_size": 60, "trimmed": 120, "narrow_band": 120}
    assert lengths == {"recompressed": 4, "half_size": 4, "trimmed": 3, "narrow_band": 4}


def test_sound_is_altered_only_where_the_copy_is_of_sound(fed):
    loudness = {name: float(np.sqrt(np.mean(sound[8_000:40_000] ** 2))) for name, (_, sound) in fed.items()}

    # at 8 kHz nothing is left of a tone of 6 kHz
    assert loudness["narrow_band"] < 0.1 * loudness["half_size"]
    assert clips.pitch_hz(fed["half_size"][1]) == pytest.approx(6_000, abs=5)
