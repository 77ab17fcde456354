"""The catalogue of published weight files, and the folder a user keeps them in.

None of these files comes with Assay. A file is loaded only after its SHA-256 was compared with the
catalogue's, and pickled ones only with `weights_only=True`.
"""

import hashlib
import os
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.error import URLError

from analysis.engine.errors import UnverifiedWeights

CHUNK_BYTES = 1 << 20
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Published:
    """One published file: where it comes from, what it must hash to, and under which terms.

    `file` is its place below the weights folder; `licence_files` are fetched or copied beside it.
    """

    key: str
    file: str
    sha256: str
    size_bytes: int
    title: str
    licence: str
    paper: str
    upstream: str
    licence_files: tuple[str, ...] = ()

    @property
    def repository(self) -> str:
        """The address of the repository's root at that commit, where its licence files lie."""
        return "/".join(self.upstream.split("/")[:6])


_RAW = "https://raw.githubusercontent.com"
_MESO = f"{_RAW}/DariusAf/MesoNet/2144d56a30e48cdcac1976ff13a1c5cdc86376c6/weights"
_MESO_PAPER = "Afchar et al., MesoNet: a compact facial video forgery detection network, WIFS 2018"
_AASIST = f"{_RAW}/clovaai/aasist/a04c9863f63d44471dde8a6abcb3b082b07cd1d1/models/weights"
_AASIST_PAPER = (
    "Jung et al., AASIST: audio anti-spoofing using integrated spectro-temporal graph attention networks, "
    "ICASSP 2022"
)


def _meso(key: str, name: str, sha256: str, size_bytes: int) -> Published:
    return Published(
        key=key,
        file=f"mesonet/{name}.h5",
        sha256=sha256,
        size_bytes=size_bytes,
        title=name.replace("_", ", "),
        licence="Apache-2.0",
        paper=_MESO_PAPER,
        upstream=f"{_MESO}/{name}.h5",
        licence_files=("LICENSE", "NOTICE"),
    )


def _aasist(key: str, name: str, sha256: str, size_bytes: int) -> Published:
    return Published(
        key=key,
        file=f"aasist/{name}.pth",
        sha256=sha256,
        size_bytes=size_bytes,
        title=name,
        licence="MIT",
        paper=_AASIST_PAPER,
        upstream=f"{_AASIST}/{name}.pth",
        licence_files=("LICENSE", "NOTICE"),
    )


_YUNET = Published(
    key="yunet",
    file="yunet/yunet_n_640_640.onnx",
    sha256="25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",
    size_bytes=317466,
    title="YuNet-n (face finder)",
    licence="Apache-2.0",
    paper="Wu et al., YuNet: a tiny millisecond-level face detector, Machine Intelligence Research 2023",
    upstream=f"{_RAW}/ShiqiYu/libfacedetection.train/0047ac24afb1a50a0c6105001c89d1b5b805dbf1"
    "/onnx/yunet_n_640_640.onnx",
    licence_files=("LICENSE",),
)

CATALOGUE: dict[str, Published] = {
    entry.key: entry
    for entry in (
        _meso(
            "meso4-df",
            "Meso4_DF",
            "036ed30d04ffd9c7506f825b97c86aa64915f5818931da96817b169aad790af5",
            156128,
        ),
        _meso(
            "meso4-f2f",
            "Meso4_F2F",
            "bcfda015d217b9f8d6557693edbdf9f4e79cfd22672541968dd0e2954462b5d7",
            156128,
        ),
        _meso(
            "mesoinception4-df",
            "MesoInception_DF",
            "234586d40058e76ef8b6f27ca4b63c06e31c2a5a69c0d8ba6f30b1468ab7bafa",
            197504,
        ),
        _meso(
            "mesoinception4-f2f",
            "MesoInception_F2F",
            "d4533ac8a3197dc35c47405d23d99e888c1d0135e267e03540c7451feaccff3f",
            197504,
        ),
        _aasist(
            "aasist-l",
            "AASIST-L",
            "814331d088032bb4c3fa61cc014789eadeed464209dd094ab3a2dd6ffbdce27a",
            426428,
        ),
        _aasist(
            "aasist",
            "AASIST",
            "51d2d9cf0738172f61e2a384ec50a54a55363240f67c971ed55a92435bc1a1c0",
            1281532,
        ),
        _YUNET,
    )
}


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
