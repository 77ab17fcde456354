"""One pass over a file feeds every detector what it consumes, in order, and counts for it."""

import pytest

from analysis.engine.errors import UnknownDetector
from analysis.engine.pipeline import Options, examine
from analysis.engine.types import (
    Concluded,
    Consumes,
    Coverage,
    DetectorEnded,
    DetectorProgressed,
    DetectorStarted,
    EvidenceMade,
    FaceBatch,
    FileFacts,
    FrameBatch,
    MediaKind,
    NotAssessed,
    OutcomeName,
    Probed,
    Reason,
    ScoresMeasured,
    SoundBatch,
    Stage,
    StageFinished,
    StageStarted,
)
from tests import clips
from tests.analysis.engine import plugins
from tests.analysis.engine.plugins import Plain, card, ending, of, registry, run


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.write_video(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=4.0, tone_hz=440.0)


def test_each_detector_gets_what_it_consumes(clip):
    frames, faces = Plain(card("frames")), Plain(card("faces", consumes=Consumes.FACES))
    sound, file = (
        Plain(card("sound", consumes=Consumes.SOUND)),
        Plain(card("file", consumes=Consumes.FILE)),
    )

    run(clip, frames, faces, sound, file)

    assert {type(batch) for batch in frames.batches} == {FrameBatch}
    assert {type(batch) for batch in faces.batches} == {FaceBatch}
    assert {type(batch) for batch in sound.batches} == {SoundBatch}
    assert [type(batch) for batch in file.batches] == [FileFacts]


def test_frames_come_in_media_time_order_at_the_sampled_rate(clip):
    plain = Plain()

    run(clip, plain, options=Options(sample_fps=5.0))

    times = [frame.pts_seconds for batch in plain.batches for frame in batch.frames]
    assert times == pytest.approx([n / 5 for n in range(20)], abs=0.021)  # the nearest frame of 25 a second


def test_two_detectors_see_the_same_decoded_frames(clip):
    one, other = Plain(card("one")), Plain(card("other"))

    run(clip, one, other)

    assert all(a is b for a, b in zip(one.batches, other.batches, strict=True))


def test_it_begins_with_the_probe_and_ends_with_the_conclusion(clip):
    seen = run(clip, Plain())

    assert isinstance(seen[0], StageStarted)
    assert seen[0].stage == Stage.INITIALIZING
    assert [o.probe.kind for o in of(Probed, seen)] == [MediaKind.VIDEO]
    assert isinstance(seen[-1], Concluded)


def test_every_stage_that_starts_finishes(clip):
    seen = run(clip, Plain(), Plain(card("faces", consumes=Consumes.FACES)))

    started = [o.stage for o in of(StageStarted, seen)]
    assert sorted(started) == sorted(o.stage for o in of(StageFinished, seen))
    assert Stage.FEATURE_EXTRACTION in started


def test_faces_are_looked_for_only_if_somebody_consumes_them(clip):
    seen = run(clip, Plain())

    assert Stage.FEATURE_EXTRACTION not in [o.stage for o in of(StageStarted, seen)]


def test_progress_is_counted_for_a_detector_that_counts_nothing(clip):
    seen = run(clip, Plain(), options=Options(sample_fps=5.0))

    progress = of(DetectorProgressed, seen)
    assert (progress[0].done, progress[0].total) == (0, 20)
    assert (progress[-1].done, progress[-1].total) == (20, 20)
    assert [p.done for p in progress] == sorted(p.done for p in progress)
    assert progress[-1].unit == "frames"


def test_sound_progress_is_counted_in_seconds(clip):
    seen = run(clip, Plain(card("sound", consumes=Consumes.SOUND)))

    last = of(DetectorProgressed, seen)[-1]
    assert (last.unit, last.done, last.total) == ("seconds", last.total, last.total)
    assert last.total in {4, 5}  # AAC pads its last block


def test_the_ending_carries_the_card_and_the_coverage(clip):
    seen = run(clip, Plain(card("plain", family="kin", subject="picture")))

    end = ending(seen, "plain")
    assert (end.version, end.family, end.title, end.subject) == ("1.0", "kin", "Plain", "picture")
    assert end.assessment.coverage == Coverage(20, 20)


def test_started_comes_before_scores_and_scores_before_the_end(clip):
    kinds = [type(o) for o in run(clip, Plain())]

    assert kinds.index(DetectorStarted) < kinds.index(ScoresMeasured)
    assert max(at for at, kind in enumerate(kinds) if kind is ScoresMeasured) < kinds.index(DetectorEnded)


def test_what_a_session_holds_back_is_scored_after_the_last_batch(clip):
    class Holding(Plain):
        def drain(self):
            return [ScoresMeasured("plain", (plugins.ScorePoint(9.5, 0.75),))]

    seen = run(clip, Holding())

    assert of(ScoresMeasured, seen)[-1].points[0].pts_seconds == 9.5


