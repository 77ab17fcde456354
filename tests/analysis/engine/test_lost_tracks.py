"""A track that is there and cannot be decoded is told from one that is not there."""

import pytest

from analysis.engine.errors import UnsupportedCodec
from analysis.engine.media.limits import Limits
from analysis.engine.media.probe_child import probe_file
from analysis.engine.types import Consumes, OutcomeName, Reason
from tests import clips
from tests.analysis.engine.plugins import Plain, card, ending, run


@pytest.fixture(
    params=[("clip.mkv", b"V_MPEG4/ISO/AVC", b"V_NOBODYKNOWSIT"), ("clip.mp4", b"avc1\0", b"zzz9\0")]
)
def clip_of_an_unknown_codec(request, tmp_path):
    name, known, unknown = request.param
    path = clips.write_video(tmp_path / name, seconds=3, tone_hz=440)
    path.write_bytes(path.read_bytes().replace(known, unknown))
    return path


@pytest.fixture
def clip_of_unknown_sound(tmp_path):
    path = clips.write_video(tmp_path / "clip.mkv", seconds=3, tone_hz=440)
    path.write_bytes(path.read_bytes().replace(b"A_AAC", b"A_ZZZ"))
    return path


def test_a_picture_without_a_decoder_is_no_absent_picture(clip_of_an_unknown_codec):
    seen = run(clip_of_an_unknown_codec, Plain(), Plain(card("sound", consumes=Consumes.SOUND)))

    end = ending(seen, "plain")
    assert (end.assessment.reason, end.assessment.detail) == (
        Reason.UNSUPPORTED_CODEC,
        "there is no decoder for its picture (track 0)",
    )
    assert seen[-1].outcome.name == OutcomeName.NOT_ASSESSABLE
    assert "no decoder for its picture (track 0)" in seen[-1].outcome.limit


def test_sound_without_a_decoder_is_no_absent_sound(clip_of_unknown_sound):
    seen = run(clip_of_unknown_sound, Plain(), Plain(card("sound", consumes=Consumes.SOUND)))

    end = ending(seen, "sound")
    assert (end.assessment.reason, end.assessment.detail) == (
        Reason.UNSUPPORTED_CODEC,
        "there is no decoder for its sound (track 1)",
    )
    assert seen[-1].outcome.name == OutcomeName.NOT_ASSESSABLE


def test_a_silent_clip_still_has_no_sound_and_shows_no_signs(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=1)

    seen = run(path, Plain(), Plain(card("sound", consumes=Consumes.SOUND)))

    assert ending(seen, "sound").assessment.reason == Reason.NO_SOUND
    assert seen[-1].outcome.name == OutcomeName.NO_SIGNS


def test_a_file_of_which_nothing_has_a_decoder_is_refused(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=1)
    path.write_bytes(path.read_bytes().replace(b"avc1\0", b"zzz9\0"))

    with pytest.raises(UnsupportedCodec, match="no decoder for its picture"):
        probe_file(path, limits=Limits())
