"""The data folder of the embedded PostgreSQL: made once, refused when too old, its password kept in step."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.engines.errors import EngineFailed, OlderData
from config.engines.logfiles import last_lines, open_log
from config.engines.placement import Placement
from config.secrets import kept_secret

NAME = "postgres"
MAJOR = "18"
ROLE = DATABASE = "assay"
# initdb takes its languages from LANG otherwise, and dies where that one was never generated.
LOCALE = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")


def prepare_cluster(home: Path, place: Placement, *, durable: bool) -> None:
    """Makes the data folder unless it is there; raises OlderData or EngineFailed."""
    version = place.data / "PG_VERSION"
    if not version.exists():
        _create(home, place, durable=durable)
    found = version.read_text(encoding="ascii").strip()
    if found != MAJOR:
        raise OlderData(advice_for_older_data(place.data, found))


def advice_for_older_data(data: Path, found: str) -> str:
    """What to do with data that PostgreSQL 18 cannot read."""
    old = data.with_name(f"{data.name}-{found}")
    return (
        f"{data} was written by PostgreSQL {found}; this is PostgreSQL {MAJOR}. Nothing was changed. "
        "To bring it along:\n"
        f"  mv {data} {old}\n"
        f"  pg_ctl -D {old} -o '-c listen_addresses= -k /tmp' -w start      (of PostgreSQL {found})\n"
        f"  pg_dump -h /tmp -U {ROLE} -Fc {DATABASE} > assay.dump\n"
        f"  pg_ctl -D {old} stop\n"
        f"  script/server --no-sample                                       (and in a second terminal)\n"
        f'  pg_restore --clean --if-exists -d "$(.venv/bin/python -m config.engines.address)" assay.dump'
    )


def renew_password(home: Path, place: Placement) -> None:
    """Sets the role's password when `ASSAY_HOME/keys` holds another than before; the server must not run."""
    password = kept_secret(home, NAME)
    if _password_mark(place).exists() and _password_mark(place).read_text(encoding="ascii") == _digest(
        password
    ):
        return
    statement = f"ALTER ROLE {ROLE} PASSWORD '{password}'\n"
    _run(home, place, ["postgres", "--single", "-D", place.data, "postgres"], given=statement)
    _password_mark(place).write_text(_digest(password), encoding="ascii")


def plain_environment() -> dict[str, str]:
    """What the server needs of our environment: nothing that names a database or a language."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _create(home: Path, place: Placement, *, durable: bool) -> None:
    # Beside its place and then renamed: initdb killed half-way leaves a folder that no server can use.
    draft = place.data.with_name(f"{place.data.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    os.chown(draft, place.uid, place.gid)
    with _password_file(home, place) as password:
        options = [f"--pgdata={draft}", f"--username={ROLE}", f"--pwfile={password}", "--auth=scram-sha-256"]
        options += [*LOCALE, *([] if durable else ["--no-sync"])]
        _run(home, place, ["initdb", *options])
    draft.rename(place.data)
    _password_mark(place).write_text(_digest(kept_secret(home, NAME)), encoding="ascii")


def _run(home: Path, place: Placement, command: Sequence[str | Path], *, given: str = "") -> None:
    program, *arguments = command
    with open_log(home, NAME) as log:
        done = subprocess.run(  # noqa: S603 - our own program and arguments
            [place.install / "bin" / program, *arguments],
            input=given.encode(),
            stdout=log,
            stderr=log,
            cwd="/",
            env=plain_environment(),
            check=False,
            **place.identity(),
        )
    if done.returncode:
        raise EngineFailed(f"{program} failed for {place.data}:\n{last_lines(home, NAME)}")


@contextmanager
def _password_file(home: Path, place: Placement) -> Iterator[Path]:
    """The password in a file that only the database's user can read, for as long as initdb needs it."""
    descriptor, name = tempfile.mkstemp(dir=place.sockets, prefix="password.")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(kept_secret(home, NAME))
            os.fchown(file.fileno(), place.uid, place.gid)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _password_mark(place: Placement) -> Path:
    return place.data / "assay_password.sha256"


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
