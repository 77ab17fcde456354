"""Footage for programs outside, at Redis."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from realtime.log import Draft
from realtime.readers import ask
from tests.analysis.footage import motion, plate, track
from tests.factories import make_run
from tests.realtime.conftest import append, progress, stage
from tests.realtime.programs import Listener

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_channel_says_the_records_that_rest_answers(listening: Callable[..., Listener]) -> None:
    run = await ask(make_run)
    program = listening("events")
    client = APIClient()
    client.force_authenticate(run.owner)

    await append(run.topic_id, stage(), track(), progress(1), motion())
    await append(run.topic_id, Draft("plate.read", data={"plate": 7}), plate())
    heard = await program.hear(4)

    listed = (await ask(client.get, "/api/v1/events/")).json()["results"]
    assert heard == [("events", record) for record in reversed(listed)]
    assert [record["seq"] for _, record in heard] == [2, 4, 5, 6]
