"""Sound is scored in windows: all of it where it is short, a known share of it where it is long."""

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import rawgat
from analysis.engine.detectors.windows import WINDOW_SAMPLES, WindowDetector, passed_over
from analysis.engine.types import Coverage, MediaKind, NotAssessed, Probe, Reason, SoundBatch, Source, Verdict

SOURCE = Source(Probe(MediaKind.AUDIO, "wav"), sample_fps=0.0, expected_samples=None)
RATE = 16_000
CARD = rawgat.cards()[0]
ACCENT = (255, 176, 64)


def loudness(window):
    """Stands for a net: the loudest sample."""
    return float(np.abs(window).max())


def voice_like(seconds, *, peak=0.3):
    t = np.arange(round(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 110 * h * t) / h for h in range(1, 9)) * (
        0.5 + 0.5 * np.sin(2 * np.pi * 3 * t)
    )
    return (peak / np.abs(buzz).max() * buzz).astype(np.float32)


def feed(session, samples, *, block):
    points = []
    for start in range(0, len(samples), block):
        for measured in session.feed(SoundBatch(start / RATE, samples[start : start + block])):
            points += measured.points
    return points


def examine(samples, *, block=RATE):
    session = WindowDetector(CARD, loudness).open(SOURCE)
    points = feed(session, samples, block=block)
    points += [point for measured in session.drain() for point in measured.points]
    return session, points, session.finish()


def test_windows_cover_the_track_and_the_last_is_aligned_to_its_end():
    _, points, verdict = examine(voice_like(10))

    assert [round(point.pts_seconds, 3) for point in points] == [2.019, 6.056, 7.981]
    assert verdict.coverage == Coverage(3, 3, "windows")


@pytest.mark.parametrize("block", [7001, 500])
def test_the_block_size_does_not_change_the_windows(block):
    samples = voice_like(9)

    assert examine(samples, block=RATE)[1:] == examine(samples, block=block)[1:]


def test_the_block_size_does_not_change_the_pictures():
    samples = voice_like(9)

    assert examine(samples, block=RATE)[0].evidence() == examine(samples, block=500)[0].evidence()


def test_a_short_clip_is_repeated():
    session, points, verdict = examine(voice_like(1.2))

    assert isinstance(verdict, Verdict)
    assert [point.pts_seconds for point in points] == [pytest.approx(0.6)]
    assert "Only its first 1.20 s were recorded; the rest is that, repeated." in session.evidence()[1].caption


def test_the_last_bit_of_the_track_is_heard_however_short():
    session, points, verdict = examine(voice_like(4.95))

    assert [round(point.pts_seconds, 3) for point in points] == [2.019, 2.931]  # 4.95 - 4.0375 / 2
    assert verdict.coverage == Coverage(2, 2, "windows")
    assert "repeated" not in session.evidence()[1].caption


def test_under_a_second_is_too_short():
    _, points, assessment = examine(voice_like(0.9))

    assert assessment.reason == Reason.TOO_SHORT
    assert points == []


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(5 * RATE, np.float32), Reason.SILENCE),
        (0.1 * np.random.default_rng(3).standard_normal(5 * RATE).astype(np.float32), Reason.NOISE),
        (0.1 + 0.01 * np.random.default_rng(3).standard_normal(5 * RATE).astype(np.float32), Reason.NOISE),
    ],
    ids=["zeros", "noise", "noise about an offset"],
)
def test_silence_and_noise_are_gaps_without_a_score(samples, reason):
    session, points, assessment = examine(samples)

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason == reason
    assert {(point.score, point.reason) for point in points} == {(None, reason)}
    assert list(session.evidence()) == []


def test_a_short_passage_is_not_averaged_away():
    samples = np.concatenate([voice_like(4.0375 * 8, peak=0.1), voice_like(4.0375 * 4, peak=0.9)])

    _, _, verdict = examine(samples)

    assert verdict.score == pytest.approx(0.9, abs=0.01)


def long_recording(windows):
    """The same window again and again, as a session is fed it."""
    window = voice_like(WINDOW_SAMPLES / RATE)
    for index in range(windows):
        yield SoundBatch(index * WINDOW_SAMPLES / RATE, window)


def test_after_twenty_minutes_half_as_many_windows_are_scored_each_time_the_time_doubles():
    scored = [not passed_over(index) for index in range(3567)]  # 4 hours

    parts = [sum(scored[start:end]) for start, end in ((0, 300), (300, 600), (600, 1200), (1200, 2400))]

    assert parts == [300, 150, 150, 150]
    assert sum(scored) == 823


def test_windows_that_were_passed_over_count_in_the_coverage():
    session = WindowDetector(CARD, loudness).open(SOURCE)

    scored = sum(len(list(session.feed(batch))) for batch in long_recording(320))

    assert scored == 310
    assert session.finish().coverage == Coverage(310, 320, "windows")
    assert session.finish().facts["windows_passed_over"] == 10


def test_memory_is_flat_while_a_recording_grows():
    session = WindowDetector(CARD, loudness).open(SOURCE)
    recording = long_recording(400)
    tracemalloc.start()
    for batch, _ in zip(recording, range(100), strict=False):
        list(session.feed(batch))
    early = tracemalloc.get_traced_memory()[0]

    for batch in recording:
        list(session.feed(batch))

    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert late - early < 1 << 20


def marked_columns(picture):
    pixels = np.asarray(Image.open(io.BytesIO(picture.content)).convert("RGB"))
    return np.flatnonzero((pixels == ACCENT).all(axis=2).any(axis=0)) / pixels.shape[1]


def test_the_picture_of_the_track_marks_the_windows_that_scored_high():
    quiet, loud = voice_like(4.0375 * 4, peak=0.2), voice_like(4.0375 * 4, peak=0.9)
    session, _, _ = examine(np.concatenate([quiet, loud]))

    whole, highest = session.evidence()

    assert marked_columns(whole).min() == pytest.approx(0.5, abs=0.01)
    assert "the 4 of 8 scored windows with 0.5 or more" in whole.caption
    assert highest.content.startswith(b"\x89PNG")


def test_nothing_is_marked_where_nothing_scored_high():
    session, _, _ = examine(voice_like(20, peak=0.2))

    whole, _ = session.evidence()

    assert len(marked_columns(whole)) == 0
    assert "not where an edit is" in whole.caption
