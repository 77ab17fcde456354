"""The conformance kit lets an honest detector pass and refuses others with a readable reason."""

import time
from pathlib import Path

import psutil
import pytest

from analysis.engine.conformance import State, Terms, check
from analysis.engine.conformance.report import CHECKS
from analysis.engine.conformance.terms import UnsoundTerms
from tests.analysis.engine.conformance import planted
from tests.waiting import wait_until


def test_an_honest_detector_passes_every_check():
    report = check(planted, "honest")

    assert [(one.check, one.state, one.sentence) for one in report.findings if one.state != "passed"] == []
    assert [one.check for one in report.findings] == list(CHECKS)
    assert report.conforms
    assert report.conclusion == "honest conforms."


REFUSED = {
    "inverted": ("polarity", "Inverted: 200.png (manipulated) scored 0.2157, 40.png (genuine) 0.8431."),
    "nan": ("scores", "nan gave nan as a score; scores lie in 0 to 1."),
    "endless": ("scores", "It never came back after it was given a picture; it was ended after 3 s"),
    "babbling": ("scores", "babbling gave more than 100000 points for one content."),
    "rolling": ("determinism", "gives something else the second time: scores differ by"),
    "remembering": ("determinism", "gives something else the second time: scores differ by"),
    "huddling": ("batches", "A clip of 10 s gives something else in batches of 1: scores differ by"),
    "hasty": ("abstention", "It scored a clip of one frame 0."),
    "overbold": ("abstention", "It scored a picture of one pixel 0.3529 instead of abstaining."),
    "undecided": ("abstention", "It abstained on a picture of one pixel and yet gave 1 scores of it."),
    "lazy": ("abstention", "It abstained on a picture of one pixel without a detail that says why."),
    "unstoppable": ("cancelling", "the longest step took 2.2"),
    "hoarding": ("memory", "Its memory grows with the file"),
    "greedy": ("scores", "MB and was ended; 400 MB are allowed."),
    "large": ("memory", "Too much:"),
    "scribbling": ("evidence", "'A patch' is no picture that opens"),
    "speechless": ("evidence", "Evidence of kind 'patch' has no caption."),
    "mapping": ("evidence", "A map of 65 x 65 is too fine; 64 x 64 is the most."),
    "dying": ("scores", "It ended the process (SIGSEGV) after it was given a picture."),
    "watching": ("batches", "gives something else in batches of 1: 50 events of footage and then 200,"),
    "foreseeing": ("scores", "told of 60.3 s, which is no media time of what it was fed."),
    "raising": ("scores", "It raised ValueError: no idea (planted.py, line "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_detector_is_refused_for_what_is_wrong_with_it(name):
    report = check(planted, name)

    failed, words = REFUSED[name]
    assert report.failed[0].check == failed, report
    assert words in report.finding(failed).sentence
    assert report.conclusion.startswith(f"{name} is refused: ")


def test_nothing_is_left_of_a_detector_that_never_ends():
    began = time.monotonic()

    report = check(planted, "endless")

    assert not report.conforms
    assert time.monotonic() - began < 60
    wait_until(lambda: not sleepers(), what="what it had started is gone")
    assert {one.state for one in report.findings[3:]} == {State.NOT_TESTED}


def sleepers() -> list[int]:
    return [
        program.pid
        for program in psutil.process_iter(["cmdline"])
        if program.info["cmdline"] == ["/bin/sleep", planted.STARTED_BY_ENDLESS]
    ]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise RuntimeError('no licence')", "It raised RuntimeError: no licence (plug.py, line 1)."),
        ("def cards(): return []", "It offers 0 detectors named 'plain'; its cards are: none."),
        ("def cards(): return ['plain']", "'plain' is no Card."),
        (
            "from tests.analysis.engine.plugins import card\ndef cards(): return [card(licence='')]",
            "The card says nothing about: licence, accuracy, preprocessing.",
        ),
        (
            "from tests.analysis.engine.plugins import card\ndef cards():\n import cv2\n return [card()]",
            "Its cards load cv2, but the web server reads cards too",
        ),
    ],
)
def test_a_card_that_is_not_sound_ends_the_trial(tmp_path, monkeypatch, source, words):
    (tmp_path / "plug.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)

    report = check("plug", "plain")

    assert [one.check for one in report.failed] == ["card"]
    assert words in report.failed[0].sentence
    assert len(report.not_tested) == len(CHECKS) - 1


def test_without_a_reference_pair_polarity_is_said_to_be_untested():
    report = check(planted, "inverted", terms=Terms())

    assert report.finding("polarity").state is State.NOT_TESTED
    assert "Nobody has shown here that 1 means manipulated" in report.finding("polarity").sentence
    assert report.conforms
    assert report.conclusion == "inverted conforms as far as it was tested; not tested: polarity."


def test_a_pair_can_be_named_from_outside(tmp_path):
    genuine, manipulated = pair(tmp_path)

    assert check(planted, "honest", reference=(genuine, manipulated), terms=Terms()).conforms
    turned = check(planted, "honest", reference=(manipulated, genuine), terms=Terms())
    assert [one.check for one in turned.failed] == ["polarity"]


def test_a_pair_it_does_not_look_at_is_named_and_tests_nothing(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("no picture")

    report = check(planted, "honest", reference=(words, words))

    assert report.finding("polarity").state is State.NOT_TESTED
    assert "words.txt cannot be read" in report.finding("polarity").sentence
    assert report.conforms


def pair(folder: Path) -> tuple[Path, Path]:
    planted.terms("honest", folder)
    return folder / "40.png", folder / "200.png"


def test_a_stated_tolerance_is_allowed_and_told():
    report = check(planted, "huddling", terms=Terms(batch_tolerance=0.01))

    assert [one.check for one in report.failed] == ["batches"]
    assert "0.01 is allowed" in report.finding("batches").sentence


@pytest.mark.parametrize(
    "given",
    [{"batch_tolerance": 0.5}, {"repeat_tolerance": -1}, {"pace": 1e9}, {"genuine": Path("a.png")}],
)
def test_terms_that_hold_a_detector_to_nothing_are_refused(given):
    with pytest.raises(UnsoundTerms):
        Terms(**given)
