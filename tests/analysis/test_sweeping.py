"""What nobody owns any more is removed; what somebody owns, and what is not ours, stays."""

from pathlib import Path
from uuid import uuid4

import pytest

from analysis.uploads import sweeping
from tests.factories import make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that lies there lay there yesterday."""
    monkeypatch.setattr(sweeping, "ORPHAN_SECONDS", -1.0)


def picture(home: Path, name: str) -> Path:
    folder = home / "evidence" / name / "1"
    folder.mkdir(parents=True)
    (folder / "face.png").write_bytes(b"face")
    return folder / "face.png"


def test_evidence_of_runs_that_are_gone_is_removed(home: Path, late: None) -> None:
    gone, kept, foreign = (picture(home, str(name)) for name in (uuid4(), make_run().pk, "lost+found"))

    assert sweeping.sweep() == 1

    assert [path.exists() for path in (gone, kept, foreign)] == [False, True, True]


def test_evidence_that_was_just_written_is_left_alone(home: Path) -> None:
    fresh = picture(home, str(uuid4()))

    assert sweeping.sweep() == 0

    assert fresh.exists()
