"""`manage.py verifylog`: the proof in a terminal, and the closing proof of an ending."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from realtime import jobs, log
from realtime.log import Draft
from realtime.models import Event, Topic
from tests.factories import make_run, make_user
from tests.product import ROOT

pytestmark = pytest.mark.django_db


def make_topic() -> UUID:
    topic = log.create_topic("job", make_user()).pk
    log.append(topic, [Draft("job.reported", f"{number} of 3") for number in range(3)])
    log.append(topic, [Draft("job.succeeded", "Done.", ending=True)])
    return topic


def verified(*topics: object) -> tuple[int, list[str]]:
    """The exit code and the lines printed."""
    out = StringIO()
    try:
        call_command("verifylog", *map(str, topics), stdout=out)
    except SystemExit as left:
        return int(str(left.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


def ending(topic: UUID) -> dict[str, object]:
    event: dict[str, object] = json.loads(log.read(topic)[-1].body)
    return event


def test_chains_that_hold_are_said_with_their_last_hash() -> None:
    topics = [make_topic(), make_topic()]

    code, said = verified("--all")

    hashes = [ending(topic)["hash"] for topic in topics]
    expected = [f"{t}  ok, 4 lines, last hash {h}" for t, h in zip(topics, hashes, strict=True)]
    assert (code, said) == (0, [*expected, "2 topics verified, 0 broken"])


def test_the_first_broken_line_is_named() -> None:
    whole, broken = make_topic(), make_topic()
    line = Event.objects.get(topic=broken, seq=2)
    Event.objects.filter(pk=line.pk).update(body=line.body.replace("1 of 3", "2 of 3"))

    code, said = verified(whole, broken)

    assert code == 1
    assert said[1:] == [
        f"{broken}  BROKEN at line 2 of 4: The stored text was changed.",
        "2 topics verified, 1 broken",
    ]


def test_a_topic_that_is_not_there_is_a_failure() -> None:
    missing = uuid4()

    code, said = verified(missing, "nobody", make_topic())

    assert code == 1
    assert said[-1] == "1 topics verified, 0 broken, 2 not there"


def test_a_chain_is_named_by_its_run_or_job_too() -> None:
    run, job = make_run(), jobs.create(make_user(), "nightly")
    log.append(run.topic_id, [Draft("run.queued", "Waiting.")], run=run.pk, attempt=1)

    code, said = verified(run.pk, "nightly")

    assert (code, said[-1]) == (0, "2 topics verified, 0 broken")
    assert [line.split()[0] for line in said[:-1]] == [str(run.topic_id), str(job.topic_id)]


@pytest.mark.parametrize("command", [("follow", "x"), ("verifylog", "x"), ("verifylog", "--all")])
def test_without_a_database_it_says_what_to_do(tmp_path: Path, command: tuple[str, ...]) -> None:
    env = os.environ | {"DATABASE_URL": "postgresql:///assay?host=/nowhere", "ASSAY_HOME": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command],
        check=False,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 3
    assert "start script/server, or set DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_line_without_topics_is_refused() -> None:
    with pytest.raises(CommandError):
        call_command("verifylog")


def test_an_ending_carries_the_last_seq_and_the_hash_of_the_whole_chain() -> None:
    topic = make_topic()

    last = ending(topic)

    head = Topic.objects.get(pk=topic)
    assert last["data"] == {"last_seq": 4}
    assert (last["seq"], last["hash"]) == (head.head, bytes(head.head_hash).hex())
