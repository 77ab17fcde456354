"""The folder choices are kept in, one file per net, device and thread count. Needs no torch.

Nothing in it is trusted: what cannot be read, or is of another key, counts as not there, and the way it names is
still compared with eager before it is used. Of several processes that measured at once the first one's choice stands.
"""

import fcntl
import json
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from analysis.engine.nets.rates.choice import Choice, Key

logger = logging.getLogger(__name__)
LIMIT_BYTES = 64 * 1024


class RatesFolder:
    """Choices on disk, by key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: Key, device: str) -> Path:
        """Where the choice is kept; one of an older key of the same net is written over."""
        name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{key.net}-{device}-{key.threads}")
        return self.folder / f"{name}.json"

    def read(self, key: Key, device: str) -> Choice | None:
        """What was chosen for exactly this key, if it can be read."""
        path = self.path(key, device)
        try:
            found = Choice.from_json(json.loads(_content(path)), key)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            logger.warning("what was kept as rates of %s cannot be used: %s", key.net, error)
            return None
        if found is None:
            logger.info("the rates of %s were measured for another machine, version or weights", key.net)
        return found

    def keep(self, choice: Choice, device: str, *, instead_of: Choice | None) -> Choice:
        """What stands from now on: this one, or what another process kept since `instead_of` was read."""
        with self._alone():
            meanwhile = self.read(choice.key, device)
            if meanwhile is not None and meanwhile != instead_of:
                return meanwhile
            self.write(choice, device)
        return choice

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other process keeps anything, as far as the file system knows of locks."""
        with ExitStack() as held:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
                held.callback(os.close, handle)  # which lets go of the lock
                fcntl.flock(handle, fcntl.LOCK_EX)
            except OSError as error:
                logger.info("the rates in %s cannot be locked: %s", self.folder, error)
            yield

    def write(self, choice: Choice, device: str) -> None:
        """Keeps it, whole or not at all; a folder that cannot be written to costs only the next measuring."""
        path = self.path(choice.key, device)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".incoming-")
        except OSError as error:
            logger.warning("the rates of %s cannot be kept: %s", choice.key.net, error)
            return
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(choice.as_json(), file, indent=1)
            Path(name).replace(path)
        except OSError as error:
            logger.warning("the rates of %s cannot be kept: %s", choice.key.net, error)
        finally:
            Path(name).unlink(missing_ok=True)


def _content(path: Path) -> bytes:
    """Of a plain file of a sane size; links, pipes and folders are refused (OSError, ValueError)."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        content = file.read(LIMIT_BYTES + 1)
    if not content or len(content) > LIMIT_BYTES:
        raise ValueError(f"{path.name} holds {'nothing' if not content else 'too much'}")
    return content
