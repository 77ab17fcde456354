"""What is said of a broken file names no place of this machine: pages, logs and answers repeat it."""

from pathlib import Path

import pytest

from analysis.engine.errors import EngineError
from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.probe_child import probe_file
from analysis.engine.media.reader import open_media
from tests import clips
from tests.analysis.engine.media.conftest import EVERYTHING

BROKEN = {
    "png": b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
    "jpg": b"\xff\xd8\xff\xe0" + b"\0" * 64,
    "gif": b"GIF89a" + b"\0" * 4,
    "webp": b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 8,
    "heic": b"\0\0\0\x18ftypheic" + b"\0" * 64,
    "mp4": b"\0\0\0\x18ftypisom" + b"\0" * 64,
    "wav": b"RIFF\x10\0\0\0WAVEfmt " + b"\0" * 8,
}


@pytest.fixture(params=[1, 3], ids=["short path", "long path"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "/".join(["private-home" * 8] * request.param)
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("kind", BROKEN)
def test_no_folder_is_named(folder: Path, kind: str) -> None:
    path = folder / f"file.{kind}"
    path.write_bytes(BROKEN[kind])

    with pytest.raises(EngineError) as raised:
        probe_file(path, limits=Limits())

    assert "private-home" not in str(raised.value)
    assert "file" in str(raised.value)


def test_neither_do_the_facts_name_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clips.write_video(folder / "file.mp4", seconds=1)

    with open_media(path, limits=Limits(), sampling=Sampling(), wants=EVERYTHING) as reader:
        assert "private-home" not in repr(reader.facts())
