"""A receiver that listens, and dispatchers that send to it."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import pytest

from accounts.models import User
from realtime.models import Webhook
from realtime.webhooks import keeping
from realtime.webhooks.dispatcher import Dispatcher
from tests.factories import make_user
from tests.waiting import wait_until


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Answers:
    """What the receiver answers: the next of `first`, then `then`."""

    first: list[int] = field(default_factory=list)
    then: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Receiver:
    """A web server of the test's own. Requests to paths in `held` are answered when they are let go."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: dict[str, Answers] = {}
        self.held: dict[str, threading.Event] = {}
        self.most_at_once: dict[str, int] = {}
        self._at_once: dict[str, int] = {}
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)  # noqa: S104  # at every 127.x.x.x
        self.server.daemon_threads = True
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        path = handler.path
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.received.append(Received(path, headers, body))
            self._at_once[path] = self._at_once.get(path, 0) + 1
            self.most_at_once[path] = max(self._at_once[path], self.most_at_once.get(path, 0))
            answers = self.answers.setdefault(path, Answers())
            status = answers.first.pop(0) if answers.first else answers.then
        if path in self.held:
            self.held[path].wait(30)
        with self._lock:
            self._at_once[path] -= 1
        handler.send_response(status)
        for name, value in answers.headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(answers.body)))
        handler.end_headers()
        handler.wfile.write(answers.body)

    def answer(self, *first: int, then: int = 204, path: str = "/hook", **more: Any) -> None:
        self.answers[path] = Answers(list(first), then, **more)

    def hold(self, path: str) -> threading.Event:
        self.held[path] = threading.Event()
        return self.held[path]

    def at(self, path: str = "/hook") -> list[Received]:
        with self._lock:
            return [one for one in self.received if one.path == path]

    def ids(self, path: str = "/hook") -> list[str]:
        return [one.id for one in self.at(path)]

    def wait(self, count: int, *, path: str = "/hook", limit: float = 15.0) -> list[Received]:
        """The requests, once there are so many."""
        wait_until(lambda: len(self.at(path)) >= count, limit=limit, what=f"{count} requests at {path}")
        return self.at(path)

    def close(self) -> None:
        for held in self.held.values():
            held.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A receiver on this machine, in a network that is allowed."""
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    made = Receiver()
    yield made
    made.close()


class Clock:
    """The time of day, moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 3, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def start_dispatcher(transactional_db: None) -> Iterator[Callable[..., Dispatcher]]:
    """Starts dispatchers; all are stopped after the test."""
    started: list[Dispatcher] = []

    def start(**options: Any) -> Dispatcher:
        dispatcher = Dispatcher(**options)
        started.append(dispatcher)
        dispatcher.start()
        return dispatcher

    yield start
    for dispatcher in started:
        dispatcher.stop()


@pytest.fixture
def dispatcher(start_dispatcher: Callable[..., Dispatcher]) -> Dispatcher:
    """One that sends."""
    return start_dispatcher()


@pytest.fixture
def ana(transactional_db: None) -> User:
    return make_user(email="ana@example.org", name="Ana")


def signature(secret: str, received: Received) -> str:
    """Computed as docs/webhooks.md says, with nothing of ours."""
    signed = f"{received.id}.{received.headers['webhook-timestamp']}.".encode() + received.body
    key = base64.b64decode(secret.split("_", 1)[1])
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def make_webhook(owner: User, url: str, **options: Any) -> tuple[Webhook, str]:
    """A webhook and its secret."""
    return keeping.create(owner, url, **options)
