"""Real engines for the whole test run, started before Django reads its settings (`-p tests.engines`).

Without DATABASE_URL and REDIS_URL the product's own embedded PostgreSQL and Redis run in a private
ASSAY_HOME; their reaper stops them however the tests end. With xdist every process has a home and a
Redis prefix of its own and pytest-django gives it a database of its own; the engines are shared.
"""

import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from config.engines.embedded import plan_engines
from config.engines.guard import Guard

KEPT = ("ASSAY_TEST_MEDIA", "ASSAY_TEST_WEIGHTS")
FOREIGN = ("PORT", "JWT_SECRET_KEY", "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD")


def new_home() -> Path:
    """A fresh ASSAY_HOME that the database's user can reach when we are root."""
    home = Path(tempfile.mkdtemp(prefix="assay-test-"))
    home.chmod(0o711)
    return home


def _prepare_environment() -> Path:
    for name in [name for name in os.environ if name.startswith("ASSAY_") and name not in KEPT]:
        del os.environ[name]
    for name in FOREIGN:
        os.environ.pop(name, None)
    home = new_home()
    os.environ["ASSAY_HOME"] = str(home)
    os.environ["ASSAY_REDIS_PREFIX"] = f"test{secrets.token_hex(4)}."
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return home


def _start_engines(home: Path) -> Guard | None:
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if not missing:
        return None
    guard = Guard(home)
    engines = plan_engines(
        home, with_postgres="DATABASE_URL" in missing, with_redis="REDIS_URL" in missing, durable=False
    )
    for start in engines.starters.values():
        start(time.sleep)
    os.environ.update(engines.urls)
    return guard


_home = _prepare_environment()
_guard = _start_engines(_home)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stops the engines once pytest-django has dropped its databases."""
    if _guard is not None:
        _guard.close()
    shutil.rmtree(_home, ignore_errors=True)
