"""The examples under docs/examples do what they say, in every language that is installed."""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from accounts.models import User
from analysis.models import Media, Run, Upload
from realtime import jobs
from realtime.envelope import Draft
from realtime.models import Event, Job
from realtime.readers import ask
from tests.analysis.intake import wav
from tests.pages.conftest import leased_run
from tests.product import ROOT, Server
from tests.realtime.conftest import append, progress, stage
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
EXAMPLES = ROOT / "docs" / "examples"
CLIENT = ROOT / "clients" / "python" / "src"
PIECE = 8 * 2**20
# What a language needs, and how one of its examples is started.
LANGUAGES: Mapping[str, tuple[tuple[str, ...], Callable[[str], list[str]]]] = {
    "python": ((sys.executable,), lambda name: [sys.executable, f"{name}.py"]),
    "javascript": (("node",), lambda name: ["node", f"{name}.mjs"]),
    "go": (("go",), lambda name: ["go", "run", f"./{name}"]),
    "curl": (("sh", "curl"), lambda name: ["sh", f"{name}.sh"]),
}


class Example:
    """A started example."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line it prints."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 60)).decode().rstrip("\n")

    async def end(self, *, limit: float = 90.0) -> list[str]:
        """The lines it prints until it ends, which must be well."""
        out, err = await asyncio.wait_for(self.process.communicate(), limit)
        assert self.process.returncode == 0, err.decode()
        return out.decode().splitlines()

    async def refuse(self, *, limit: float = 60.0) -> tuple[int | None, str]:
        """How it ends when it cannot go on, and what it says of that; it prints nothing else."""
        out, err = await asyncio.wait_for(self.process.communicate(), limit)
        assert out == b"", out
        return self.process.returncode, err.decode()

    async def kill(self) -> None:
        # `go run` starts the program as a child of its own.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()


class Language:
    """Starts examples of one language."""

    def __init__(self, name: str, key: str) -> None:
        self.name = name
        self.key = key
        self.started: list[Example] = []

    async def start(self, server: Server, name: str, *arguments: object, under: str = "") -> Example:
        env = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        env |= {"ASSAY_URL": server.url + under, "ASSAY_KEY": self.key, "PYTHONPATH": str(CLIENT)}
        process = await asyncio.create_subprocess_exec(
            *LANGUAGES[self.name][1](name),
            *(str(argument) for argument in arguments),
            cwd=EXAMPLES / self.name,
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self.started.append(Example(process))
        return self.started[-1]


@pytest.fixture(params=LANGUAGES)
async def language(request: pytest.FixtureRequest, key: str) -> AsyncIterator[Language]:
    """One after the other; skipped where it is not installed. What still runs after the test is killed."""
    missing = [program for program in LANGUAGES[request.param][0] if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    chosen = Language(request.param, key)
    yield chosen
    for example in chosen.started:
        await example.kill()


def ended(run: Run) -> Draft:
    return Draft("run.succeeded", "It ended.", {"run": str(run.pk), "attempt": 1}, ending=True)


def plate() -> Draft:
    """What a program beside the run may still append."""
    return Draft("plate.read", "AB12 CDE", {"plate": "AB12 CDE"})


def seqs(lines: list[str]) -> list[int]:
    """What an example said it saw: a line per event, or a page of them as JSON."""
    if lines and lines[0].startswith("{"):
        return [event["seq"] for line in lines for event in json.loads(line)["events"]]
    return [int(line.split()[0]) for line in lines]


async def test_reporting(server: Server, language: Language) -> None:
    example = await language.start(server, "report", "nightly")

    said = await example.end()

    job = await ask(Job.objects.get)
    lines = Event.objects.filter(topic=job.topic_id, seq__gt=1).order_by("seq")
    messages = await ask(lambda: list(lines.values_list("message", flat=True)))
    assert said == ["completed"]
    assert (job.job_id, job.state, job.result) == ("nightly", "completed", {"file": "out.mp4"})
    assert (messages[0][:7], messages[-1]) == ("Frame 0", "Job completed")
    assert len(messages) == len(set(messages))


async def test_following_with_resume(server: Server, language: Language, user: User) -> None:
    run = await ask(leased_run, owner=user)
    await append(run.topic_id, stage(), progress(1), stage())
    first = await language.start(server, "follow", run.id)
    seen = seqs([await first.line()])
    await first.kill()

    await append(run.topic_id, progress(2))
    second = await language.start(server, "follow", run.id, seen[-1])
    going = seqs([await second.line()])
    await append(run.topic_id, ended(run))

    assert seen + going + seqs(await second.end()) == [1, 2, 3, 4, 5]


async def test_following_to_the_ending_and_what_came_after_it(
    server: Server, language: Language, user: User
) -> None:
    run = await ask(leased_run, owner=user)
    again = Draft("run.retried", "Once more.", {"run": str(run.pk), "attempt": 2, "reason": "asked"})
    await append(run.topic_id, stage(), ended(run), again, stage(), ended(run), plate())

    said = await (await language.start(server, "follow", run.topic_id)).end()

    assert seqs(said) == [1, 2, 3, 4, 5, 6]


async def test_following_a_run_that_was_read_to_its_end(
    server: Server, language: Language, user: User
) -> None:
    run = await ask(leased_run, owner=user)
    queued = Draft("run.queued", "Waiting.", {"run": str(run.pk)})
    await append(run.topic_id, queued, ended(run), plate(), plate())
    await ask(Run.objects.filter(pk=run.pk).update, state="succeeded")

    said = await (await language.start(server, "follow", run.topic_id, 4)).end()

    assert said == []


async def test_following_a_job(server: Server, language: Language, user: User) -> None:
    await ask(jobs.create, user, "nightly")
    await ask(jobs.complete, user, "nightly")
    job = await ask(Job.objects.get)
    anew = [Draft("job.reported", "Once more."), Draft("job.failed", "It ended.", ending=True)]
    await append(job.topic_id, *anew)

    said = await (await language.start(server, "follow", "nightly")).end()

    assert seqs(said) == [1, 2, 3, 4]


async def test_uploading_with_resume(server: Server, language: Language, tmp_path: Path) -> None:
    path, content = tmp_path / "interview.wav", wav(seconds=640)
    path.write_bytes(content)
    first = await language.start(server, "upload", path)
    arrived = Upload.objects.filter(offset__gte=PIECE)
    await eventually(lambda: ask(arrived.exists), limit=60, what="the first piece")
    await first.kill()

    said = await (await language.start(server, "upload", path)).end()

    media, run = await ask(Media.objects.get), await ask(Run.objects.get)
    assert said == [f"{hashlib.sha256(content).hexdigest()} {run.topic_id}"]
    assert (media.sha256, media.filename) == (said[0].split()[0], "interview.wav")
    assert await ask(Upload.objects.count) == 1


async def test_a_file_that_is_refused_ends_it(server: Server, language: Language, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Nothing to look at.")

    code, said = await (await language.start(server, "upload", path)).refuse()

    assert code
    assert "not_media" in said
    assert "no picture, video or sound" in said


async def test_an_empty_file_ends_it(server: Server, language: Language, tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()

    code, said = await (await language.start(server, "upload", path)).refuse()

    assert code
    assert "empty_file" in said


@pytest.mark.parametrize("name", ["report", "follow", "upload"])
async def test_a_bad_key_ends_it(server: Server, language: Language, tmp_path: Path, name: str) -> None:
    path = tmp_path / "interview.wav"
    path.write_bytes(wav())
    language.key = "assay_nobody"

    code, said = await (await language.start(server, name, path if name == "upload" else "nightly")).refuse()

    assert code
    assert "API key" in said


async def test_an_upload_to_a_wrong_address_sends_nothing_further(
    server: Server, language: Language, tmp_path: Path
) -> None:
    path = tmp_path / "interview.wav"
    path.write_bytes(wav())

    code, said = await (await language.start(server, "upload", path, under="/nowhere")).refuse()

    assert code
    assert "404" in said


@pytest.mark.parametrize("name", ["report", "follow", "upload"])
async def test_without_an_argument_it_says_what_it_takes(
    server: Server, language: Language, name: str
) -> None:
    code, said = await (await language.start(server, name)).refuse()

    # `go run` says 1 for whatever its program says.
    assert code == (1 if language.name == "go" else 2)
    assert said.startswith("usage: ")
    assert not await ask(Job.objects.exists)
