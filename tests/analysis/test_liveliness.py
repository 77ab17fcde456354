"""A watch whose detectors look side by side shows no sign of life while one of them hangs."""

from analysis.engine.lane import InFeed
from analysis.worker.liveliness import Liveliness


def test_one_that_hangs_is_not_hidden_by_what_others_tell():
    signs: list[int] = []
    lives = Liveliness(lambda: signs.append(1))
    lives.current = lambda: InFeed("anpr", 7.0)

    for _ in range(5):
        lives()

    assert len(signs) == 1


def test_one_that_is_slow_lives_and_so_does_a_watch_in_which_nobody_computes():
    signs: list[int] = []
    lives = Liveliness(lambda: signs.append(1))
    calls = iter([InFeed("anpr", 1.0), InFeed("motion", 1.5), InFeed("anpr", 2.0), None, None])
    lives.current = lambda: next(calls)

    for _ in range(5):
        lives()

    assert len(signs) == 5
