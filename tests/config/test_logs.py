import logging
import urllib.error

import pytest

from config.logs import ScrubbingFormatter
from tests.product import Server, fetch
from tests.waiting import wait_until


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (
            '"WebSocket /ws/user/?token=abc.def-g" [accepted]',
            '"WebSocket /ws/user/?token=[removed]" [accepted]',
        ),
        (
            "GET /ws/topics/1/?after=3&ticket=xyz HTTP/1.1",
            "GET /ws/topics/1/?after=3&ticket=[removed] HTTP/1.1",
        ),
        ("GET /api/v1/runs/?page=2", "GET /api/v1/runs/?page=2"),
    ],
)
def test_a_log_line_loses_only_its_secrets(line: str, kept: str) -> None:
    record = logging.makeLogRecord({"msg": "%s", "args": (line,)})

    assert ScrubbingFormatter("%(message)s").format(record) == kept


def test_the_deployed_server_logs_no_token_and_no_ticket(live_server_process: Server) -> None:
    for query in ("token=secret-of-a-page", "ticket=secret-of-a-socket"):
        with pytest.raises(urllib.error.HTTPError):
            fetch(f"{live_server_process.url}/no-such-page?{query}")

    wait_until(lambda: live_server_process.log().count("[removed]") == 2)
    assert "secret-of-a" not in live_server_process.log()
