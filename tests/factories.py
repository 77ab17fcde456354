"""Objects for tests: give only what the test is about."""

import itertools
from typing import Any

from accounts.models import User
from analysis.models import Media, Run
from realtime import log

_numbers = itertools.count(1)


def make_user(**fields: Any) -> User:
    """An analyst unless `role` says otherwise; without `password` only `force_login` signs them in."""
    fields.setdefault("email", f"user{next(_numbers)}@example.org")
    password = fields.pop("password", None)
    return User.objects.create_user(fields.pop("email"), password, **fields)


def make_media(**fields: Any) -> Media:
    """A video of some analyst; the row only, there is no file."""
    number = next(_numbers)
    defaults = {
        "kind": Media.Kind.VIDEO,
        "filename": f"clip{number}.mp4",
        "media_type": "video/mp4",
        "sha256": f"{number:064x}",
        "size_bytes": 1000,
        "path": f"tests/{number}.mp4",
    }
    fields.setdefault("owner", None)
    fields["owner"] = fields["owner"] or make_user()
    return Media.objects.create(**{**defaults, **fields})


def make_run(**fields: Any) -> Run:
    """A queued run with an empty topic; `media` and `owner` are made unless given."""
    if "media" not in fields:
        fields["media"] = make_media(owner=fields.get("owner"))
    fields.setdefault("owner", fields["media"].owner)
    topic = log.create_topic("media_run", fields["owner"])
    return Run.objects.create(topic=topic, **fields)
