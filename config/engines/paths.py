"""Where the embedded engines keep data, sockets and pid records of one `ASSAY_HOME`."""

import hashlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

# sun_path holds 108 bytes with the closing NUL on Linux; 104 elsewhere.
LONGEST_SOCKET_PATH = 107 if os.uname().sysname == "Linux" else 103
POSTGRES_SOCKET = ".s.PGSQL.5432"
REDIS_SOCKET = "redis.sock"


class UnsafeFolder(RuntimeError):
    """A folder for sockets that belongs to somebody else."""


@dataclass(frozen=True)
class Sockets:
    """The folders in which the two engines of one installation listen."""

    postgres: Path
    redis: Path


def home_digest(home: Path) -> str:
    """A short name for `home` that is the same however it is spelled."""
    return hashlib.sha256(os.fsencode(os.path.realpath(home))).hexdigest()[:12]


def socket_folder(home: Path, *, uid: int) -> Path:
    """The socket folder of the engine that runs as `uid`; under `$XDG_RUNTIME_DIR` when that is ours and short."""
    name = f"assay-{home_digest(home)}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and uid == os.getuid() and uid != 0 and Path(runtime).is_dir() and fits(Path(runtime) / name):
        return Path(runtime) / name
    # Not tempfile.gettempdir(): TMPDIR differs between a service and a shell, and both must meet here.
    return Path("/tmp") / f"assay-{uid}-{home_digest(home)}"  # noqa: S108 - owner and mode are checked


def fits(folder: Path) -> bool:
    """Whether sockets in `folder` have paths the kernel accepts."""
    return len(os.fsencode(folder / POSTGRES_SOCKET)) + len(".lock") <= LONGEST_SOCKET_PATH


def own_folder(folder: Path, *, uid: int) -> Path:
    """Makes `folder` with mode 0700 for `uid`; raises UnsafeFolder when it is there and somebody else's."""
    try:
        folder.mkdir(mode=0o700)
        if uid != os.getuid():
            os.chown(folder, uid, -1)
    except FileExistsError:
        pass
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
        raise UnsafeFolder(
            f"{folder} exists and belongs to somebody else. Remove it, or set XDG_RUNTIME_DIR."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)
    return folder


def recorded_sockets(home: Path) -> Sockets | None:
    """Where the engines of `home` said they listen, if they ever started."""
    try:
        found = json.loads((home / "run" / "sockets.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Sockets(postgres=Path(found["postgres"]), redis=Path(found["redis"]))


def expected_sockets(home: Path) -> Sockets:
    """Where a client of `home` should connect: as recorded, else where this user's engines would listen."""
    folder = socket_folder(home, uid=os.getuid())
    return recorded_sockets(home) or Sockets(postgres=folder, redis=folder)


def record_sockets(home: Path, sockets: Sockets) -> None:
    """Tells later processes where the engines listen, whatever their own XDG_RUNTIME_DIR says."""
    text = json.dumps({"postgres": str(sockets.postgres), "redis": str(sockets.redis)})
    replace_text(run_folder(home) / "sockets.json", text)


def run_folder(home: Path) -> Path:
    """The folder of pid records and locks."""
    folder = make_home(home) / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def make_home(home: Path) -> Path:
    """Creates `ASSAY_HOME` closed to others; as root it stays passable, because the database runs as somebody else."""
    if not home.is_dir():
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o711 if os.getuid() == 0 else 0o700, exist_ok=True)
        home.chmod(0o711 if os.getuid() == 0 else 0o700)  # whatever the umask was
    return home


def replace_text(path: Path, text: str) -> None:
    """Writes `path` so that readers see the old text or the new, never half of it."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(draft).replace(path)
