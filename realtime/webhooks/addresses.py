"""Where webhooks may be sent: public addresses, and the private networks an admin named.

The name in an address is looked up again for every delivery, every address it leads to is checked, and the
connection is made to a checked address itself: a name that changes its mind in between gains nothing.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Hashable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

import psutil
from django.conf import settings

from realtime.webhooks import lookups

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# host, port, owner: for whom it is asked
Resolve = Callable[[str, int, Hashable], Awaitable[Sequence[str]]]
URL_LIMIT = 2000
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f\\]")
_NAT64 = IPv6Network("64:ff9b::/96")
# They lead to an IPv4 address that is not the one we would look at, or to whoever is nearest.
_TUNNELS: tuple[Network, ...] = (
    IPv6Network("2001::/32"),
    IPv6Network("2002::/16"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("::/96"),
    IPv4Network("192.88.99.0/24"),
)


class AddressRefused(ValueError):
    """An address no webhook is sent to. It does not say which machine a name leads to."""

    code = "address_refused"


def checked_url(url: str) -> str:
    """The URL, if a webhook may have it. Raises AddressRefused. Where its name leads is another question."""
    if len(url) > URL_LIMIT or _UNFIT.search(url):
        raise AddressRefused(f"A URL has at most {URL_LIMIT} characters, and no spaces.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("This is no URL.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise AddressRefused("A webhook's URL begins with https:// or http:// and names a host.")
    if "@" in parts.netloc:
        raise AddressRefused("A URL with a user or password is refused; receivers know us by the signature.")
    if parts.fragment:
        raise AddressRefused("A URL with a #fragment is refused; it would not be sent.")
    return url


def is_allowed(text: str, port: int, networks: Sequence[Network] | None = None) -> bool:
    """Whether a webhook may connect to this IP address; with `networks`, whoever may go to those besides."""
    named = settings.WEBHOOK_NETWORKS if networks is None else networks
    try:
        address = _plain(ipaddress.ip_address(text))
    except ValueError:
        return False
    if port in settings.OWN_PORTS and _is_this_machine(address):
        return False
    return any(_holds(network, address) for network in named) or _is_public(address)


async def addresses_of(host: str, port: int, owner: Hashable, resolve: Resolve) -> list[str]:
    """The IP addresses to connect to. Raises AddressRefused if any of them is not allowed, OSError if none is known."""
    found = [host] if _is_literal(host) else list(dict.fromkeys(await resolve(host, port, owner)))
    if not found:
        raise OSError("no address")
    if not all(is_allowed(address, port) for address in found):
        raise AddressRefused("This host is not on the public internet, or is one of our own.")
    return found


def refuse_known_bad(url: str, *, timeout_seconds: float = 2.0) -> None:
    """Raises AddressRefused for a URL that would be refused when sending; a courtesy, names may change.

    A name that is not known (yet), or not in time, passes.
    """
    parts = urlsplit(checked_url(url))
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    looking = lookups.begin(host, port)
    try:
        found = [host] if _is_literal(host) else looking.result(timeout_seconds)
    except (OSError, TimeoutError):
        return
    finally:
        looking.cancel()
    if not all(is_allowed(address, port) for address in found):
        raise AddressRefused("This host is not on the public internet, or is one of our own.")


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _plain(address: Address) -> Address:
    """The IPv4 address an IPv6 one stands for, where it does."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_this_machine(address: Address) -> bool:
    if address.is_loopback or address.is_unspecified:
        return True
    own = (one.address.partition("%")[0] for all_ in psutil.net_if_addrs().values() for one in all_)
    return str(address).partition("%")[0] in own


def _is_public(address: Address) -> bool:
    private = (
        not address.is_global
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or (isinstance(address, IPv6Address) and address.is_site_local)
    )
    return not private and not any(_holds(tunnel, address) for tunnel in _TUNNELS)


def _holds(network: Network, address: Address) -> bool:
    return network.version == address.version and address in network
