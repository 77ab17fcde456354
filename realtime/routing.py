"""Addresses of the sockets, with and without the trailing slash."""

from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from realtime.connection import Connection
from realtime.consumers import EventsSocket, NoSuchSocket, TopicSocket, UserSocket
from realtime.dialect_sockets import AnalysisSocket, JobSocket
from realtime.origins import OwnOrigins
from realtime.socketio.edge import edge

_PLACES: dict[str, type[Connection]] = {
    r"^ws/topics/(?P<topic>[^/]+)/?$": TopicSocket,
    r"^ws/user/?$": UserSocket,
    r"^ws/events/?$": EventsSocket,
    r"^ws/jobs/(?P<job>.+?)/?$": JobSocket,
    r"^ws/analysis/(?P<run>[^/]+)/?$": AnalysisSocket,
    r"": NoSuchSocket,
}


def websockets() -> Any:
    """The ASGI application of all sockets; foreign pages are refused before anything else."""
    socket_io: Any = edge.websocket
    routes: list[Any] = [re_path(r"^socket\.io/?$", socket_io)]
    routes += [re_path(place, _asgi(socket)) for place, socket in _PLACES.items()]
    return OwnOrigins(URLRouter(routes), [])


def _asgi(socket: type[Connection]) -> Any:
    return socket.as_asgi()
