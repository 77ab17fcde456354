import json
import urllib.request

from tests.e2e.conftest import CHROMIUM
from tests.factories import make_user
from tests.product import ROOT, Server, fetch


def test_the_web_server_of_a_test_sees_the_database_of_the_test(live_server_process: Server) -> None:
    make_user(email="seen@example.org", password="correct horse battery")

    request = urllib.request.Request(
        f"{live_server_process.url}/api/v1/auth/token/",
        data=json.dumps({"email": "seen@example.org", "password": "correct horse battery"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    answer = json.load(fetch(request, timeout=10))

    assert set(answer) >= {"access", "refresh"}


def test_a_killed_web_server_comes_back_on_its_port(live_server_process: Server) -> None:
    live_server_process.kill()
    gone = not live_server_process.alive()

    live_server_process.start()

    assert gone
    assert fetch(f"{live_server_process.url}/health/live", timeout=5).status == 200


def test_the_ci_installs_the_browser_that_the_tests_drive() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert f"browser={CHROMIUM}\n" in script
