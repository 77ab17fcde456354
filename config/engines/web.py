"""The deployed web server: uvicorn, one process."""

import sys


def web_command(host: str, port: int) -> list[str]:
    """The command that serves pages, REST and sockets.

    Its own pings close dead peers: ASGI shows a consumer no pongs.
    """
    options = {
        "--host": host,
        "--port": str(port),
        "--ws-ping-interval": "15",
        "--ws-ping-timeout": "30",
        # uvicorn's compression costs 13 KB per idle socket, and its CPU again for every reader of the same line;
        # what ASSAY_SOCKET_COMPRESSION switches on is in config/compression.py
        "--ws-per-message-deflate": "false",
        "--ws-max-size": str(2**20),
        "--timeout-graceful-shutdown": "3",
        "--lifespan": "auto",
    }
    return [
        sys.executable,
        "-m",
        "config.bounded_http",
        "uvicorn",
        "config.asgi:application",
        *(w for pair in options.items() for w in pair),
    ]
