"""Whose files and runs a person sees, and how many of the same bytes."""

import pytest

from accounts.models import Team, User
from analysis.models import Media, Run
from analysis.uploads.browsing import same_bytes
from tests.factories import make_media, make_run, make_user

pytestmark = pytest.mark.django_db


def make_team(*members: User) -> Team:
    team = Team.objects.create(name=f"desk {Team.objects.count()}")
    team.members.add(*members)
    return team


def test_one_sees_ones_own_and_what_is_shared_with_ones_teams_each_once(analyst: User) -> None:
    shared = make_team(analyst, make_user())
    make_team(analyst)
    foreign = make_team(make_user())
    own, both = make_media(owner=analyst), make_media(owner=analyst, team=shared)
    theirs = make_media(team=shared)
    make_media(team=foreign)
    make_media()
    runs = [make_run(media=media) for media in Media.objects.order_by("created")]

    assert set(Media.objects.owned_by(analyst)) == {own, both, theirs}
    assert Media.objects.owned_by(analyst).count() == 3
    assert set(Run.objects.owned_by(analyst)) == set(runs[:3])
    assert Run.objects.owned_by(analyst).count() == 3


def test_a_list_does_not_compare_whole_rows(analyst: User) -> None:
    for things in (Media.objects, Run.objects):
        assert "DISTINCT" not in str(things.owned_by(analyst).query)


def test_of_many_with_the_same_bytes_the_twenty_newest_are_named(analyst: User) -> None:
    alike = [make_media(owner=analyst, sha256="a" * 64) for _ in range(23)]
    other = make_media(owner=analyst)

    named = same_bytes([alike[0], alike[-1], other], user=analyst)

    assert named[alike[0].pk] == [media.pk for media in alike[3:]]
    assert named[alike[-1].pk] == [media.pk for media in alike[2:-1]]
    assert named[other.pk] == []
