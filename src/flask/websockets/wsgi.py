"""WebSockets on WSGI servers that hand over the socket: Werkzeug's, Gunicorn's threads and gevent.

All connections of a process run on one event loop, in a thread of its own, so that handlers can
share queues and locks.  The server's thread waits for the end of its connection.  Under gevent,
both are greenlets.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import socket
import ssl
import typing as t
from functools import partial

from ..asynchronous.gevent import is_shared_by_greenlets, threads_are_greenlets
from ..doors.lifespan import HomeLoop
from ..doors.scope import EXTRA
from .conductor import serve_websocket
from .context import DEFAULT_LIMIT
from .handler import MISSING, Handler

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..app import Flask

Wsgi = t.Callable[["Flask", "WSGIEnvironment", "StartResponse"], t.Iterable[bytes]]

SOCKETS = ("werkzeug.socket", "gunicorn.socket")
"""The keys of an environ under which servers have the socket."""

NO_LIBRARY = "Install a WebSocket library: python -m pip install wsproto"
NO_TLS = "Let a proxy in front of this server handle TLS, or serve the application by ASGI."
NO_GEVENT = "Have gevent patch threads too ('gevent.monkey.patch_all()'), or use no gevent."


def with_websockets(handle: Wsgi) -> Wsgi:
    """Return a handler of WSGI requests that serves WebSockets too.

    :param handle: of all other requests.
    """

    def handle_all(
        app: Flask, environ: WSGIEnvironment, start_response: StartResponse
    ) -> t.Iterable[bytes]:
        if "HTTP_UPGRADE" in environ and is_for_handler(app, environ):
            sock = next((environ[key] for key in SOCKETS if key in environ), None)
            reason = reason_against(sock)
            if reason is None:
                serve(app, environ, sock)
                return end_quietly(environ, start_response, sock)
            environ[MISSING] = reason
        return handle(app, environ, start_response)

    return handle_all


def end_quietly(
    environ: WSGIEnvironment, start_response: StartResponse, sock: t.Any
) -> t.Iterable[bytes]:
    """Have a server send no response, and read no further request from the socket."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    if "gunicorn.socket" in environ:
        raise StopIteration
    # Werkzeug's server closes a connection whose response it can't write.
    start_response("101 Switching Protocols", [])
    return [b""]


def is_for_handler(app: Flask, environ: WSGIEnvironment) -> bool:
    """Return whether a handshake is for a handler of ours, not for one of an extension."""
    if environ["HTTP_UPGRADE"].lower() != "websocket":
        return False
    try:
        adapter = app.create_url_adapter(app.request_class(environ))
        if adapter is None:
            return False
        rule = adapter.match(return_rule=True)[0]
    except Exception:  # to be answered in the usual way
        return False
    return isinstance(app.view_functions.get(rule.endpoint), Handler)


def reason_against(sock: t.Any) -> str | None:
    """Return why a WebSocket can't be served here, with the remedy, or ``None``: it can."""
    if sock is None:
        return ""
    if importlib.util.find_spec("wsproto") is None:
        return NO_LIBRARY
    if isinstance(sock, ssl.SSLSocket):
        return NO_TLS
    return NO_GEVENT if is_shared_by_greenlets() and not threads_are_greenlets() else None


def serve(app: Flask, environ: WSGIEnvironment, sock: t.Any) -> None:
    """Handle a WebSocket to its end."""
    home = HomeLoop.get()
    future = asyncio.run_coroutine_threadsafe(serve_on_home(app, environ, sock.dup()), home.loop)
    try:
        future.result()
    except BaseException:
        future.cancel()
        raise


async def serve_on_home(app: Flask, environ: WSGIEnvironment, sock: t.Any) -> None:
    """Handle a WebSocket on the loop of the process.

    :param sock: closed at the end.
    """
    from wsproto.utilities import RemoteProtocolError  # an extra

    from .socket import SocketProtocol  # likewise

    limit = app.config.get("MAX_WEBSOCKET_MESSAGE", DEFAULT_LIMIT)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        make = partial(SocketProtocol, headers_of(environ), limit)
        transport, protocol = await loop.connect_accepted_socket(make, sock)
    except RemoteProtocolError as error:
        await loop.sock_sendall(sock, refusal_of(error))
        sock.close()
        return
    except BaseException:
        sock.close()
        raise
    try:
        scope = scope_of(environ, protocol.request.subprotocols)
        door = app._asgi_door or app._open_asgi_door()
        await serve_websocket(app, door, scope, protocol.receive, protocol.send)
        await protocol.ended.wait()
    finally:
        transport.abort()


def scope_of(environ: WSGIEnvironment, subprotocols: list[str]) -> dict[str, t.Any]:
    """Return a scope that stands for an environ, which the request is made of."""
    return {
        "type": "websocket",
        "http_version": "1.1",
        "scheme": "wss" if environ["wsgi.url_scheme"] == "https" else "ws",
        "path": "",
        "query_string": b"",
        "headers": [],
        "subprotocols": subprotocols,
        "extensions": {"websocket.http.response": {}},
        EXTRA: environ,
    }


def headers_of(environ: WSGIEnvironment) -> list[tuple[bytes, bytes]]:
    """Return the headers that the handshake is made by."""
    headers = [(b"Host", environ.get("HTTP_HOST", "localhost").encode("latin-1"))]
    for name in (
        "Connection",
        "Upgrade",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Version",
    ):
        value = environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        if value is not None:
            headers.append((name.encode(), value.encode("latin-1")))
    return headers


def refusal_of(error: t.Any) -> bytes:
    """Return the response to a request that is no handshake."""
    hint = error.event_hint
    status = getattr(hint, "status_code", None) or 400
    lines = [f"HTTP/1.1 {status} Bad Handshake"]
    lines += [f"{name.decode()}: {value.decode()}" for name, value in getattr(hint, "headers", ())]
    body = "This is not a WebSocket handshake that the server understands.\n"
    lines += ["Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "Connection: close", "", body]).encode("latin-1")
