"""How often a detector's progress and scores become events."""

from itertools import pairwise

from analysis.engine.types import (
    Coverage,
    DetectorEnded,
    DetectorProgressed,
    Observation,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)
from analysis.recorder.pacing import Pacer


def progress(
    done: int,
    *,
    total: int | None = 1000,
    fps: float | None = 30.0,
    unit: str = "frames",
    detector: str = "d",
) -> DetectorProgressed:
    return DetectorProgressed(detector, done, total, unit, fps, None, 0.0)


def scores(*values: float) -> ScoresMeasured:
    return ScoresMeasured("d", tuple(ScorePoint(0.0, value) for value in values))


ENDING = DetectorEnded("d", "1", "f", None, Verdict(0.5, Coverage(1, 1)), 1.0)


def played(arrivals: list[tuple[float, Observation]], *, until: float) -> list[tuple[float, Observation]]:
    """What is written when, with a writer that wakes when something comes or is due."""
    pacer, written = Pacer(), []
    waiting = list(arrivals)
    now = 0.0
    while True:
        while waiting and waiting[0][0] <= now:
            pacer.take(waiting.pop(0)[1], now)
        written += [(round(now, 3), seen) for seen in pacer.ready(now)]
        times = [waiting[0][0]] if waiting else []
        times += [pacer.due] if pacer.due is not None else []
        if not times or (now := max(now, min(times))) > until:
            return written


def done_at(written: list[tuple[float, Observation]]) -> list[tuple[float, int]]:
    return [(time, seen.done) for time, seen in written if isinstance(seen, DetectorProgressed)]


def test_a_fast_detector_has_a_line_each_250_ms_and_the_first_and_the_last() -> None:
    arrivals = [(frame * 0.005, progress(frame, total=200, fps=200.0)) for frame in range(201)]

    written = done_at(played(arrivals, until=5))

    assert written == [(0.0, 0), (0.25, 50), (0.5, 100), (0.75, 150), (1.0, 200)]


def test_a_detector_below_40_frames_per_second_is_shown_at_every_tenth_frame() -> None:
    arrivals = [(frame / 30, progress(frame, total=45)) for frame in range(46)]

    written = done_at(played(arrivals, until=5))

    assert [done for _, done in written] == [0, 10, 20, 30, 40, 45]


def test_a_very_slow_detector_is_shown_with_every_frame() -> None:
    arrivals = [(frame * 1.0, progress(frame, total=12, fps=1.0)) for frame in range(13)]

    assert [done for _, done in done_at(played(arrivals, until=20))] == list(range(13))


def test_no_two_lines_within_250_ms_except_the_last() -> None:
    arrivals = [(frame * 0.03, progress(frame, total=None, fps=33.0)) for frame in range(400)]

    times = [time for time, _ in done_at(played(arrivals, until=20))]

    assert all(later - earlier >= 0.249 for earlier, later in pairwise(times))


def test_a_file_longer_than_its_header_says_has_no_more_lines_than_others() -> None:
    arrivals = [(frame * 0.01, progress(frame, total=max(20, frame), fps=100.0)) for frame in range(201)]

    written = done_at(played(arrivals, until=5))

    assert [done for _, done in written] == [0, 25, 50, 75, 100, 125, 150, 175, 200]


def test_the_last_line_is_shown_though_a_tenth_frame_waits() -> None:
    arrivals = [(0.0, progress(35)), (0.1, progress(40)), (0.2, progress(45, total=45))]

    with_ending = done_at(played([*arrivals, (0.21, ENDING)], until=5))
    without = done_at(played(arrivals, until=5))

    assert with_ending == [(0.0, 35), (0.21, 45)]
    assert without == [(0.0, 35), (0.25, 40), (0.5, 45)]


def test_a_detector_that_stops_moving_shows_where_it_stands() -> None:
    arrivals = [(0.0, progress(0)), (0.1, progress(3)), (0.2, progress(7))]

    assert done_at(played(arrivals, until=5))[-1][1] == 7


def test_progress_never_runs_backward_and_says_nothing_twice() -> None:
    arrivals = [(float(at), progress(done, fps=1.0)) for at, done in enumerate((5, 3, 5, 6))]

    assert done_at(played(arrivals, until=5)) == [(0.0, 5), (3.0, 6)]


def test_scores_come_in_batches_four_times_a_second_and_none_is_lost() -> None:
    arrivals = [(frame * 0.01, scores(frame / 100)) for frame in range(100)]

    written = played(arrivals, until=5)

    assert [time for time, _ in written] == [0.0, 0.25, 0.5, 0.75, 1.0]
    points = [point.score for _, seen in written if isinstance(seen, ScoresMeasured) for point in seen.points]
    assert points == [frame / 100 for frame in range(100)]


def test_lines_of_several_detectors_are_written_together() -> None:
    arrivals: list[tuple[float, Observation]] = [
        (frame / 30 + late, progress(frame, total=45, detector=name))
        for frame in range(46)
        for name, late in (("early", 0.0), ("late", 0.02))
    ]

    written = played(sorted(arrivals, key=lambda arrival: arrival[0]), until=5)

    writes = sorted({time for time, _ in written} - {0.0, 0.02})
    assert all(later - earlier >= 0.249 for earlier, later in pairwise(writes))
    for name in ("early", "late"):
        mine = [seen.done for _, seen in written if getattr(seen, "detector", "") == name]
        assert {0, 10, 20, 30, 40, 45} <= set(mine)


def test_what_waits_is_written_before_the_detectors_ending() -> None:
    arrivals = [
        (0.0, progress(0)),
        (0.01, scores(0.1)),
        (0.05, progress(4)),
        (0.06, scores(0.2)),
        (0.07, ENDING),
    ]

    written = [seen for _, seen in played(arrivals, until=5)]

    assert [type(seen).__name__ for seen in written] == [
        "DetectorProgressed",
        "ScoresMeasured",
        "ScoresMeasured",
        "DetectorProgressed",
        "DetectorEnded",
    ]


def test_a_flood_of_points_is_split_into_lines_an_event_can_hold() -> None:
    written = played([(0.0, scores(*[0.5] * 1201))], until=1)

    assert [len(seen.points) for _, seen in written if isinstance(seen, ScoresMeasured)] == [500, 500, 201]
