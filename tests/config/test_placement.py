import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.engines import placement
from config.engines.ending import stop_everything
from config.engines.errors import EngineFailed, OlderData
from config.engines.paths import UnsafeFolder, home_digest, own_folder, socket_folder
from config.engines.postgres import Postgres, address
from config.engines.processes import Record, wait_for_end
from config.secrets import kept_secret
from tests.engines import new_home

SOCKETS = socket_folder(Path("/"), uid=4294967294).parent
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root runs the database as somebody else")


@pytest.fixture
def home() -> Iterator[Path]:
    home = new_home()
    yield home
    forget(home)


def forget(home: Path) -> None:
    digest = home_digest(home)
    for folder in (home, placement.SPARE / f"assay-{digest}", *SOCKETS.glob(f"assay-*-{digest}")):
        shutil.rmtree(folder, ignore_errors=True)


def stopped(record: Record) -> None:
    psutil.Process(record.pid).terminate()
    assert wait_for_end([record], seconds=20)


def asked(home: Path, place: placement.Placement, question: str) -> object:
    with psycopg.connect(address(home, place.sockets)) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


@as_root
def test_an_unreachable_home_puts_data_into_var_lib_and_changes_no_parents_mode(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    inner = closed / "home"

    place = placement.place(inner)
    record = Postgres(inner, place, durable=False).start(time.sleep)
    answer = asked(inner, place, "select 42")
    stopped(record)

    assert answer == 42
    assert place.data == Path(f"/var/lib/assay-{home_digest(inner)}/postgres")
    assert closed.stat().st_mode & 0o777 == 0o700
    assert place.sockets.stat().st_uid == place.data.stat().st_uid == place.uid != 0
    forget(inner)


@as_root
def test_unreachable_programs_are_copied_and_run_from_there(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = placement.postgres_install().parent
    hidden = home / "hidden"
    hidden.mkdir(mode=0o700)
    for name in (wheel.name, f"{wheel.name}.libs"):
        (hidden / name).symlink_to(wheel.with_name(name))
    monkeypatch.setattr(placement, "postgres_install", lambda: hidden / wheel.name / "pginstall18")

    place = placement.place(home)
    record = Postgres(home, place, durable=False).start(time.sleep)
    answer = asked(home, place, "select 42")
    stopped(record)

    assert answer == 42
    assert place.install.is_relative_to(f"/var/lib/assay-{home_digest(home)}")
    assert place.data == home / "postgres"


def test_data_of_an_older_major_is_refused_with_the_commands_to_bring_it_along(home: Path) -> None:
    place = placement.place(home)
    (place.data / "PG_VERSION").write_text("16\n")

    with pytest.raises(OlderData) as refusal:
        Postgres(home, place).start(time.sleep)

    assert "pg_dump" in str(refusal.value)
    assert "pg_restore" in str(refusal.value)
    assert sorted(path.name for path in place.data.iterdir()) == ["PG_VERSION"]


def test_a_strangers_process_number_in_the_pid_file_is_not_adopted(home: Path) -> None:
    place = placement.place(home)
    postgres = Postgres(home, place, durable=False)
    stopped(postgres.start(time.sleep))
    stranger = subprocess.Popen(["sleep", "60"])
    (place.data / "postmaster.pid").write_text(f"{stranger.pid}\n{place.data}\n")

    record = postgres.start(time.sleep)

    assert record.pid != stranger.pid
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    stopped(record)


def test_a_running_server_of_the_folder_is_adopted(home: Path) -> None:
    place = placement.place(home)
    first = Postgres(home, place, durable=False).start(time.sleep)

    second = Postgres(home, place, durable=False).start(time.sleep)

    assert second == first
    stopped(first)


def test_a_server_that_is_still_recovering_is_on_record_already(home: Path) -> None:
    class Impatient(Exception):
        pass

    def stop_waiting(_seconds: float) -> None:
        raise Impatient

    postgres = Postgres(home, placement.place(home), durable=False)

    with pytest.raises(Impatient):
        postgres.start(stop_waiting)

    assert [record.name for record in stop_everything(home)] == ["postgres"]
    assert postgres.running() is None


def test_a_lost_password_is_replaced_at_the_next_start(home: Path) -> None:
    place = placement.place(home)
    postgres = Postgres(home, place, durable=False)
    stopped(postgres.start(time.sleep))
    before = kept_secret(home, "postgres")
    (home / "keys" / "postgres").unlink()

    record = postgres.start(time.sleep)

    assert kept_secret(home, "postgres") != before
    assert asked(home, place, "select 1") == 1
    stopped(record)


def test_the_database_speaks_utf8_in_the_builtin_locale_and_refuses_a_wrong_password(home: Path) -> None:
    place = placement.place(home)
    record = Postgres(home, place, durable=False).start(time.sleep)

    locale = asked(
        home, place, "select datlocprovider::text || datlocale from pg_database where datname = 'assay'"
    )
    encoding = asked(home, place, "show server_encoding")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"host={place.sockets} user=assay dbname=assay password=guess")

    assert (locale, encoding) == ("bC.UTF-8", "UTF8")
    stopped(record)


def test_a_socket_folder_of_somebody_else_is_refused(home: Path) -> None:
    (home / "sockets").mkdir(mode=0o700)
    own_folder(home / "sockets", uid=os.getuid())

    with pytest.raises(UnsafeFolder, match="belongs to somebody else"):
        own_folder(home / "sockets", uid=os.getuid() + 1)


def test_a_link_in_place_of_the_socket_folder_is_refused(home: Path) -> None:
    (home / "elsewhere").mkdir()
    (home / "sockets").symlink_to(home / "elsewhere")

    with pytest.raises(UnsafeFolder):
        own_folder(home / "sockets", uid=os.getuid())


def test_sockets_of_the_longest_home_fit_the_kernel(tmp_path: Path) -> None:
    folder = socket_folder(Path("/" + "x" * 3000), uid=4294967294)

    assert len(str(folder / ".s.PGSQL.5432.lock")) <= 107


def test_a_runtime_folder_too_long_for_sockets_is_passed_over(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = home / ("x" * 80)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))

    assert not socket_folder(home, uid=1234).is_relative_to(long)


def test_data_of_another_user_is_refused_by_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = placement.place(home)
    monkeypatch.setattr(os, "getuid", lambda: place.uid + 1)

    with pytest.raises(EngineFailed, match="belongs to"):
        placement.place(home)
