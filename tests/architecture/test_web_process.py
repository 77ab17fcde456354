import subprocess
import sys
import urllib.error
import urllib.request

import psutil
import pytest

from tests.product import ROOT, Server

HEAVY = ("torch", "cv2", "av", "numpy", "onnxruntime", "transformers")
CODE = """
import sys
import config.asgi, config.urls
from django.contrib import admin
from django.urls import get_resolver

get_resolver().url_patterns
admin.autodiscover()
print(*sorted(set(sys.argv[1:]) & set(sys.modules)))
"""


def test_importing_the_web_process_loads_no_model_library() -> None:
    asked = subprocess.run(
        [sys.executable, "-c", CODE, *HEAVY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (asked.returncode, asked.stdout.strip()) == (0, ""), asked.stderr


@pytest.mark.parametrize("address", ["/sign-in/", "/api/v1/schema/", "/health/ready"])
def test_answering_loads_none_either(live_server_process: Server, address: str) -> None:
    try:
        urllib.request.urlopen(live_server_process.url + address, timeout=30).read()
    except urllib.error.HTTPError as error:
        assert error.code < 500 or address == "/health/ready"

    loaded = " ".join(part.path for part in psutil.Process(live_server_process.pid).memory_maps())
    assert [name for name in ("libtorch", "cv2", "libavcodec") if name in loaded] == []
