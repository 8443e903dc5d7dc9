"""Exceptions of WebSocket connections.

asyncio.CancelledError
└── WebsocketDisconnected
"""

from __future__ import annotations

import asyncio


class WebsocketDisconnected(asyncio.CancelledError):
    """Raised by ``receive`` and ``send`` once the connection is closed.

    It is a cancellation, so ``except Exception`` lets it pass and the handler ends.  To clean up,
    handle it or use ``finally``.

    :param code: the status code (:rfc:`6455#section-7.4`); 1006 if the connection was lost.
    :param reason: text that came with the code.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"The WebSocket connection is closed ({code}{reason and f': {reason}'}).")
        self.code = code
        self.reason = reason


def two_receivers() -> RuntimeError:
    """Return the exception of a second task that receives."""
    return RuntimeError(
        "Two tasks receive from one WebSocket at a time. Receive in one of them, and pass the"
        " messages on."
    )
