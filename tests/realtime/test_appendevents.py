"""`manage.py appendevents`: what programs on this machine write to its standard input is in the log."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from realtime import log
from realtime.models import Topic
from tests.factories import make_user
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = [sys.executable, str(ROOT / "manage.py"), "appendevents"]
Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def topic() -> UUID:
    return make_topic()


@pytest.fixture
def start(product_env: dict[str, str]) -> Iterator[Start]:
    """Starts the command with pipes; whatever still runs after the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def run() -> "subprocess.Popen[str]":
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(COMMAND, env=product_env, text=True, bufsize=1, **pipes))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def make_topic() -> UUID:
    return log.create_topic("job", make_user()).pk


def line(to: UUID, number: int = 0, **fields: Any) -> str:
    event = {"topic": str(to), "type": "job.reported", "message": f"{number}", "data": {"n": number}}
    return json.dumps(event | fields)


def appended(start: Start, *lines: str) -> tuple[int, list[str]]:
    """The exit code and the lines on standard error after all lines were sent."""
    process = start()
    _, said = process.communicate("\n".join(lines), timeout=60)
    return process.returncode, said.splitlines()


def numbers(topic: UUID) -> list[int]:
    return [json.loads(line.body)["data"]["n"] for line in log.read(topic, limit=10_000)]


def test_every_line_becomes_an_event_in_its_order(start: Start) -> None:
    topics = [make_topic() for _ in range(3)]
    code, said = appended(start, *[line(topics[n % 3], n) for n in range(900)])

    assert (code, said) == (0, ["900 events stored, 0 lines refused"])
    assert [numbers(topic) for topic in topics] == [list(range(k, 900, 3)) for k in range(3)]
    assert all(log.verify(topic).ok for topic in topics)


def test_an_event_says_all_its_line_says(start: Start, topic: UUID) -> None:
    fields = {"type": "job.succeeded", "subject": "é", "message": "Done.", "data": {"a": 1.5}, "ending": True}
    appended(start, line(topic, **fields))

    (stored,) = [json.loads(line.body) for line in log.read(topic)]
    assert (stored["type"], stored["subject"], stored["message"]) == ("job.succeeded", "é", "Done.")
    assert stored["data"] == {"a": 1.5, "last_seq": 1}


BAD: list[tuple[str | dict[str, Any], str]] = [
    ("{", "malformed"),
    ("[1]", "malformed"),
    ("[" * 100_000, "malformed"),
    ('{"topic":"\x00', "malformed"),
    ({"colour": "red"}, "unknown_field"),
    ({"type": 3}, "bad_value"),
    ({"data": []}, "bad_value"),
    ({"ending": 1}, "bad_value"),
    ({"subject": None}, "bad_value"),
    ({"topic": "mine"}, "unknown_topic"),
    ({"topic": "00000000-0000-4000-8000-000000000000"}, "unknown_topic"),
    ({"type": "Wrong"}, "bad_type"),
    ({"data": {"n": float("nan")}}, "not_finite"),
    ({"data": {"n": 2**60}}, "integer_too_large"),
    ({"data": {"text": "a\x00b"}}, "holds_nul"),
    ({"data": {"text": "x" * 70_000}}, "too_large"),
    ({"data": {"text": "x" * 2_000_000}}, "too_large"),
    ({"message": "\ud800"}, "not_canonical"),
    ('{"type": "a.b", "message": "", "data": {}}', "missing_field"),
]


def test_lines_that_are_refused_are_named_and_the_others_go_on(start: Start, topic: UUID) -> None:
    bad = [one if isinstance(one, str) else line(topic, **one) for one, _ in BAD]
    sent = [text for number, refused in enumerate(bad) for text in (line(topic, number), refused, "")]
    code, said = appended(start, *sent)

    # an empty line counts as one and is no event
    expected = [f"line {2 + 3 * number}: {code}: " for number, (_, code) in enumerate(BAD)]
    assert code == 1
    assert sorted(_until_sentence(one) for one in said[:-1]) == sorted(expected)
    assert said[-1] == "19 events stored, 19 lines refused"
    assert numbers(topic) == list(range(19))


def _until_sentence(text: str) -> str:
    number, code, _ = text.split(": ", 2)
    return f"{number}: {code}: "


def test_an_idle_writer_writes_at_once(start: Start, topic: UUID) -> None:
    process = start()
    for number in range(3):
        _send(process, line(topic, number))

        wait_until(lambda wanted=number + 1: log.head(topic) == wanted, what="the line is stored")

    assert process.poll() is None


def test_what_was_sent_before_it_is_stopped_is_stored(start: Start, topic: UUID) -> None:
    process = start()
    _send(process, line(topic, 1))
    wait_until(lambda: log.head(topic) == 1, what="the line is stored")

    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert said == "1 events stored, 0 lines refused\n"


def test_a_line_that_is_being_stored_when_it_is_stopped_is_stored_and_counted(
    start: Start, topic: UUID
) -> None:
    process = start()
    with transaction.atomic():
        Topic.objects.select_for_update().get(pk=topic)
        _send(process, line(topic, 1))
        wait_until(_somebody_waits_for_a_lock, what="the line is on its way")
        process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)

    assert (process.returncode, said) == (130, "1 events stored, 0 lines refused\n")
    assert numbers(topic) == [1]


def test_connections_that_are_killed_cost_no_line_and_no_order(start: Start, topic: UUID) -> None:
    process = start()
    for number in range(2000):
        _send(process, line(topic, number))
        if number % 400 == 399:
            wait_until(lambda: log.head(topic) > 0, what="it writes")
            _end_other_backends()
    _, said = process.communicate(timeout=60)

    assert process.returncode == 0, said
    assert numbers(topic) == list(range(2000))


def _send(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{text}\n")


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def _end_other_backends() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
