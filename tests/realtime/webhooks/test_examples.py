"""The programs of docs/webhooks.md verify what we sign, and refuse what was changed."""

import base64
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from realtime.webhooks import signing
from tests.product import ROOT

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BODY = '{"message":"Grüße."}'.encode()
DOCUMENT = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
RUNNERS = {"python": "python3", "javascript": "node", "go": "go", "sh": "openssl"}
PYTHON = """
import json, sys
given = json.load(sys.stdin)
print([verify(given["secret"], given["headers"], body.encode()) for body in given["bodies"]])
"""
NODE = """
const given = JSON.parse(require("node:fs").readFileSync(0));
console.log(given.bodies.map((body) => verify(given.secret, given.headers, Buffer.from(body))));
"""
GO = """
package webhook

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"
)

func TestVerify(t *testing.T) {
	given := struct {
		Secret  string
		Headers map[string]string
		Bodies  []string
	}{}
	text, _ := os.ReadFile("given.json")
	json.Unmarshal(text, &given)
	header := http.Header{}
	for name, value := range given.Headers {
		header.Set(name, value)
	}
	for _, body := range given.Bodies {
		fmt.Println(Verify(given.Secret, header, []byte(body)))
	}
}
"""


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found
    if shutil.which(RUNNERS[language]) is None:
        pytest.skip(f"{RUNNERS[language]} is not installed")
    return found[1]


@pytest.fixture
def headers() -> dict[str, str]:
    """Signed by another secret first, as after a rotation."""
    other = "whsec_" + base64.b64encode(bytes(32)).decode()
    return signing.headers([other, SECRET], event_id="t/1", timestamp=int(time.time()), body=BODY)


def given(headers: dict[str, str]) -> str:
    bodies = [BODY.decode(), BODY.decode() + " "]
    return json.dumps({"secret": SECRET, "headers": headers, "bodies": bodies})


def said(command: list[str], text: str = "", **options: object) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    return str(done.stdout).strip()


def test_python(headers: dict[str, str]) -> None:
    assert said(["python3", "-c", example("python") + PYTHON], given(headers)) == "[True, False]"


def test_javascript(headers: dict[str, str]) -> None:
    assert said(["node", "-e", example("javascript") + NODE], given(headers)) == "[ true, false ]"


def test_go(headers: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "verify.go").write_text(example("go"))
    (tmp_path / "verify_test.go").write_text(GO)
    (tmp_path / "go.mod").write_text("module webhook\n\ngo 1.20\n")
    (tmp_path / "given.json").write_text(given(headers))

    output = said(["go", "test", "-v", "./..."], cwd=tmp_path)

    assert re.findall(r"^(true|false)$", output, re.MULTILINE) == ["true", "false"]


def test_shell(headers: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(BODY)
    env = {
        "SECRET": SECRET,
        "ID": headers["webhook-id"],
        "TIMESTAMP": headers["webhook-timestamp"],
        "PATH": "/usr/bin:/bin",
    }

    printed = said(["sh", "-c", example("sh")], cwd=tmp_path, env=env)

    assert printed == headers["webhook-signature"].split()[1]


def test_the_reference_of_standard_webhooks() -> None:
    # the example of its specification's own libraries
    signed = signing.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        event_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
