"""Serve with waitress, and end a request under way before stopping: ``python serve.py``."""

import os
import signal
import sys

from waitress import serve

from wsgi import app


def stop(*_: object) -> None:
    # Waitress takes no more requests then, and gives those that it has five seconds to end.
    sys.exit(0)


if __name__ == "__main__":
    # Service managers say "stop" by SIGTERM, which waitress leaves to Python: the end, at once.
    signal.signal(signal.SIGTERM, stop)
    listen = os.environ.get("BOARD_LISTEN", "127.0.0.1:8080")
    # What the proxy says of the visitor is ProxyFix's affair, in wsgi.py.
    serve(app, listen=listen, threads=8, clear_untrusted_proxy_headers=False)
