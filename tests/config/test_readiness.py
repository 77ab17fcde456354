import pytest

from config.engines import readiness
from tests.product import Server


def test_a_proxy_of_the_environment_is_not_asked_about_our_own_server(
    monkeypatch: pytest.MonkeyPatch, live_server_process: Server
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    missing = readiness.missing(f"{live_server_process.url}/")

    assert missing == "worker"
