"""Whether a server answers, and whether its port is free before it starts."""

import errno
import json
import socket
import urllib.error
import urllib.request
from contextlib import closing

from config.engines.errors import PortTaken

# Our own server is on this machine: a proxy of the environment has never heard of it.
_directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def refuse_taken_port(host: str, port: int) -> None:
    """Raises PortTaken when somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                advice = f"Stop what listens there, or choose another port: PORT={port + 1} script/server"
                raise PortTaken(f"Port {port} on {host} is in use. {advice}") from None
            raise PortTaken(
                f"Cannot listen on {host}, port {port}: {error.strerror}. See ASSAY_HOST and PORT."
            ) from None


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds the server."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - translated, not bound
    return f"http://{f'[{name}]' if ':' in name and '[' not in name else name}:{port}/"


def missing(base: str) -> str:
    """What the server still lacks, in a few words; empty when it is ready."""
    try:
        with _directly.open(f"{base}health/ready", timeout=5):
            return ""
    except urllib.error.HTTPError as error:
        return _checks(error.read())
    except OSError:
        return "the web server"


def _checks(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        return "health"
    return ", ".join(name for name, said in checks.items() if said != "ok")
