"""The folder a user keeps published weight files in.

None of these files comes with Assay. A file is loaded only after its SHA-256 was compared with the
catalogue's, and pickled ones only with `weights_only=True`.
"""

import hashlib
import os
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.error import URLError

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.errors import UnverifiedWeights

CHUNK_BYTES = 1 << 20
TIMEOUT_SECONDS = 60


@lru_cache(maxsize=64)
def _digest(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hex; read again only when its size or time changed."""
    stat = path.stat()
    return _digest(path, stat.st_size, stat.st_mtime_ns)


class WeightStore:
    """A folder of weight files, laid out as the catalogue names them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """The verified file of a catalogue entry.

        Raises UnverifiedWeights when it is not installed or does not hash to the catalogue's digest.
        """
        published = CATALOGUE[key]
        path = self.folder / published.file
        if not path.is_file():
            raise UnverifiedWeights(
                f"{published.file} is not installed. "
                f"Install it with: manage.py weights pull {key}, or manage.py weights install --from FOLDER."
            )
        if sha256_of(path) != published.sha256:
            raise UnverifiedWeights(
                f"{published.file} is not the published file (its SHA-256 differs); it is not loaded. "
                f"Remove it and install it again with: manage.py weights pull {key}."
            )
        return path

    def install(self, key: str, source: Path) -> Path:
        """Copies `source` to its place, whole or not at all.

        Raises UnverifiedWeights when its digest is wrong.
        """
        published = CATALOGUE[key]
        if sha256_of(source) != published.sha256:
            raise UnverifiedWeights(f"{source} is not the published {published.file}: its SHA-256 differs.")
        target = self.folder / published.file
        if source.resolve() != target.resolve():
            with source.open("rb") as stream:
                self._write(target, iter(lambda: stream.read(CHUNK_BYTES), b""))
            for name in published.licence_files:
                if (source.parent / name).is_file():
                    shutil.copyfile(source.parent / name, target.parent / name)
        return target

    def pull(self, key: str) -> Path:
        """Fetches the file from its upstream address, verified before it takes its place.

        Raises UnverifiedWeights when it cannot be reached or is not the published file.
        """
        published = CATALOGUE[key]
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / Path(published.file).name
            for address, path in [(published.upstream, copy)] + [
                (f"{published.repository}/{name}", copy.parent / name) for name in published.licence_files
            ]:
                _fetch(
                    address, path, optional=path is not copy, limit_bytes=published.size_bytes + CHUNK_BYTES
                )
            return self.install(key, copy)

    def _write(self, target: Path, chunks: Iterator[bytes]) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(chunks)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)


def _fetch(address: str, path: Path, *, optional: bool, limit_bytes: int) -> None:
    try:
        # the addresses are the catalogue's own, all https
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # https only
            path.write_bytes(answer.read(limit_bytes))
    except (URLError, TimeoutError, ConnectionError) as error:
        if not optional:
            raise UnverifiedWeights(
                f"{address} could not be fetched ({error}). Without a network, copy the file over "
                f"and use: manage.py weights install --from FOLDER."
            ) from error


def find_published(folder: Path) -> dict[str, Path]:
    """The catalogue's files found anywhere below `folder`, by name and SHA-256."""
    wanted = {Path(entry.file).name: entry for entry in CATALOGUE.values()}
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        entry = wanted.get(path.name)
        if entry and entry.key not in found and path.is_file() and sha256_of(path) == entry.sha256:
            found[entry.key] = path
    return found
