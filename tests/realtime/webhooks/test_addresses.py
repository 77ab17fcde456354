"""Where webhooks are never sent, whatever a name says and when it says it."""

from collections.abc import Callable, Sequence
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import User
from realtime import log
from realtime.models import WebhookDelivery
from realtime.webhooks.addresses import AddressRefused, checked_url, is_allowed, refuse_known_bad
from realtime.webhooks.dispatcher import Dispatcher
from realtime.webhooks.sending import Sender
from tests.factories import make_run
from tests.realtime.conftest import stage
from tests.realtime.webhooks.conftest import Receiver, make_webhook
from tests.waiting import wait_until

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104  # connected to, not bound
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "192.88.99.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%lo",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "2002:7f00:1::1",
    "2002:0808:0808::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::808:808",
    "no address",
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not is_allowed(address, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_allowed(address: str) -> None:
    assert is_allowed(address, 443)


def test_a_network_that_was_named_is_allowed_and_no_other(settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = [ip_network("10.1.0.0/16"), ip_network("fd00:1::/64")]

    allowed = [address for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00:1::5") if is_allowed(address, 80)]
    refused = [address for address in ("10.2.0.1", "fd00:2::5", "127.0.0.1") if not is_allowed(address, 80)]

    assert (len(allowed), len(refused)) == (3, 3)


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_our_own_ports_are_refused_even_in_a_network_that_was_named(settings: Any, address: str) -> None:
    settings.WEBHOOK_NETWORKS = [ip_network("0.0.0.0/0")]
    settings.OWN_PORTS = frozenset({8000})

    assert (is_allowed(address, 8000), is_allowed(address, 8001)) == (False, True)


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "fd00:1::5"])
def test_our_own_ports_are_refused_at_every_address_of_this_machine(
    settings: Any, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_NETWORKS = [ip_network("10.0.0.0/8"), ip_network("fd00:1::/64")]
    settings.OWN_PORTS = frozenset({8000})
    here = [SimpleNamespace(address=one) for one in ("10.1.2.3", "fd00:1::5%eth0", "02:42:ac:11:00:02")]
    monkeypatch.setattr("psutil.net_if_addrs", lambda: {"eth0": here})

    assert (is_allowed(address, 8000), is_allowed(address, 8001)) == (False, True)
    assert is_allowed("10.1.2.4", 8000)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:pw@example.org/",
        "https://user@example.org/",
        "https://@example.org/",
        "https://example.org/#part",
        "https://example.org:99999/",
        "https://example.org:0/",
        "https://exa mple.org/",
        "https://example.org/\r\nX: y",
        "https://example.org\\@127.0.0.1/",
        "https://[::1/",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_what_is_no_address_of_a_webhook_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        checked_url(url)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://[::1]/", "http://2130706433/", "http://0x7f.1/", "http://localhost:81/"],
)
def test_an_address_of_this_machine_is_refused_at_once_however_it_is_written(url: str) -> None:
    with pytest.raises(AddressRefused):
        refuse_known_bad(url)


class Names:
    """A name server that answers as told: the last answer stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int, owner: object) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def post(names: Names, receiver: Receiver, host: str = "hooks.example") -> Any:
    sender = Sender(names)
    return await sender.post(f"http://{host}:{receiver.port}/hook", b"{}", {"webhook-id": "t/1"}, owner=None)


async def test_the_connection_is_made_to_the_address_that_was_checked(receiver: Receiver) -> None:
    names = Names(["127.0.0.5"])

    answer = await post(names, receiver)

    (got,) = receiver.at()
    assert (answer.status, names.asked) == (204, ["hooks.example"])
    assert got.headers["host"] == f"hooks.example:{receiver.port}"


async def test_a_name_that_changes_its_mind_is_not_followed(receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.5/32")]
    names = Names(["127.0.0.5"], ["127.0.0.1"])

    answers = [await post(names, receiver) for _ in range(2)]

    assert [(answer.status, answer.error) for answer in answers] == [(204, ""), (None, "address_refused")]
    assert (len(receiver.at()), len(names.asked)) == (1, 2)


async def test_one_private_address_among_public_ones_is_enough_to_refuse(receiver: Receiver) -> None:
    answer = await post(Names(["127.0.0.1", "10.0.0.1"]), receiver)

    assert (answer.error, receiver.at()) == ("address_refused", [])


async def test_a_proxy_of_the_environment_is_not_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, receiver.url("/proxy"))

    answer = await post(Names(["127.0.0.1"]), receiver)

    assert (answer.status, [one.path for one in receiver.received]) == (204, ["/hook"])


async def test_a_name_nobody_knows_is_a_failure(receiver: Receiver) -> None:
    async def nobody(host: str, port: int, owner: object) -> Sequence[str]:
        raise OSError("no such name")

    answer = await Sender(nobody).post("http://hooks.example/", b"{}", {}, owner=None)

    assert answer.error == "name_unknown"


async def test_no_more_of_an_answer_is_read_than_is_kept(receiver: Receiver) -> None:
    receiver.answer(then=200, body=b"y" * 5_000_000)

    answer = await post(Names(["127.0.0.1"]), receiver)

    assert (answer.status, answer.response) == (200, "y" * 500)


@pytest.mark.django_db(transaction=True)
def test_the_address_is_checked_at_every_delivery(
    receiver: Receiver, start_dispatcher: Callable[..., Dispatcher], ana: User, settings: Any
) -> None:
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.5/32")]
    names = Names(["127.0.0.5"], ["127.0.0.1"])
    start_dispatcher(resolve=names)
    hook, _ = make_webhook(ana, f"http://hooks.invalid:{receiver.port}/hook")
    topic = make_run(owner=ana).topic_id

    log.append(topic, [stage()])
    receiver.wait(1)
    log.append(topic, [stage()])
    refused = WebhookDelivery.objects.filter(webhook=hook, error="address_refused")
    wait_until(refused.exists, what="the second was refused")

    assert receiver.ids() == [f"{topic}/1"]
    assert "127" not in refused.get().response
