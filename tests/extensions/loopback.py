"""Serves an application on a free port of the loopback interface for the time of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from werkzeug.serving import make_server


@contextmanager
def serving(application: Any, threaded: bool = True) -> Iterator[str]:
    """Yield the URL, without a slash at its end, at which real clients reach `application`.

    Without threads a request has ended, whatever comes after its answer included, before the next
    one begins and before the server is closed.
    """
    server = make_server("127.0.0.1", 0, application, threaded=threaded)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
