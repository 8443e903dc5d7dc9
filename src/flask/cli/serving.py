"""Additions to Werkzeug's development server: durations in the log, and a free port."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import click
from werkzeug.serving import WSGIRequestHandler, run_simple

_PORTS_TO_TRY = 20
_RUN_SIMPLE = run_simple


def additions_to(serve: Callable[..., Any]) -> dict[str, Any]:
    """Return extra options for Werkzeug's ``run_simple``; none if it was replaced."""
    return {"request_handler": TimedRequestHandler} if serve is _RUN_SIMPLE else {}


class TimedRequestHandler(WSGIRequestHandler):
    """Werkzeug's request handler, whose log lines end with a duration.

    The duration lasts from the request line to the start of the response. For a streamed response
    it ends at the first chunk.
    """

    _started: float | None = None

    def parse_request(self) -> bool:
        self._started = time.perf_counter()
        return super().parse_request()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self._started is not None:
            size = f"{size} {_duration(time.perf_counter() - self._started)}"
        super().log_request(code, size)


def _duration(seconds: float) -> str:
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


def offer_free_port(host: str, port: int, command: str) -> None:
    """If a port is taken, suggest the next free one.

    :param command: the command to suggest, with ``{port}`` for the number.
    """
    if port == 0 or host.startswith("unix://") or _is_free(host, port):
        return
    for other in range(port + 1, min(port + _PORTS_TO_TRY, 2**16)):
        if _is_free(host, other):
            click.echo(f"Port {other} is free: {command.format(port=other)}", err=True)
            return


def _is_free(host: str, port: int) -> bool:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            # As the server does it: a port that was just closed counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError:
        return False
    return True
