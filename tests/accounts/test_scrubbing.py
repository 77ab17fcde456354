"""Tokens and plates in addresses reach no log."""

import logging

import pytest

from accounts.scrubbing import scrubbed


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/ws/user/?token=abc.def&after=3", "/ws/user/?token=[removed]&after=3"),
        ("/ws/user/?after=3&ticket=abc-_", "/ws/user/?after=3&ticket=[removed]"),
        ('"GET /ws/?TOKEN=abc HTTP/1.1" 101', '"GET /ws/?TOKEN=[removed] HTTP/1.1" 101'),
        ("/socket.io/?EIO=4&sid=abc-_AA", "/socket.io/?EIO=4&sid=[removed]"),
        ("/api/v1/media/?inside=3", "/api/v1/media/?inside=3"),
        ("next=%2Fws%3Ftoken%3Dabc%26a", "next=%2Fws%3Ftoken%3D[removed]%26a"),
        ("/ws/user/?%74oken=abc", "/ws/user/?%74oken=[removed]"),
        ("/ws/user/?after=3&%54%6f%4Ben=abc&a=1", "/ws/user/?after=3&%54%6f%4Ben=[removed]&a=1"),
        ("/ws/user/?tic%6Bet=abc", "/ws/user/?tic%6Bet=[removed]"),
        ("/ws/user/?access%5ftoken=abc", "/ws/user/?access%5ftoken=[removed]"),
        ("next=%2Fws%3F%2574oken%3Dabc", "next=%2Fws%3F%2574oken%3D[removed]"),
        ("/api/v1/events/?license_plate=AB12CDE&page=2", "/api/v1/events/?license_plate=[removed]&page=2"),
        ("/api/v1/events/stats/?license_plate=AB*", "/api/v1/events/stats/?license_plate=[removed]"),
        ("/api/events?a=1&license%5Fpl%61te=AB+12", "/api/events?a=1&license%5Fpl%61te=[removed]"),
        ("/api/events?license_plate='AB\"12<CD", "/api/events?license_plate=[removed]"),
        ("next=%2Fevents%3Flicense_plate%3DAB12%26a", "next=%2Fevents%3Flicense_plate%3D[removed]%26a"),
        (
            "next=%2F%3Fnext%3D%252F%253Flicense_plate%253DAB",
            "next=%2F%3Fnext%3D%252F%253Flicense_plate%253D[removed]",
        ),
        ("next=%252F%253Fa%253D1%2526token%253Dabc", "next=%252F%253Fa%253D1%2526token%253D[removed]"),
        ('"/ws/user/?token=ab"c" [accepted]', '"/ws/user/?token=[removed]" [accepted]'),
        ("('/ws/user/?token=abc')", "('/ws/user/?token=[removed]')"),
        ("/api/v1/media/?broken=3&tickets=4", "/api/v1/media/?broken=3&tickets=4"),
        ("/api/v1/media/?after=3", "/api/v1/media/?after=3"),
    ],
)
def test_values_are_replaced_and_the_rest_stays(address: str, shown: str) -> None:
    assert scrubbed(address) == shown


@pytest.mark.parametrize("logger", ["uvicorn.access", "uvicorn.error", "django.request", "anything"])
def test_every_record_is_scrubbed(logger: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log = logging.getLogger(logger)
        log.propagate = True
        log.info('%s - "WebSocket %s" [accepted]', ("127.0.0.1", 1), "/ws/user/?token=secret")
        log.info("a /ws/user/?ticket=secret")
        log.info("%(path)s", {"path": "/ws/user/?token=secret"})

    assert "secret" not in caplog.text
    assert all("[removed]" in record.getMessage() for record in caplog.records)
    assert len(caplog.records) >= 3
