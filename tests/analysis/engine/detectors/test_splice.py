"""The splice detector names passages of another background or with a vocoder's lines, and cuts beside them."""

import numpy as np
import pytest

from analysis.engine.detectors import splice
from analysis.engine.types import NotAssessed, Reason, ScoresMeasured, SoundBatch, Verdict
from tests import speech
from tests.analysis.engine.detectors.listen import RATE_HZ, SOURCE, listen
from tests.analysis.engine.detectors.recordings import sound_of

MELGAN_HZ = 22_050 / 256
SPLICED = "derived_splice_LJ008_melgan_2s-4.5s.wav"


def overlap(found, start, end):
    """Intersection over union of two passages."""
    common = max(0.0, min(found["end_seconds"], end) - max(found["start_seconds"], start))
    return common / (max(found["end_seconds"], end) - min(found["start_seconds"], start))


def inserted(sound, other, start, end):
    first, last = round(start * RATE_HZ), round(end * RATE_HZ)
    return np.concatenate((sound[:first], other[: last - first], sound[last:]))


@pytest.mark.parametrize("seed", range(4))
def test_one_recording_stays_below_the_mark(seed):
    heard = listen(splice, speech.speech(10, seed=seed))

    assert heard.assessment.score < 0.5
    assert heard.facts["passages"] == []


def zeros(seconds):
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def faded(sound, seconds):
    rise = np.minimum(1, np.arange(len(sound)) / (seconds * RATE_HZ))
    return (sound * rise).astype(np.float32)


SILENCED = {
    "in front": lambda sound: np.concatenate((zeros(0.3), sound)),
    "long in front": lambda sound: np.concatenate((zeros(1.5), sound)),
    "behind": lambda sound: np.concatenate((sound, zeros(1.0))),
    "in the middle": lambda sound: np.concatenate((sound[: 5 * RATE_HZ], zeros(1.0), sound[5 * RATE_HZ :])),
    "faded in after it": lambda sound: np.concatenate((zeros(0.5), faded(sound, 0.5), zeros(0.5))),
    "faded in": lambda sound: faded(sound, 0.5),
}


@pytest.mark.parametrize("where", SILENCED)
def test_digital_silence_makes_no_splice(where):
    assert listen(splice, SILENCED[where](speech.speech(10, seed=1))).assessment.score < 0.5


def test_a_passage_from_a_quieter_room_is_found_after_digital_silence():
    sound = inserted(
        speech.speech(10, seed=11, room_db=-45), speech.speech(3, seed=12, room_db=-85), 4.0, 7.0
    )

    heard = listen(splice, np.concatenate((zeros(1.0), sound)))

    assert heard.assessment.score > 0.5
    assert overlap(heard.facts["highest"], 5.0, 8.0) > 0.5


def test_a_passage_from_a_quieter_room_is_found():
    sound = inserted(
        speech.speech(10, seed=11, room_db=-45), speech.speech(3, seed=12, room_db=-85), 4.0, 7.0
    )

    heard = listen(splice, sound)

    assert heard.assessment.score > 0.5
    assert overlap(heard.facts["highest"], 4.0, 7.0) > 0.5


def test_a_passage_with_a_vocoders_lines_is_found_in_the_same_room():
    sound = speech.speech(10, seed=13)
    sound[round(3.2 * RATE_HZ) : round(6.2 * RATE_HZ)] += speech.comb(3, MELGAN_HZ, level=1e-3)

    heard = listen(splice, sound)

    assert heard.facts["highest"]["cue"] == "vocoder lines every 86.1 Hz"
    assert overlap(heard.facts["highest"], 3.2, 6.2) > 0.7


def test_a_passage_deep_in_a_long_recording_is_named_once_in_its_own_time():
    sound = speech.speech(40, seed=14)
    sound[20 * RATE_HZ : 24 * RATE_HZ] += speech.comb(4, MELGAN_HZ, level=1e-3)

    heard = listen(splice, sound)

    (passage,) = [one for one in heard.facts["passages"] if one["cue"].startswith("vocoder")]
    assert overlap(passage, 20, 24) > 0.7


@pytest.mark.parametrize("mains_hz", [100, 120])
def test_mains_buzz_that_begins_and_ends_is_no_vocoder(mains_hz):
    sound = speech.speech(10, seed=13)
    sound[round(3.2 * RATE_HZ) : round(6.2 * RATE_HZ)] += speech.comb(3, mains_hz, level=1e-3)

    passages = listen(splice, sound).facts["passages"]

    assert [one for one in passages if "vocoder" in one["cue"]] == []


def test_sound_that_has_the_lines_throughout_is_no_splice():
    sound = speech.speech(10, seed=15) + speech.comb(10, MELGAN_HZ, level=1e-3)

    assert listen(splice, sound).assessment.score < 0.5


def test_the_block_size_does_not_change_what_is_found():
    sound = speech.speech(12, seed=16)

    assert listen(splice, sound).assessment == listen(splice, sound, block=7001).assessment


def test_below_five_seconds_the_noise_floor_is_not_compared_and_it_says_so():
    assert listen(splice, speech.speech(4, seed=17)).facts["noise_floor_compared"] is False


@pytest.mark.parametrize(
    ("sound", "reason"),
    [(np.zeros(6 * RATE_HZ), Reason.SILENCE), (speech.speech(1.5, seed=18), Reason.TOO_SHORT)],
)
def test_it_abstains_from_silence_and_snatches(sound, reason):
    heard = listen(splice, sound)

    assert isinstance(heard.assessment, NotAssessed)
    assert heard.assessment.reason is reason


def test_the_evidence_is_a_spectrogram_with_the_passage_named():
    sound = speech.speech(8, seed=19)
    sound[2 * RATE_HZ : 5 * RATE_HZ] += speech.comb(3, MELGAN_HZ, level=1e-3)

    (picture,) = listen(splice, sound).evidence

    assert picture.kind == "spectrogram"
    assert picture.content.startswith(b"\x89PNG")
    assert "vocoder lines" in picture.caption


def test_memory_does_not_grow_with_the_recording():
    """Held: one stretch, the rest of one, and the one that is shown, whatever came before."""
    session = splice.make("splice", None, "cpu").open(SOURCE)
    quiet = np.zeros(RATE_HZ, np.float32)

    for second in range(200):
        for measured in session.feed(SoundBatch(float(second), quiet)):
            assert isinstance(measured, ScoresMeasured)

    held = vars(session.stretches)
    assert sum(getattr(one, "nbytes", 0) for one in held.values()) < 31 * RATE_HZ * 4


def test_the_passage_of_the_spliced_recording_is_found(media_dir):
    heard = listen(splice, sound_of(media_dir / "audio" / SPLICED))

    assert heard.assessment.score > 0.5
    assert overlap(heard.facts["highest"], 2.0, 4.5) > 0.5


def test_its_original_stays_below_the_mark(media_dir):
    original = listen(splice, sound_of(media_dir / "audio" / "wavefake_LJ008-0217_real.wav")).assessment

    assert isinstance(original, Verdict)
    assert original.score < 0.5
