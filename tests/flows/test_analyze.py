"""An existing client sends a file to `/analyze`, and a real worker examines it while the client waits."""

import http.client
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from accounts import credentials
from tests.analysis.intake import wav
from tests.factories import make_user
from tests.flows.workers import wait_for_worker
from tests.product import Program, Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
BOUNDARY = "frontier"


def test_the_answer_is_what_the_run_says(
    start_server: Callable[..., Server], start_worker: Callable[..., Program], tmp_path: Path
) -> None:
    server, worker = start_server(ASSAY_HOME=str(tmp_path)), start_worker(ASSAY_HOME=str(tmp_path))
    wait_for_worker(worker)
    _, key = credentials.issue_api_key(make_user())
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="media"; filename="a.wav"\r\n\r\n'.encode()
    headers = {
        "X-API-Key": key,
        "Prefer": "wait=60",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }

    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=90)
    client.request("POST", "/analyze", head + wav(4.0) + f"\r\n--{BOUNDARY}--\r\n".encode(), headers)
    answer = client.getresponse()
    body = json.loads(answer.read())

    assert (answer.status, body["success"], body["data"]["state"]) == (200, True, "succeeded")
    assert body["data"]["prediction"] in {"FAKE", "NO_SIGNS", "INCONCLUSIVE", "NOT_ASSESSABLE"}
    assert body["data"]["sentence"]
    assert body["model_used"] == ", ".join(result["detector"] for result in body["data"]["results"])
