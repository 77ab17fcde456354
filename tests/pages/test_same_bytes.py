"""Runs of the same bytes are named on a run's page: those the reader may see, whoever owns the run."""

import pytest
from django.test import Client

from accounts.models import Team, User
from tests.factories import make_media, make_user
from tests.pages.conftest import leased_run

pytestmark = pytest.mark.django_db


def test_a_team_mate_does_not_learn_of_what_the_owner_keeps_private(browser: Client, ana: User) -> None:
    bo = make_user(email="bo@example.org")
    team = Team.objects.create(name="desk")
    team.members.set([ana, bo])
    shared, private = (make_media(owner=bo, team=given, sha256="a" * 64) for given in (team, None))
    own = make_media(owner=ana, sha256="a" * 64)
    runs = {media: leased_run(media=media, owner=media.owner) for media in (shared, private, own)}

    text = browser.get(f"/runs/{runs[shared].pk}/").content.decode()

    assert str(runs[own].pk) in text
    assert str(runs[private].pk) not in text
