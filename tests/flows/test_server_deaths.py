import os
import signal
from collections.abc import Callable

import psutil

from tests.installation import Installation
from tests.waiting import wait_until


def killed(installation: Installation, name: str) -> int:
    pid = installation.pid(name)
    os.kill(pid, signal.SIGKILL)
    return pid


def another_runs(installation: Installation, name: str, before: int) -> bool:
    now = installation.recorded(name)
    return now not in (None, before) and psutil.pid_exists(now or 0)


def reapers(installation: Installation) -> list[int]:
    return [pid for pid, line in installation.command_lines().items() if "config.engines.reaper" in line]


def test_a_dead_web_server_is_back_within_5_seconds(running: Installation) -> None:
    before = killed(running, "web")

    wait_until(lambda: another_runs(running, "web", before), limit=5, what="another web server runs")

    assert wait_until(running.answers, limit=20)


def test_a_dead_worker_is_back_within_5_seconds(running: Installation) -> None:
    before = killed(running, "worker-1")

    assert wait_until(lambda: another_runs(running, "worker-1", before), limit=5, what="another worker runs")


def test_a_dead_redis_is_back_within_5_seconds(running: Installation) -> None:
    killed(running, "redis")

    assert wait_until(lambda: running.checks().get("redis") == "ok", limit=5, what="Redis answers again")


def test_a_dead_database_is_back_and_the_web_server_finds_it(running: Installation) -> None:
    before = killed(running, "postgres")

    wait_until(lambda: another_runs(running, "postgres", before), limit=30, what="PostgreSQL recovered")

    assert wait_until(lambda: running.checks().get("database") == "ok", limit=10)


def test_kill_9_of_the_script_leaves_nothing_and_the_next_start_works(installation: Installation) -> None:
    installation.start()

    installation.stop(signal.SIGKILL)

    wait_until(lambda: not installation.processes(), limit=30, what="the reaper stopped everything")
    installation.start()
    assert installation.checks()["database"] == "ok"


def test_a_start_right_after_kill_9_waits_for_the_reaper(installation: Installation) -> None:
    installation.start()
    installation.stop(signal.SIGKILL)

    installation.start()

    assert installation.checks()["database"] == "ok"


def test_with_the_reaper_killed_too_the_next_start_adopts_the_database(installation: Installation) -> None:
    installation.start()
    postgres, web = installation.pid("postgres"), installation.pid("web")
    os.kill(reapers(installation)[0], signal.SIGKILL)
    installation.stop(signal.SIGKILL)

    installation.start()

    assert installation.pid("postgres") == postgres
    assert installation.pid("web") != web
    assert not psutil.pid_exists(web)


def test_a_killed_reaper_is_replaced(make_installation: Callable[..., Installation]) -> None:
    installation = make_installation()
    installation.start()
    first = wait_until(lambda: reapers(installation))[0]

    os.kill(first, signal.SIGKILL)

    assert wait_until(lambda: [pid for pid in reapers(installation) if pid != first], limit=5)
