"""A file that comes into the store is there whole, or not at all."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import DataError, OperationalError, connection

from accounts.models import User
from analysis.models import Media
from analysis.uploads import Description, keep
from analysis.uploads.incoming import Incoming, Received
from analysis.uploads.places import media_root
from tests.analysis.intake import wav

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def received(home: Path) -> Iterator[Received]:
    with Incoming() as incoming:
        incoming.write(wav())
        yield incoming.finish()


def test_a_commit_whose_answer_was_lost_keeps_the_file(
    received: Received, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = connection.commit

    def answer_lost() -> None:
        commit()
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as network, pytest.raises(OperationalError):
        network.setattr(connection, "commit", answer_lost)
        keep(received, Description("a.wav"), owner=analyst)

    stored = Media.objects.get()
    assert (media_root() / stored.path).read_bytes() == wav()


@pytest.mark.parametrize("damaged", [b"RIFF", wav(level=7)], ids=["truncated", "altered"])
def test_a_stored_file_that_was_damaged_is_not_taken_for_the_same_bytes(
    received: Received, analyst: User, damaged: bytes
) -> None:
    first = media_root() / keep(received, Description("a.wav"), owner=analyst).media.path
    first.unlink()
    first.write_bytes(damaged)

    second = keep(received, Description("b.wav"), owner=analyst).media

    assert (media_root() / second.path).read_bytes() == wav()


def test_a_row_that_is_refused_leaves_no_file(
    received: Received, analyst: User, kept_files: Callable[[], list[Path]]
) -> None:
    with pytest.raises(DataError):
        keep(received, Description("a.wav", external_id="x" * 201), owner=analyst)

    assert not Media.objects.exists()
    assert kept_files() == [received.path]
