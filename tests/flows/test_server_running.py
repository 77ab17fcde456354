import os
import stat
from pathlib import Path

import psutil

from config.engines.paths import recorded_sockets
from tests.installation import Installation


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_web_server_says_uvicorn_and_only_the_worker_says_runworker(running: Installation) -> None:
    lines = running.command_lines()

    web = [pid for pid, line in lines.items() if "uvicorn" in line or "daphne" in line]
    workers = [pid for pid, line in lines.items() if "runworker" in line]

    assert web == [running.pid("web")]
    supervisors = {running.pid("worker-1"), running.pid("worker-cameras")}
    family = supervisors | {p.pid for pid in supervisors for p in psutil.Process(pid).children(True)}
    assert set(workers) <= family


def test_commands_reach_the_running_engines(running: Installation) -> None:
    done = running.command("manage.py", "migrate", "--check")

    assert done.returncode == 0, done.stderr


def test_secrets_and_sockets_are_for_their_owner_alone(running: Installation) -> None:
    sockets = recorded_sockets(running.home)
    assert sockets is not None

    modes = {mode(path) for path in (running.home / "keys").iterdir()}

    assert modes == {0o600}
    assert {mode(running.home / "keys"), mode(sockets.postgres), mode(sockets.redis)} == {0o700}


def test_the_database_listens_on_no_port(running: Installation) -> None:
    ports = psutil.Process(running.pid("postgres")).net_connections("tcp")
    redis_ports = psutil.Process(running.pid("redis")).net_connections("tcp")

    assert (ports, redis_ports) == ([], [])


def test_no_password_stands_in_a_command_line(running: Installation) -> None:
    keys = [path.read_text().strip() for path in (running.home / "keys").iterdir()]

    assert not [line for line in running.command_lines().values() for key in keys if key in line]


def test_a_second_server_on_the_same_home_is_refused(running: Installation) -> None:
    second = Installation(home=running.home)

    done = second.command("-m", "config.engines.serve", "--no-sample")

    assert done.returncode == 1
    assert "A server already runs with ASSAY_HOME" in done.stderr
    assert running.answers()


def test_the_server_may_open_as_many_files_as_the_system_allows(running: Installation) -> None:
    soft, hard = psutil.Process(running.pid("web")).rlimit(psutil.RLIMIT_NOFILE)

    assert soft == hard or soft >= 65536


def test_logs_are_beside_the_data_and_private(running: Installation) -> None:
    names = {path.name for path in running.home.glob("*.log")}

    assert names >= {
        "web.log",
        "worker-1.log",
        "worker-cameras.log",
        "postgres.log",
        "redis.log",
        "server.log",
    }
    assert {mode(path) for path in running.home.glob("*.log")} == {0o600}


def test_root_never_runs_the_database(running: Installation) -> None:
    assert psutil.Process(running.pid("postgres")).uids().real != 0
    assert running.home.stat().st_uid == os.getuid()
