"""Socket.IO spoken by hand, for clients no library would let us be."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.product import Server

ADDRESS = "/socket.io/"
Told = list[tuple[str, Any]]


class RawSocket:
    """Over a WebSocket; `told` are the events, `refused` what connect_error says."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: Told = []

    async def introduce(self, auth: Mapping[str, Any] | None = None) -> None:
        await self.socket.send("40" + (json.dumps(auth) if auth is not None else ""))

    async def packet(self) -> str:
        """The next packet that is not a ping; pings are answered."""
        while True:
            packet = await self.socket.recv()
            assert isinstance(packet, str)
            if packet != "2":
                return packet
            await self.socket.send("3")

    async def until(self, event: str, *, limit: float = 15.0) -> Any:
        """Reads until that event came; its data."""
        async with asyncio.timeout(limit):
            while True:
                packet = await self.packet()
                if packet.startswith("42"):
                    self.told.append(tuple(json.loads(packet[2:])))
                    if self.told[-1][0] == event:
                        return self.told[-1][1]

    async def refusal(self, *, limit: float = 15.0) -> dict[str, Any]:
        """Reads until connect_error; what it says."""
        async with asyncio.timeout(limit):
            while not (packet := await self.packet()).startswith("44"):
                pass
        said: dict[str, Any] = json.loads(packet[2:])
        return said


@asynccontextmanager
async def raw_socket(
    server: Server, query: str = "EIO=4&transport=websocket", **options: Any
) -> AsyncIterator[RawSocket]:
    """A WebSocket that has not introduced itself."""
    async with connect(f"{server.ws_url}{ADDRESS}?{query}", **options) as socket:
        assert str(await socket.recv()).startswith("0{")
        yield RawSocket(socket)


class Poller:
    """By long polling."""

    def __init__(self, client: httpx.AsyncClient, headers: Mapping[str, str]) -> None:
        self._client = client
        self._headers = dict(headers)
        self.sid = ""
        self._arrived: list[str] = []

    @property
    def parameters(self) -> dict[str, str]:
        return {"EIO": "4", "transport": "polling"} | ({"sid": self.sid} if self.sid else {})

    async def open(self) -> None:
        answer = await self.get()
        self.sid = json.loads(answer.text.removeprefix("0"))["sid"]

    async def get(self, **headers: str) -> httpx.Response:
        sent = self._headers | headers
        return await self._client.get(ADDRESS, params=self.parameters, headers=sent, timeout=20.0)

    async def post(self, body: str | bytes, **headers: str) -> httpx.Response:
        sent = self._headers | headers
        return await self._client.post(ADDRESS, params=self.parameters, content=body, headers=sent)

    async def packet(self) -> str:
        """The next packet that is not a ping; pings are answered."""
        while not self._arrived:
            answer = await self.get()
            assert answer.status_code == 200, answer.text
            self._arrived = answer.text.split("\x1e")
            if "2" in self._arrived:
                self._arrived.remove("2")
                await self.post("3")
        return self._arrived.pop(0)

    async def until(self, beginning: str, *, limit: float = 20.0) -> str:
        """Polls until a packet begins like this."""
        async with asyncio.timeout(limit):
            while not (packet := await self.packet()).startswith(beginning):
                pass
        return packet


@asynccontextmanager
async def poller(server: Server, **headers: str) -> AsyncIterator[Poller]:
    """A polling client that has opened its session and not introduced itself."""
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        one = Poller(client, headers)
        await one.open()
        yield one
