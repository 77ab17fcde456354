"""A plate is told once per track, when its reads agree or the track ends."""

from analysis.engine.analytics.plates.announcing import MOST_TRACKS, Announcer
from analysis.engine.analytics.plates.ballots import Ranked
from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.reading import read_of

SLOVAKIA = built_in().only(["SK"])


def read(text, frame, confidence=0.9):
    return read_of(text, confidence, pts_seconds=frame / 25, frame=frame)


def told(announcer, track, text, *, first, reads=5, confidence=0.9):
    """The texts told while a track is read in `reads` frames in a row, with the frames in which they were told."""
    frames = range(first, first + reads)
    answers = [(frame, announcer.read(track, read(text, frame, confidence))) for frame in frames]
    return [(found.reading.text, frame) for frame, found in answers if found]


def test_a_plate_is_told_when_enough_reads_agree_and_once():
    announcer = Announcer(SLOVAKIA)

    assert told(announcer, 1, "RK115AN", first=0, reads=50) == [("RK115AN", 2)]
    assert announcer.end(1) is None


def test_a_blurred_start_is_waited_out():
    announcer = Announcer(SLOVAKIA)
    told(announcer, 1, "BX775AM", first=0, reads=3, confidence=0.5)

    assert [text for text, _ in told(announcer, 1, "RK115AN", first=3, reads=9)] == ["RK115AN"]


def test_tracks_do_not_mix():
    announcer = Announcer(SLOVAKIA)
    for frame in range(2):
        assert announcer.read(1, read("RK115AN", frame)) is None
        assert announcer.read(2, read("BA738DE", frame)) is None

    assert announcer.read(1, read("RK115AN", 2)).reading.text == "RK115AN"
    assert announcer.read(2, read("BA738DE", 2)).reading.text == "BA738DE"


def test_a_track_that_ends_early_is_told_with_its_doubt():
    announcer = Announcer(SLOVAKIA)
    told(announcer, 1, "RK115AN", first=0, reads=1)

    found = announcer.end(1)

    assert (found.reading.text, found.doubt) == ("RK115AN", "3 reads have to agree on RK115AN; so far 1")
    assert announcer.end(1) is None


def test_a_guess_is_never_told():
    announcer = Announcer(SLOVAKIA)
    told(announcer, 1, "RK115AN", first=0, reads=9, confidence=0.3)

    assert announcer.end(1) is None


def test_the_same_plate_on_a_broken_track_is_not_told_again_within_the_cooldown():
    announcer = Announcer(SLOVAKIA, cooldown_seconds=10)
    told(announcer, 1, "RK115AN", first=0)
    announcer.end(1)

    assert told(announcer, 2, "RK115AN", first=100) == []
    assert told(announcer, 3, "BA738DE", first=100) == [("BA738DE", 102)]


def test_the_same_plate_comes_again_after_the_cooldown():
    announcer = Announcer(SLOVAKIA, cooldown_seconds=10)
    told(announcer, 1, "RK115AN", first=0)

    assert told(announcer, 2, "RK115AN", first=300) == [("RK115AN", 302)]


def test_a_source_that_starts_again_at_0_has_no_cooldown_to_wait_for():
    announcer = Announcer(SLOVAKIA, cooldown_seconds=10)
    told(announcer, 1, "RK115AN", first=90_000)

    assert told(announcer, 2, "RK115AN", first=0) == [("RK115AN", 2)]


def test_tracks_nobody_ends_are_forgotten_the_oldest_first():
    announcer = Announcer(SLOVAKIA)
    for track in range(MOST_TRACKS + 1):
        announcer.read(track, read("RK115AN", 0))

    assert announcer.end(0) is None
    assert announcer.end(MOST_TRACKS).reading.text == "RK115AN"


def test_a_track_that_ends_with_earlier_reads_of_a_plate_told_since_is_not_told():
    announcer = Announcer(built_in())
    early = read_of("AB12CDE", 0.9, pts_seconds=0.0, frame=0)
    later = [read_of("AB12CDE", 0.9, pts_seconds=one / 5, frame=one) for one in range(1, 4)]
    announcer.read(-1, early)

    told = [one for one in (announcer.read(1, read) for read in later) if one]

    assert len(told) == 1
    assert announcer.end(-1) is None


def look(announcer, frame, *seen):
    """A look at track 1 that showed texts, each with its confidence and its likeness to a plate."""
    shown = [Ranked(read(text, frame, confidence), likeness) for text, confidence, likeness in seen]
    found = announcer.look(1, shown)
    return found and found.reading.text


def test_surer_lettering_does_not_keep_a_plate_from_being_told():
    announcer = Announcer(built_in())
    both = (("TAXI123", 0.99, 0.5), ("KR7XY21", 0.7, 1.5))

    told = [look(announcer, frame, *both) for frame in range(5)]

    assert told == [None, None, "KR7XY21", None, None]


def test_lettering_waits_for_a_plate_that_is_read_badly_until_the_vehicle_leaves():
    announcer = Announcer(built_in())

    told = [look(announcer, one, ("TAXI123", 0.99, 0.5), ("KR7XY21", 0.5, 1.5)) for one in range(5)]

    assert told == [None] * 5
    assert announcer.end(1).reading.text == "KR7XY21"


def test_a_stray_misread_holds_up_nothing():
    announcer = Announcer(built_in())
    look(announcer, 0, ("WA999XY", 0.9, 1.5))

    told = [look(announcer, one, ("KR7XY21", 0.9, 0.5)) for one in range(1, 4)]

    assert told == [None, None, "KR7XY21"]


def test_two_texts_of_one_look_are_two_however_alike():
    announcer = Announcer(built_in())

    told = [look(announcer, one, ("KR7XY21", 0.9, 1.0), ("KR7XY22", 0.9, 0.0)) for one in range(3)]

    assert told == [None, None, "KR7XY21"]


def test_no_text_is_told_that_no_read_says():
    announcer = Announcer(SLOVAKIA)
    swapped = ("RK115AN", "RK151AN", "RK511AN")
    for frame in range(6):
        found = announcer.read(1, read(swapped[frame % 3], frame))
        assert found is None or found.reading.text in swapped

    found = announcer.end(1)

    assert found is None or (found.reading.text in swapped and found.agreeing)
