"""Requests that Django decides and something else answers: for as long as the client stays, with no thread kept.

A view decides who asks and for what, like any other, and leaves what may be opened in the ASGI scope. Only then does
whatever stands in front of Django answer; where nothing was left, what Django said is the answer.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Any], Awaitable[None]]
Django = Callable[[Any, Any, Any], Awaitable[None]]


async def decided(
    django: Django, scope: dict[str, Any], receive: Receive, send: Send, *, opening: str
) -> Any:
    """What a view left as `opening`; None where it left nothing, and its answer has been sent."""
    answer: list[Any] = []

    async def keep(message: Any) -> None:
        answer.append(message)

    await django(scope, receive, keep)
    left = scope.get(opening)
    if left is None:
        for message in answer:
            await send(message)
    return left


async def gone(receive: Receive) -> None:
    """Until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        continue


def transport_of(send: Send) -> Any:
    """What is dropped when a client takes nothing any more; None where the server has none to drop."""
    return getattr(getattr(send, "__self__", None), "transport", None)
