"""A user's socket tells of topics on media of others only as long as the user may see them."""

import asyncio
from collections.abc import Callable

import pytest

from accounts.models import Team, User
from analysis.models import Run
from realtime.readers import ask
from tests.factories import make_media, make_run, make_user
from tests.product import Server
from tests.realtime.conftest import Watch, Watcher, append, progress
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def in_team(user: User, run: Run) -> Callable[[], object]:
    """Lets the user see the media through a team; returns how that ends."""
    team, _ = Team.objects.get_or_create(name="desk")
    team.members.add(user)
    type(run.media).objects.filter(pk=run.media_id).update(team=team)
    return lambda: team.members.remove(user)


def as_superuser(user: User, run: Run) -> Callable[[], object]:
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    return lambda: User.objects.filter(pk=user.pk).update(is_superuser=False)


def foreign_run() -> Run:
    """A run that one user began on the media of another."""
    return make_run(media=make_media(), owner=make_user())


def told_of(watcher: Watcher, run: Run) -> list[int]:
    return [frame["seq"] for frame in watcher.frames if frame.get("topic") == str(run.topic_id)]


async def silent(watcher: Watcher) -> None:
    """Reads what was sent until now."""
    await watcher.say(type="ping")
    await watcher.frame("pong")


@pytest.mark.parametrize("right", [in_team, as_superuser])
async def test_a_right_that_is_gone_hides_the_run_from_the_snapshot_and_from_resume(
    server: Server, watch: Watch, right: Callable[[User, Run], Callable[[], object]]
) -> None:
    run = await ask(foreign_run)
    take_away = await ask(right, run.owner, run)
    await append(run.topic_id, progress(1))
    before = await (await watch(server, "/ws/user/", run.owner)).frame("snapshot")
    await ask(take_away)

    watcher = await watch(server, "/ws/user/", run.owner)
    after = await watcher.frame("snapshot")
    await watcher.say(type="resume", **{str(run.topic_id): 0})
    error = await watcher.frame("error")

    assert [media["id"] for media in before["media"]] == [str(run.media_id)]
    assert (after["media"], after["heads"]) == ([], {})
    assert error["code"] == "not_found"
    assert told_of(watcher, run) == []


@pytest.mark.parametrize("right", [in_team, as_superuser])
async def test_live_frames_end_with_the_right_and_come_back_with_it_without_a_gap(
    server: Server, watch: Watch, right: Callable[[User, Run], Callable[[], object]]
) -> None:
    run = await ask(foreign_run)
    take_away = await ask(right, run.owner, run)
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")
    await append(run.topic_id, progress(1))
    await watcher.frame("progress_update")

    await ask(take_away)
    hidden_from = await eventually(lambda: unheard(watcher, run), limit=10, every=0.2, what="it is hidden")
    await ask(right, run.owner, run)
    while max(told_of(watcher, run)) < hidden_from:
        await watcher.read()

    assert told_of(watcher, run) == list(range(1, hidden_from + 1))


async def unheard(watcher: Watcher, run: Run) -> int:
    """The seq of a line the watcher was not told of; 0 when it was."""
    (line,) = await append(run.topic_id, progress(2))
    try:
        async with asyncio.timeout(1.5):  # longer than any poll
            while line.seq not in told_of(watcher, run):
                await watcher.read()
    except TimeoutError:
        return line.seq
    return 0


async def test_a_run_that_begins_after_the_right_has_gone_is_not_told_of(
    server: Server, watch: Watch
) -> None:
    run = await ask(foreign_run)
    own = await ask(make_run, owner=run.owner)
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")

    await append(run.topic_id, progress(1))
    await append(own.topic_id, progress(1))
    await watcher.frame("progress_update")
    await silent(watcher)

    assert (told_of(watcher, run), told_of(watcher, own)) == ([], [1])
