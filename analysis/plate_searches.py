"""Who searched for which plate: every search is noted before it is answered, and forgotten after a time.

What was asked is kept as plates are: in the clear, or under the key.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from analysis import plates
from analysis.models import PlateSearch

_CHUNK = 2000


@dataclass
class Asked:
    """A search that is being answered; `found` stays None where it was refused."""

    found: int | None = None


@contextmanager
def noted(user: User, wanted: plates.Pattern | None, filters: Mapping[str, str]) -> Iterator[Asked]:
    """Notes a search once it has been worked out, also one that fails. No search, no note.

    filters: what else it was narrowed by, as it was given.
    """
    asked = Asked()
    try:
        yield asked
    finally:
        if wanted:
            kept = plates.columns(wanted.text)
            PlateSearch.objects.create(
                user=user,
                email=user.email,
                asked=kept["plate"],
                asked_hash=kept["plate_hash"],
                asked_sealed=kept["plate_sealed"],
                filters=dict(filters),
                found=asked.found,
            )


def asked_text(search: PlateSearch) -> str | None:
    """The pattern that was asked for; None where it cannot be read with this key."""
    return plates.text_of(search.asked, search.asked_sealed) or None


def forget_old() -> int:
    """Deletes notes that were kept long enough; returns how many."""
    old = PlateSearch.objects.filter(created__lt=timezone.now() - timedelta(days=settings.PLATE_SEARCH_DAYS))
    forgotten = 0
    while chunk := list(old.order_by("pk").values_list("pk", flat=True)[:_CHUNK]):
        forgotten += PlateSearch.objects.filter(pk__in=chunk).delete()[0]
    return forgotten
