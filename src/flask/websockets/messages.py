"""Messages between the application and the server, in the terms of ASGI."""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import Headers

Message = t.MutableMapping[str, t.Any]
Receive = t.Callable[[], t.Awaitable[Message]]
Send = t.Callable[[Message], t.Awaitable[None]]
Data = str | bytes

LONGEST_REASON = 123
"""The most bytes of a reason (:rfc:`6455#section-5.5`)."""


def size_of(message: Message) -> int:
    """Return the size of a received message, in bytes or characters."""
    text = message.get("text")
    return len(message.get("bytes") or b"") if text is None else len(text)


def message_of(data: t.Any) -> Message:
    """Return the message that sends data of a less usual type.

    :raises TypeError: for what is neither text nor bytes.
    """
    if isinstance(data, str):
        return {"type": "websocket.send", "text": str(data)}
    if isinstance(data, (bytes, bytearray, memoryview)):
        return {"type": "websocket.send", "bytes": bytes(data)}
    raise TypeError(
        f"A WebSocket sends str or bytes, not {type(data).__name__!r}. Use 'send_json' for data"
        " that JSON has a form for."
    )


def check_close(code: int, reason: str | None) -> None:
    """Refuse what may not be in a close frame (:rfc:`6455#section-7.4`)."""
    if not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise ValueError(
            f"{code} is not a code that a WebSocket can be closed with. Use 1000, or one from 3000"
            " to 4999 of your own."
        )
    if reason and len(reason.encode()) > LONGEST_REASON:
        raise ValueError(f"The reason of a close is at most {LONGEST_REASON} bytes long.")


_OF_PROTOCOL = {"connection", "upgrade"}


def raw_headers(
    headers: t.Mapping[str, str] | t.Iterable[tuple[str, str]] | None,
) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI has them.

    :raises ValueError: for one that is part of the handshake, or has a line break in it.
    """
    if headers is None:
        return []
    raw = []
    for name, value in Headers(t.cast(t.Any, headers)):
        lower = name.lower()
        if lower in _OF_PROTOCOL or lower.startswith("sec-websocket-"):
            raise ValueError(f"The header {name!r} belongs to the handshake and can't be set.")
        if "\n" in name or "\r" in name:
            raise ValueError(f"The header name {name!r} contains a line break.")
        raw.append((lower.encode("latin-1"), value.encode("latin-1")))
    return raw


def says_gone(error: Exception) -> bool:
    """Return whether an exception from a server's ``send`` means that the connection is closed."""
    # uvicorn's 'websockets-sansio' raises a RuntimeError where it has closed the connection itself,
    # because of what the client sent.
    return isinstance(error, OSError) or "'websocket.close'" in str(error)
