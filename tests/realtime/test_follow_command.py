"""`manage.py follow`: every event once, in order, until the ending, whatever goes away meanwhile."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from analysis.follow import follow
from analysis.models import Run
from realtime import jobs, log
from realtime.log import Draft
from tests.factories import make_run, make_user
from tests.realtime.conftest import stage
from tests.realtime.own_redis import OwnRedis
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parent.parent.parent


class Following:
    """A running `manage.py follow … --json`, with what it has printed so far in a file."""

    def __init__(self, process: "subprocess.Popen[str]", output: Path) -> None:
        self.process = process
        self._output = output

    @property
    def seqs(self) -> list[int]:
        return [json.loads(text)["seq"] for text in self._output.read_text().splitlines(keepends=True)]

    def see(self, *, until: int) -> list[int]:
        wait_until(lambda: self.seqs and self.seqs[-1] >= until, limit=40, what=f"line {until} is printed")
        return self.seqs

    def end(self) -> tuple[int, str]:
        """The exit code, and what it said on standard error."""
        _, said = self.process.communicate(timeout=40)
        return self.process.returncode, said


Start = Callable[..., Following]


@pytest.fixture
def start(product_env: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts the command; whatever still runs after the test is killed."""
    started: list[Following] = []

    def run(*arguments: object, **env: str) -> Following:
        output = tmp_path / f"follow-{len(started)}"
        command = [sys.executable, str(ROOT / "manage.py"), "follow", *map(str, arguments), "--json"]
        with output.open("w") as out:
            process = subprocess.Popen(
                command, env=product_env | env, stdout=out, stderr=subprocess.PIPE, text=True
            )
        started.append(Following(process, output))
        return started[-1]

    yield run
    for one in started:
        one.process.kill()
        one.process.communicate()


def ended(topic: UUID, kind: str = "run.succeeded", **data: Any) -> None:
    log.append(topic, [Draft(kind, "It ended.", data, ending=True)])


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str], str]:
    """Exit code, lines printed, and standard error, of the command run here on a log that has ended."""
    with pytest.raises(SystemExit) as left:
        call_command("follow", *map(str, arguments))
    said = capsys.readouterr()
    return int(str(left.value.code)), said.out.splitlines(), said.err


@pytest.mark.timeout(180)
def test_nothing_is_missed_while_redis_and_the_database_go_away(start: Start, own_redis: OwnRedis) -> None:
    run = make_run()
    following = start(run.pk, REDIS_URL=own_redis.url)
    log.append(run.topic_id, [stage()])
    following.see(until=1)

    own_redis.stop()
    log.append(run.topic_id, [stage()])
    following.see(until=2)
    _end_other_backends()
    log.append(run.topic_id, [stage()])
    following.see(until=3)
    own_redis.start()
    ended(run.topic_id, outcome="no_signs")
    code, said = following.end()

    assert (following.seqs, code) == ([1, 2, 3, 4], 0)
    assert said.endswith("cursor: 4 (--after 4 goes on from here)\n")


def test_ctrl_c_ends_it_with_the_cursor_to_go_on_from(start: Start) -> None:
    run = make_run()
    log.append(run.topic_id, [stage(), stage()])
    following = start(run.pk)
    following.see(until=2)

    following.process.send_signal(signal.SIGTERM)
    code, said = following.end()

    assert (code, said) == (130, "cursor: 2 (--after 2 goes on from here)\n")


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("run.succeeded", {"outcome": "some_signs"}, 0),
        ("run.succeeded", {"outcome": "not_assessable"}, 2),
        ("run.failed", {}, 3),
        ("run.cancelled", {}, 3),
    ],
)
def test_the_exit_code_says_how_it_ended(
    capsys: pytest.CaptureFixture[str], kind: str, data: dict[str, Any], code: int
) -> None:
    run = make_run()
    ended(run.topic_id, kind, **data)

    assert printed(capsys, run.pk)[0] == code


def test_lines_are_printed_for_people_from_the_cursor_on(capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run()
    log.append(run.topic_id, [stage(), Draft("detector.started", "Looking.", subject="meso4")])
    ended(run.topic_id)
    log.empty(run.topic_id, 2, 2)

    _, lines, _ = printed(capsys, run.topic_id, "--after", 1)

    assert [line.split()[0] for line in lines] == ["2", "3"]
    assert lines[0].endswith("detector.started  (emptied)")
    assert lines[1].endswith("run.succeeded  It ended.")


def test_a_log_that_goes_on_after_an_ending_is_followed_to_its_last_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = make_run()
    ended(run.topic_id, "run.failed")
    log.append(run.topic_id, [Draft("run.retried", "Again.")])
    ended(run.topic_id, outcome="no_signs")

    code, lines, _ = printed(capsys, run.pk)

    assert (code, len(lines)) == (0, 3)


@pytest.mark.parametrize(("after", "told"), [(0, 3), (2, 1), (3, 0)])
def test_lines_behind_the_ending_are_told_and_it_ends(
    capsys: pytest.CaptureFixture[str], after: int, told: int
) -> None:
    run = make_run()
    ended(run.topic_id, outcome="not_assessable")
    log.append(run.topic_id, [Draft("plate.read", "AB12 CDE"), Draft("plate.read", "XY34 ZZZ")])

    code, lines, _ = printed(capsys, run.pk, "--after", after)

    assert (code, len(lines)) == (2, told)


def test_a_job_is_named_by_its_own_id_unless_several_have_it(capsys: pytest.CaptureFixture[str]) -> None:
    owner = make_user()
    jobs.create(owner, "nightly")
    jobs.complete(owner, "nightly")

    code, lines, _ = printed(capsys, "nightly")
    jobs.create(make_user(), "nightly")

    assert (code, len(lines)) == (0, 2)
    with pytest.raises(CommandError, match="Several logs"):
        call_command("follow", "nightly")


@pytest.mark.parametrize("kind", ["run.retried", "job.reported"])
@pytest.mark.parametrize("after", [0, 2])
def test_a_log_that_goes_on_is_waited_for(kind: str, after: int) -> None:
    run = make_run()
    ended(run.topic_id)
    log.append(run.topic_id, [Draft(kind, "Once more.")])

    assert follow(run.topic_id, lambda _line: None, after=after, patience_seconds=1) is None


@pytest.mark.parametrize("arguments", [["nobody"], ["00000000-0000-4000-8000-000000000000"]])
def test_what_is_not_there_is_said(arguments: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("follow", *arguments)

    assert refused.value.returncode == 3


def test_a_cursor_beyond_the_head_is_refused() -> None:
    run: Run = make_run()

    with pytest.raises(CommandError, match="0 to 0"):
        call_command("follow", str(run.pk), "--after", "3")


def _end_other_backends() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
