"""The ASGI application: pages and REST through Django, sockets and Socket.IO through realtime."""

import gc
import os

from channels.routing import ProtocolTypeRouter

from analysis.live_body import http_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Loads the applications; what follows needs them.
pages = http_application()

from analysis.cameras.live_streams import live_views  # noqa: E402  # only after the applications are loaded
from analysis.waiting import answering_late  # noqa: E402  # as above
from realtime.routing import websockets  # noqa: E402  # as above
from realtime.socketio.edge import edge  # noqa: E402  # as above
from realtime.streams import Streams  # noqa: E402  # as above

application = ProtocolTypeRouter(
    {"http": edge.beside(Streams(live_views(answering_late(pages)))), "websocket": websockets()}
)

# What is loaded stays: looking through it for garbage stops every socket for some tenths of a second.
gc.collect()
gc.freeze()
