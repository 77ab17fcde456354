"""A shot that was made otherwise than all the others is told by several signs; what it shows and cuts are none."""

import cv2
import numpy as np
import pytest

from analysis.engine.detectors import video_splice
from analysis.engine.plots import described
from analysis.engine.types import Frame, FrameBatch, MediaKind, NotAssessed, Probe, Reason, Source
from tests import clips
from tests.analysis.engine.detectors import films
from tests.analysis.engine.detectors.scenes import as_jpeg, scene
from tests.analysis.engine.plugins import NO_WEIGHTS

SOURCE = Source(
    Probe(MediaKind.VIDEO, "mp4", 8.0, width=384, height=272), sample_fps=5.0, expected_samples=40
)
WIDTH, HEIGHT, SAMPLES = 384, 272, 6


def shot(seed, *, sigma=2.5, bright=1.0, samples=SAMPLES):
    """Samples of a slow pan over a scene of its own, as one camera gives them."""
    rng = np.random.default_rng(seed)
    turned = (slice(None, None, 1 - seed // 2 % 2 * 2), slice(None, None, 1 - seed // 4 % 2 * 2))
    wide = scene(420, 300, seed=seed % 2 + 1)[turned] * bright
    parts = [wide[n : n + HEIGHT, 2 * n : 2 * n + WIDTH] for n in range(samples)]
    return [(part + rng.normal(0, sigma, part.shape)).clip(0, 255).round().astype(np.uint8) for part in parts]


def scaled_up(samples):
    half = (WIDTH // 2, HEIGHT // 2)
    small = [cv2.resize(rgb, half, interpolation=cv2.INTER_AREA) for rgb in samples]
    return [cv2.resize(rgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for rgb in small]


def barred(samples, edge=24):
    return [np.pad(rgb[edge:-edge], ((edge, edge), (0, 0), (0, 0))) for rgb in samples]


def windowed(samples, edge=24):
    return [np.pad(rgb[edge:-edge, edge:-edge], ((edge, edge), (edge, edge), (0, 0))) for rgb in samples]


def before_a_dark_wall(samples, *, wide=0.3, high=0.6):
    """A subject in the light, whose fall-off is as gradual as that of a lamp; the wall is at the black of a camera."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    away = np.hypot((x - WIDTH / 2) / (WIDTH * wide), (y - HEIGHT / 2) / (HEIGHT * high))
    light = 1 / (1 + np.exp((away - 1) * 12))
    return [np.round(rgb * light[..., None] + 3).clip(0, 255).astype(np.uint8) for rgb in samples]


def in_a_strip_of_light(samples):
    """Light through a straight opening: its edge is as straight as that of bars, but no step."""
    x = np.abs(np.arange(WIDTH) - WIDTH / 2) / WIDTH
    light = 1 / (1 + np.exp((x - 0.3) * 60))
    return [np.round(rgb * light[:, None] + 3).clip(0, 255).astype(np.uint8) for rgb in samples]


def grey(samples):
    return [np.repeat(rgb.mean(axis=2, keepdims=True).round().astype(np.uint8), 3, axis=2) for rgb in samples]


def coded_before(samples):
    """Saved hard and cropped, so that its blocks lie elsewhere than those of what comes after."""
    return [as_jpeg(np.pad(rgb, ((3, 0), (5, 0), (0, 0)), "edge"), 30)[3:, 5:] for rgb in samples]


def film(third, **made):
    return [rgb for part in (shot(1), shot(2), third(shot(3, **made)), shot(4), shot(5)) for rgb in part]


def as_it_is(samples):
    return samples


def examined(pictures):
    session = video_splice.make("video-splice", NO_WEIGHTS, "cpu").open(SOURCE)
    for number, rgb in enumerate(pictures):
        list(session.feed(FrameBatch((Frame(number, number / 5, rgb),))))
    points = [point for scores in session.drain() for point in scores.points]
    return session, points, session.finish()


def coded(path, pictures):
    clips.write_video(
        path, seconds=len(pictures) / 5, fps=5, width=WIDTH, height=HEIGHT, codec="libx264", frames=pictures,
        options={"crf": "20", "preset": "veryfast", "threads": "1"},
    )  # fmt: skip
    return list(films.shown(path))


def test_a_shot_of_another_making_by_two_signs_is_found_after_another_coding(tmp_path):
    pictures = coded(tmp_path / "film.mp4", film(lambda samples: barred(scaled_up(samples))))

    _, points, verdict = examined(pictures)

    assert verdict.score == pytest.approx(0.55)
    (odd,) = verdict.facts["of_another_making"]
    assert odd["signs"] == ["noise or detail", "bars"]
    assert (odd["start_seconds"], odd["end_seconds"]) == (2.4, 3.4)
    assert [point.pts_seconds for point in points if point.score] == pytest.approx(
        [2.4, 2.6, 2.8, 3.0, 3.2, 3.4]
    )


@pytest.mark.parametrize(
    ("third", "sign"),
    [(scaled_up, "noise or detail"), (barred, "bars"), (grey, "colour")],
)
def test_one_sign_alone_stays_below_the_mark(third, sign):
    _, _, verdict = examined(film(third))

    assert verdict.facts["of_another_making"][0]["signs"] == [sign]
    assert 0 < verdict.score < 0.5


@pytest.mark.parametrize("light", [before_a_dark_wall, in_a_strip_of_light, windowed])
def test_what_falls_off_into_black_or_is_black_on_all_sides_is_not_barred(light):
    _, _, verdict = examined(film(light))

    assert [one["signs"] for one in verdict.facts["of_another_making"] if "bars" in one["signs"]] == []


def test_a_dark_wall_among_barred_shots_is_not_without_bars():
    parts = [barred(shot(1)), barred(shot(2)), before_a_dark_wall(shot(3)), barred(shot(4)), barred(shot(5))]

    _, _, verdict = examined([rgb for part in parts for rgb in part])

    assert [one["signs"] for one in verdict.facts["of_another_making"] if "bars" in one["signs"]] == []


def test_a_dark_wall_does_not_hide_the_bars_of_another_shot():
    parts = [shot(1), shot(2), barred(shot(3)), shot(4), before_a_dark_wall(shot(5)), shot(6)]

    _, _, verdict = examined([rgb for part in parts for rgb in part])

    assert [one["start_seconds"] for one in verdict.facts["of_another_making"] if "bars" in one["signs"]] == [
        2.4
    ]


def test_texture_and_bars_of_a_dark_shot_are_one_sign():
    _, _, verdict = examined(film(lambda samples: barred(scaled_up(samples)), bright=1 / 3))

    (odd,) = verdict.facts["of_another_making"]
    assert odd["signs"] == ["noise or detail", "bars"]
    assert verdict.score == pytest.approx(0.3)


def test_an_earlier_coding_and_the_detail_it_took_are_one_sign():
    _, _, verdict = examined(film(coded_before))

    assert verdict.facts["of_another_making"][0]["signs"] == ["noise or detail", "earlier grid"]
    assert verdict.score == pytest.approx(0.3)


@pytest.mark.parametrize("made", [{}, {"bright": 0.5}, {"sigma": 3.5}])
def test_shots_of_one_making_differ_in_what_they_show_only(made):
    _, points, verdict = examined(film(as_it_is, **made))

    assert verdict.score == 0.0
    assert verdict.facts["shots"] == 5
    assert {point.score for point in points} == {0.0}


def test_what_half_the_film_has_is_no_exception():
    pictures = [rgb for part in (shot(1), shot(2), barred(grey(shot(3, samples=14)))) for rgb in part]

    _, _, verdict = examined(pictures)

    assert verdict.score == 0.0


def test_two_shots_cannot_tell_which_is_the_exception():
    _, points, assessment = examined(shot(1) + barred(grey(shot(2))))

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.OUTSIDE_DOMAIN
    assert len(assessment.facts["shots"]) == 2
    assert points == []


def test_shots_too_short_to_tell_are_gaps():
    pictures = shot(1) + shot(2) + shot(3, samples=2) + shot(4) + shot(5)

    _, points, _ = examined(pictures)

    assert [point.reason for point in points if point.score is None] == [Reason.TOO_SHORT] * 2


def test_shots_beyond_the_most_are_gaps_and_not_covered(monkeypatch):
    monkeypatch.setattr(video_splice, "MOST_SHOTS", 3)
    pictures = film(as_it_is)

    _, points, verdict = examined(pictures)

    assert verdict.facts["shots"] == 3
    assert verdict.facts["looked_at_until_seconds"] == 3.4
    assert (verdict.coverage.scored, verdict.coverage.sampled) == (3 * SAMPLES, 5 * SAMPLES)
    assert [point.score for point in points] == [0.0] * 3 * SAMPLES + [None] * 2 * SAMPLES
    assert {point.reason for point in points[3 * SAMPLES :]} == {Reason.OUTSIDE_DOMAIN}


@pytest.mark.parametrize("ground", [0, 235])
def test_titles_are_no_shot_of_another_making(ground):
    title = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    cv2.putText(title, "THE END", (90, 150), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (120, 120, 120), 4)

    _, points, verdict = examined(film(lambda samples: [title] * len(samples)))

    assert verdict.score == 0.0
    assert [point.reason for point in points if point.score is None] == [Reason.OUTSIDE_DOMAIN] * SAMPLES


def test_the_evidence_shows_how_every_shot_was_made():
    session, _, _ = examined(film(lambda samples: barred(grey(samples))))

    (sheet,) = session.evidence()

    panels = described(sheet.plot).data["panels"]
    assert len(panels) == 5
    assert panels[0]["spans"][0]["label"] == "bars, colour"


def test_small_pictures_are_not_assessed():
    _, _, assessment = examined([rgb[:100] for rgb in shot(1)])

    assert assessment.reason is Reason.OUTSIDE_DOMAIN
    assert "384 x 100 px" in assessment.detail


@pytest.mark.parametrize(
    "picture", [np.zeros((272, 384, 3), np.uint8), np.full((272, 384, 3), 255, np.uint8)]
)
def test_pictures_of_one_tone_do_not_end_in_an_error(picture):
    _, _, verdict = examined(shot(1) + [picture] * 6 + shot(2) + shot(3))

    assert verdict.score < 0.5
