"""Pictures that were not decoded whole are gaps for every detector, and never scores."""

import numpy as np
import pytest
from PIL import Image

from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.reader import open_media
from analysis.engine.types import Consumes, FrameBatch, NotAssessed, Reason, ScoresMeasured
from tests import clips
from tests.analysis.engine.plugins import Plain, card, ending, of, run


@pytest.fixture
def bitten(tmp_path):
    """Five seconds with a key picture each second; bytes of one picture between two of them are lost."""
    noise = np.random.default_rng(1).integers(0, 255, (125, 120, 160, 3), np.uint8)
    path = clips.write_video(
        tmp_path / "clip.mp4",
        seconds=5,
        width=160,
        height=120,
        frames=noise,
        options={"preset": "ultrafast", "g": "25", "keyint_min": "25", "sc_threshold": "0", "bf": "0"},
    )
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 4
    at = start + int((len(content) - start) * 0.5)
    content[at : at + 2000] = bytes(2000)
    path.write_bytes(content)
    return path


def gaps(seen, name):
    points = [
        point for scores in of(ScoresMeasured, seen) if scores.detector == name for point in scores.points
    ]
    return [point.pts_seconds for point in points if point.reason is Reason.DECODE_ERROR]


@pytest.mark.parametrize("between", [0, 2], ids=["no B pictures", "two B pictures in a row"])
def test_what_is_predicted_from_a_lost_picture_is_damaged_and_nothing_else(tmp_path, between):
    texture = np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8).repeat(2, 0).repeat(2, 1)
    options = {"preset": "medium", "g": "20", "keyint_min": "20", "sc_threshold": "0", "bf": str(between)}
    sliding = [np.roll(texture, 2 * number, axis=1) for number in range(75)]
    whole = clips.write_video(
        tmp_path / "whole.mp4", seconds=3, width=320, height=240, frames=sliding, options=options
    )
    bitten = clips.lose_packet(whole, tmp_path / "bitten.mp4", after_key_at_seconds=1.6)

    expected, found = frames_of(whole), frames_of(bitten)

    apart = {at: np.abs(found[at].rgb.astype(int) - expected[at].rgb).mean() for at in found}
    ruined = {at for at, difference in apart.items() if difference > 20}
    assert ruined
    assert ruined <= {at for at, frame in found.items() if frame.damaged}
    assert not any(frame.damaged for at, frame in found.items() if at <= 1.6 or at >= 2.4)


def frames_of(path):
    wants = frozenset({Consumes.FRAMES})
    with open_media(path, limits=Limits(), sampling=Sampling(), wants=wants) as reader:
        return {round(frame.pts_seconds, 3): frame for batch in reader.batches() for frame in batch.frames}


def test_damaged_frames_are_gaps_until_the_next_key_picture(bitten):
    plain = Plain()

    seen = run(bitten, plain)

    lost = gaps(seen, "plain")
    assert lost == [at for at in (2.4, 2.6, 2.8) if at >= lost[0]]
    handed = [f for batch in plain.batches if isinstance(batch, FrameBatch) for f in batch.frames]
    assert not any(frame.damaged for frame in handed)
    coverage = ending(seen, "plain").assessment.coverage
    assert (coverage.scored, coverage.sampled) == (25 - len(lost), 25)
    assert coverage.left_out == ((Reason.DECODE_ERROR, len(lost)),)
    assert f"left out part of {len(lost)} of 25 frames (damaged)" in seen[-1].outcome.limit


def test_no_face_is_looked_for_in_a_damaged_frame(bitten):
    faces, frames = Plain(card("faces", consumes=Consumes.FACES)), Plain()

    seen = run(bitten, faces, frames)

    refused = [reason for batch in faces.batches for reason in batch.refused.values()]
    assert refused.count(Reason.DECODE_ERROR) == len(gaps(seen, "plain")) > 0


def test_a_picture_that_breaks_off_is_not_scored(media_dir):
    seen = run(media_dir / "corrupt" / "truncated_jpeg.jpg", Plain())

    assessment = ending(seen, "plain").assessment
    assert isinstance(assessment, NotAssessed)
    assert assessment.reason == Reason.DECODE_ERROR
    assert gaps(seen, "plain") == [0.0]


def test_a_png_with_a_broken_middle_is_not_scored(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    path = tmp_path / "broken.png"
    Image.fromarray(noise).save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = bytes(64)
    path.write_bytes(content)

    seen = run(path, Plain())

    assessment = ending(seen, "plain").assessment
    assert isinstance(assessment, NotAssessed)
    assert assessment.reason == Reason.DECODE_ERROR


def test_a_video_full_of_damage_is_not_said_to_be_scored_whole(media_dir):
    seen = run(media_dir / "corrupt" / "derived_bitflips.mp4", Plain())

    coverage = ending(seen, "plain").assessment.coverage
    assert coverage.scored < coverage.sampled == 42
