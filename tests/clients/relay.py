"""What may stand between a client and the server: it can refuse sockets, cut, and change what passes."""

import asyncio
from collections.abc import Callable
from typing import Self

from tests.product import Server


class Relay:
    """Passes bytes on to a server. Set an attribute, and connections made from then on meet it.

    refuse_sockets: upgrades are answered with 403, as some proxies do. cut_after: connections are cut when
    this many bytes came from the client. change: what the server sends passes through this function.
    """

    def __init__(self, server: Server) -> None:
        self._port = server.port
        self.refuse_sockets = False
        self.cut_after: int | None = None
        self.change: Callable[[bytes], bytes] | None = None
        self.sockets = 0
        self.cuts = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        port = self._listener.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cuts every connection, without a word."""
        for writer in self._writers:
            writer.transport.abort()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            wants_socket = b"upgrade: websocket" in head.lower()
            self.sockets += wants_socket
            if wants_socket and self.refuse_sockets:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
                return
            await self._pass_on(head, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        # One request per connection: what is set in between holds for the next one.
        if b"upgrade:" not in head.lower():
            head = head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        back.write(head)
        try:
            await asyncio.gather(self._from_client(reader, back, writer), self._from_server(there, writer))
        finally:
            back.transport.abort()

    async def _from_client(
        self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, writer: asyncio.StreamWriter
    ) -> None:
        passed = 0
        while content := await reader.read(65_536):
            passed += len(content)
            if self.cut_after is not None and passed > self.cut_after:
                self.cuts += 1
                writer.transport.abort()
                raise ConnectionResetError
            back.write(content)
            await back.drain()

    async def _from_server(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while content := await there.read(65_536):
            writer.write(self.change(content) if self.change else content)
            await writer.drain()
        writer.close()
