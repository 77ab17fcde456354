import io

import pytest

from analysis.screen import Screen

EVENT = {
    "type": "run.progressed",
    "message": "Übersicht.mp4: 5 of 10 frames",
    "data": {"detector": "spectrum", "done": 5, "total": 10, "unit": "frames", "seconds_left": None},
}
RETRIED = {"type": "run.retried", "message": "Übersicht.mp4 starts again.", "data": {}}


class Terminal(io.TextIOWrapper):
    """Takes what a terminal of this encoding takes."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("encoding", "bar", "name"),
    [("utf-8", "██████████··········", "Übersicht"), ("ascii", "##########----------", "?bersicht")],
)
def test_a_terminal_gets_the_characters_it_has(encoding: str, bar: str, name: str) -> None:
    written = io.BytesIO()
    screen = Screen(Terminal(written, encoding=encoding))

    screen.tell(EVENT)
    screen.tell(RETRIED)

    said = written.getvalue().decode(encoding)
    assert f"{bar} 5 of 10 frames" in said
    assert f"{name}.mp4 starts again." in said


def test_who_reports_facts_is_not_said_to_lack_a_score() -> None:
    written = io.BytesIO()
    facts = {"kind": "not_assessed", "reason": "reports_facts", "detail": "Motion once, for 3.0 of 4.1 s."}
    ended = {"detector": "motion", "title": "Motion", "assessment": facts}

    # kept: a wrapper that nobody holds closes what it wraps
    screen = Screen(Terminal(written, encoding="utf-8"))

    screen.tell({"type": "detector.abstained", "message": "", "data": ended})

    said = written.getvalue().decode()
    assert "Motion once, for 3.0 of 4.1 s." in said
    assert "no score" not in said
