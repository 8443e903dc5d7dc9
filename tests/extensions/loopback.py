"""Serves an application on a free port of the loopback interface for the time of a test."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from werkzeug.serving import make_server

from flask import Flask

START_SECONDS = 30


@contextmanager
def serving(application: Any, threaded: bool = True) -> Iterator[str]:
    """Yield the URL, without a slash at its end, at which real clients reach `application`.

    Without threads a request has ended, whatever comes after its answer included, before the next
    one begins and before the server is closed.

    With ``--asgi``, uvicorn serves what is a Flask application.
    """
    if os.environ.get("FLASK_TEST_CLIENT_DOOR") == "asgi" and isinstance(application, Flask):
        with serving_by_uvicorn(application) as url:
            yield url
        return
    server = make_server("127.0.0.1", 0, application, threaded=threaded)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving_by_uvicorn(application: Flask) -> Iterator[str]:
    """Yield the URL at which uvicorn serves an application by ASGI."""
    import uvicorn  # only there in the environment that runs these tests on this package

    config = uvicorn.Config(application, port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        assert thread.is_alive(), "uvicorn ended before it had started"
        assert time.monotonic() < deadline, "uvicorn did not start"
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