def test_evidence_comes_before_the_ending(clip):
    class Showing(Plain):
        def evidence(self):
            return [EvidenceMade("plain", "kind", "title", "caption", "image/png", b"png")]

    kinds = [type(o) for o in run(clip, Showing())]

    assert kinds.index(EvidenceMade) < kinds.index(DetectorEnded)


def test_an_unknown_name_is_refused_at_once(clip):
    with pytest.raises(UnknownDetector, match="plain"):
        examine(clip, registry=registry(Plain()), detectors=["nobody"])


def test_only_the_named_detectors_run(clip):
    seen = run(clip, Plain(card("one")), Plain(card("other")), detectors=["other", "other"])

    assert [e.detector for e in of(DetectorEnded, seen)] == ["other"]


@pytest.mark.parametrize(
    ("consumes", "kinds", "reason"),
    [
        (Consumes.FRAMES, frozenset(MediaKind), Reason.NO_PICTURE),
        (Consumes.FACES, frozenset(MediaKind), Reason.NO_PICTURE),
        (Consumes.SOUND, frozenset({MediaKind.VIDEO}), Reason.OUTSIDE_DOMAIN),
    ],
)
def test_a_detector_for_something_else_abstains(tmp_path, consumes, kinds, reason):
    sound = clips.write_sound(tmp_path / "tone.wav", seconds=1.0)
    other = Plain(card("other", consumes=consumes, kinds=kinds))

    seen = run(sound, other, detectors=["other"])

    assert ending(seen, "other").assessment.reason == reason
    assert not other.batches


def test_a_clip_without_sound_has_no_sound_to_judge(tmp_path):
    silent = clips.write_video(tmp_path / "mute.mp4", seconds=1.0)

    seen = run(silent, Plain(card("sound", consumes=Consumes.SOUND)))

    assert ending(seen, "sound").assessment.reason == Reason.NO_SOUND
    assert seen[-1].outcome.sentence == "Not assessable: the file has no sound."


@pytest.mark.parametrize("content", [b"", b"no media at all"])
def test_a_file_that_cannot_be_read_is_not_assessable(tmp_path, content):
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)

    seen = run(path, Plain(), Plain(card("sound", consumes=Consumes.SOUND)))

    assert {e.assessment.reason for e in of(DetectorEnded, seen)} == {Reason.DECODE_ERROR}
    assert {e.detector for e in of(DetectorEnded, seen)} == {"plain", "sound"}
    assert seen[-1].outcome.name == OutcomeName.NOT_ASSESSABLE
    assert seen[-1].outcome.sentence == "Not assessable: the file could not be read."


def test_a_file_that_breaks_off_is_judged_on_what_came_before(tmp_path):
    path = tmp_path / "cut.mkv"
    whole = clips.write_video(tmp_path / "whole.mkv", seconds=4.0, container="matroska")
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    seen = run(path, Plain())

    assert 1 <= ending(seen, "plain").assessment.coverage.sampled < 20


def test_a_detector_without_its_weights_is_missing_and_named(clip):
    needy = Plain(card("needy", weights="mesonet/Meso4_DF.h5"))

    seen = run(clip, needy, Plain())

    assessment = ending(seen, "needy").assessment
    assert isinstance(assessment, NotAssessed)
    assert assessment.reason == Reason.DETECTOR_MISSING
    assert "weights pull meso4-df" in assessment.detail
    assert "Needy was missing" in seen[-1].outcome.limit


def test_a_picture_is_one_sample(tmp_path):
    image = clips.write_image(tmp_path / "image.png")

    seen = run(image, Plain())

    assert ending(seen, "plain").assessment.coverage == Coverage(1, 1)
    assert of(DetectorProgressed, seen)[-1].total == 1


def test_examining_twice_yields_the_same_scores(clip):
    first, second = run(clip, Plain()), run(clip, Plain())

    assert of(ScoresMeasured, first) == of(ScoresMeasured, second)


@pytest.fixture
def joined(tmp_path):
    """Two recordings, the second with the times of the first, as recorders leave them."""
    part = clips.write_video(tmp_path / "part.ts", container="mpegts", seconds=3.0)
    path = tmp_path / "joined.ts"
    path.write_bytes(part.read_bytes() * 2)
    return path


def test_timestamps_that_run_backward_are_no_damage(joined):
    seen = run(joined, Plain())

    outcome = seen[-1].outcome
    assert outcome.name == OutcomeName.NO_SIGNS
    assert "of 150 timestamps ran backward and were replaced, so times are estimates" in outcome.limit
    assert "damaged" not in outcome.limit


def test_tracks_that_nobody_looked_at_are_named(media_dir):
    path = media_dir / "video" / "fmt_nasa_multi_stream.mp4"

    seen = run(path, Plain(), Plain(card("sound", consumes=Consumes.SOUND)))

    assert "1 of 2 picture tracks was examined; 1 of 2 sound tracks was examined" in seen[-1].outcome.limit


def test_of_a_file_with_one_track_of_each_nothing_is_said(clip):
    assert "tracks" not in run(clip, Plain())[-1].outcome.limit
