"""An examination whose verdict is stressed: copies are made, looked at, compared and removed."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from analysis.engine.errors import Cancelled
from analysis.engine.prepared import prepared
from analysis.engine.types import (
    Band,
    Concluded,
    Consumes,
    DetectorEnded,
    FrameBatch,
    NotAssessed,
    OutcomeName,
    Reason,
    SoundBatch,
    StressStarted,
    VariantEnded,
    VariantStarted,
)
from tests import clips
from tests.analysis.engine.plugins import NO_WEIGHTS, Failing, Plain, card, of
from tests.analysis.engine.stress.wavering import (
    Stopping,
    Wavering,
    conclusion,
    states,
    stressed,
    stressing,
)
from tests.calibrations import good_calibration

SOON_SECONDS = 2.0


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "scratch"


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    return clips.write_image(tmp_path_factory.mktemp("picture") / "picture.png", width=160, height=120)


@pytest.fixture(scope="module")
def told(picture, tmp_path_factory):
    """Of one run of several detectors."""
    return stressed(
        picture,
        tmp_path_factory.mktemp("scratch") / "mine",
        Wavering(card("fickle"), score=0.31, then=lambda copy: 0.78 if copy == 0 else 0.3),
        Wavering(card("shy"), score=0.2, then=lambda copy: Reason.FACE_TOO_SMALL if copy == 1 else 0.2),
        Wavering(card("broken"), score=0.2, then=lambda copy: 1 / 0),
        Failing("finish", ValueError("no")),
        Plain(card("container", consumes=Consumes.FILE)),
        Plain(card("history", stressed=False)),
    )


def test_a_flip_makes_the_outcome_inconclusive(told):
    concluded, stress = conclusion(told)

    assert states(stress) == {"recompressed": "flipped", "half_size": "held", "cropped": "held"}
    assert concluded.outcome.name is OutcomeName.SOME_SIGNS
    assert "Fickle score moved from 0.31 to 0.78 after saving as JPEG 50: inconclusive" in stress.sentence


def test_copies_are_told_when_they_are_begun_and_when_they_are_scored(told):
    lines = of((StressStarted, VariantStarted, VariantEnded, Concluded), told)

    assert [type(one) for one in lines] == [StressStarted, *[VariantStarted, VariantEnded] * 3, Concluded]


def test_detectors_end_once_whatever_copies_there_are(told):
    names = [ending.detector for ending in of(DetectorEnded, told)]

    assert sorted(names) == ["broken", "container", "failing", "fickle", "history", "shy"]


def test_who_abstains_or_fails_about_a_copy_gives_a_reason_and_no_score(told):
    _, stress = conclusion(told)
    after = {one.detector: one.after for one in stress.variants[1].compared}

    assert after["shy"] == NotAssessed(Reason.FACE_TOO_SMALL, "the copy is none of mine")
    assert after["broken"].reason is Reason.DETECTOR_FAILED


def test_who_had_no_score_or_loses_its_traces_is_not_asked(told):
    _, stress = conclusion(told)
    asked = {one.detector for variant in stress.variants for one in variant.compared}

    assert asked == {"fickle", "shy", "broken"}
    assert dict(stress.left_out).keys() == {"container", "history"}


def test_a_video_is_encoded_again_halved_and_cut(tmp_path, scratch):
    clip = clips.write_video(
        tmp_path / "clip.mp4",
        seconds=4.0,
        width=161,
        height=120,
        pixel_format="yuv444p",
        tone_hz=440.0,
        rotation=90,
    )
    looks = Wavering(card("looks"), then=lambda copy: 0.25)
    hears = Wavering(card("hears", consumes=Consumes.SOUND), then=lambda copy: 0.25)

    _, stress = conclusion(stressed(clip, scratch, looks, hears))

    assert states(stress) == dict.fromkeys(("recompressed", "half_size", "trimmed", "narrow_band"), "held")
    sizes = [(source.probe.width, source.probe.height) for source in looks.sources]
    assert sizes == [(120, 161), (120, 160), (60, 80), (120, 160)]
    lengths = [round(source.probe.duration_seconds, 1) for source in looks.sources]
    assert lengths == [4.0, 4.0, 4.0, 3.0]
    assert [source.probe.has_sound for source in hears.sources] == [True] * 4


def test_a_trimmed_copy_shows_and_sounds_as_the_rest_of_the_file_does(tmp_path, scratch):
    rate = 16_000
    sound = clips.write_samples(
        tmp_path / "steps.wav", np.repeat(np.linspace(-0.5, 0.5, 40, dtype=np.float32), rate // 2)
    )
    hears = Wavering(card(consumes=Consumes.SOUND), then=lambda copy: 0.25)

    with stressing(sound, scratch, hears) as going:
        for seen in going:
            if isinstance(seen, VariantEnded) and seen.variant == "trimmed":
                heard = np.concatenate([b.samples for b in hears.batches if isinstance(b, SoundBatch)])

    assert len(heard) == 18 * rate  # of 20 s the first tenth is cut
    assert heard[rate // 4] == pytest.approx(-0.5 + 4 / 39, abs=0.001)


def test_of_long_media_a_portion_is_altered_and_compared_with_the_same_portion(tmp_path, scratch):
    long = clips.write_sound(tmp_path / "long.wav", seconds=70.0, rate_hz=16_000)
    # the whole says 0.4, the portion as it is 0.2: copies are held against that
    hears = Wavering(card(consumes=Consumes.SOUND), score=0.4, then=lambda copy: 0.2)

    concluded, stress = conclusion(stressed(long, scratch, hears))

    assert stress.portion_seconds == 30.0
    assert stress.sentence == "Stressed (the first 30 s of it): held under 3 of 3 variants."
    lengths = [round(source.probe.duration_seconds) for source in hears.sources]
    assert lengths == [70, 30, 30, 30, 27]
    assert concluded.outcome.name is OutcomeName.NO_SIGNS


def test_damaged_media_are_stressed_with_what_of_them_can_be_read(tmp_path, scratch):
    whole = clips.write_video(tmp_path / "whole.mp4", seconds=3.0)
    damaged = tmp_path / "damaged.mp4"
    content = whole.read_bytes()
    damaged.write_bytes(content[: len(content) * 2 // 3])

    concluded, stress = conclusion(stressed(damaged, scratch, Plain(score=0.7)))

    assert set(states(stress).values()) == {"held"}
    assert concluded.outcome.name is OutcomeName.SOME_SIGNS


def test_a_calibration_for_faces_of_the_finder_in_use_holds_for_copies_too(picture, scratch):
    of_faces = card("faces", consumes=Consumes.FACES)
    calibrations = {"faces": good_calibration(prepared(of_faces, NO_WEIGHTS))}

    seen = stressed(picture, scratch, Plain(of_faces, score=0.95), calibrations=calibrations)
    concluded, stress = conclusion(seen)

    assert of(DetectorEnded, seen)[0].assessment.band is Band.STRONG
    assert set(states(stress).values()) == {"held"}
    assert concluded.outcome.name is OutcomeName.STRONG_SIGNS


def test_a_copy_that_cannot_be_made_is_named_with_its_reason(tmp_path, scratch):
    # the header promises what is not there: a second is cut off, and nothing is left
    short = clips.write_video(tmp_path / "short.mkv", seconds=0.8)
    clips.claim_duration(short, 5.0)

    _, stress = conclusion(stressed(short, scratch, Plain()))
    trimmed = stress.variants[2]

    assert (trimmed.state, trimmed.not_run) == ("not_run", "failed")
    assert "nothing of it is left to look at" in trimmed.detail
    assert "held under 2 of 3 variants" in stress.sentence


@pytest.mark.parametrize(("seconds", "fps"), [(0.8, 25), (1.0, 24), (30 * 1001 / 30000, 30000 / 1001)])
def test_of_a_clip_that_a_cut_would_leave_nothing_of_none_is_cut(tmp_path, scratch, seconds, fps):
    times = [number / fps for number in range(round(seconds * fps))]
    short = clips.write_video(tmp_path / "short.mp4", times=times)

    _, stress = conclusion(stressed(short, scratch, Plain()))

    assert states(stress) == {"recompressed": "held", "half_size": "held"}
    assert stress.sentence == "Stressed: held under 2 of 2 variants."


def test_of_a_little_longer_clip_what_is_left_is_looked_at(tmp_path, scratch):
    clip = clips.write_video(tmp_path / "clip.mp4", seconds=1.04, fps=25)

    _, stress = conclusion(stressed(clip, scratch, Plain()))

    assert states(stress)["trimmed"] == "held"


def test_what_does_not_fit_the_budget_is_not_run_and_says_so(picture, scratch):
    stopping = Stopping()

    began = time.monotonic()
    with stressing(picture, scratch, stopping, budget_seconds=4.0) as going:
        seen = []
        for one in going:
            seen.append(one)
            if isinstance(one, VariantEnded):
                stopping.let_go.set()
    _, stress = conclusion(seen)

    assert set(states(stress).values()) == {"not_run"}
    assert {variant.not_run for variant in stress.variants} == {"budget"}
    assert "held under 0 of 3 variants" in stress.sentence
    assert "not run: budget" in stress.sentence
    assert time.monotonic() - began < 20
    assert not scratch.exists()


@pytest.mark.parametrize("point", [StressStarted, VariantStarted])
def test_a_cancel_ends_it_soon_and_leaves_nothing(picture, scratch, point):
    asked = threading.Event()
    going = stressing(picture, scratch, Plain(), cancelled=asked.is_set)
    assert any(isinstance(seen, point) for seen in going)

    asked.set()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        list(going)
    going.close()

    assert time.monotonic() - began < SOON_SECONDS
    assert not scratch.exists()


def test_a_cancel_while_a_copy_is_looked_at_leaves_nothing(picture, scratch):
    stopping, asked = Stopping(), threading.Event()
    going = stressing(picture, scratch, stopping, cancelled=asked.is_set)
    cancelled: list[BaseException] = []

    def draw() -> None:
        try:
            list(going)
        except Cancelled as error:
            cancelled.append(error)

    drawing = threading.Thread(target=draw)
    drawing.start()
    assert stopping.reached.wait(60)
    copies = list(scratch.iterdir())
    asked.set()
    began = time.monotonic()
    drawing.join(SOON_SECONDS)
    took = time.monotonic() - began
    stopping.let_go.set()
    going.close(SOON_SECONDS)

    assert copies
    assert cancelled and took < SOON_SECONDS
    assert not scratch.exists()


@pytest.mark.parametrize("silent", [True, False])
def test_without_a_score_that_could_flip_nothing_is_altered(picture, scratch, silent):
    detector = Plain(card("history", stressed=False))
    if silent:
        detector.finish = lambda: NotAssessed(Reason.NO_FACE, "no face")  # type: ignore[method-assign]

    seen = stressed(picture, scratch, detector)
    concluded, stress = conclusion(seen)

    assert not of(StressStarted, seen)
    assert stress.variants == ()
    assert stress.not_run == (
        "the outcome is not assessable, so there is no score that could flip"
        if silent
        else "no detector that can be stressed gave a score"
    )
    assert f"not stressed: {stress.not_run}" in concluded.outcome.limit


def test_a_file_that_cannot_be_read_is_not_stressed(tmp_path, scratch):
    noise: Path = tmp_path / "noise.png"
    noise.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)

    concluded, stress = conclusion(stressed(noise, scratch, Plain()))

    assert "not assessable" in stress.not_run
    assert concluded.outcome.name is OutcomeName.NOT_ASSESSABLE


def test_a_cropped_picture_lacks_its_borders_and_nothing_else(picture, scratch):
    looks = Wavering(then=lambda copy: 0.25)
    shown = {}

    for seen in stressing(picture, scratch, looks):
        if isinstance(seen, VariantEnded):
            (batch,) = looks.batches
            assert isinstance(batch, FrameBatch)
            shown[seen.variant] = batch.frames[0].rgb

    assert np.array_equal(shown["cropped"], clips.scene(0, 160, 120)[12:108, 16:144])
    assert shown["half_size"].shape == (60, 80, 3)
