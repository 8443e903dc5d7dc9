"""A small application that tells how it was reached: put it behind a proxy before the real one.

Settings come from variables that begin with ``FLASK_``: ``FLASK_PROXIES=1`` says that one proxy
stands in front of it, ``FLASK_SECRET_KEY`` signs its sessions, ``FLASK_GATES`` names a folder.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, current_app, redirect, request, session, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

GATE_SECONDS = 20

app = Flask(__name__)
app.config.from_mapping(
    SECRET_KEY="only a probe",
    MAX_CONTENT_LENGTH=1024 * 1024,
    SESSION_COOKIE_SAMESITE="Lax",
    PROXIES=0,
    GATES="",
)
app.config.from_prefixed_env()
if number := app.config["PROXIES"]:
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app, x_for=number, x_proto=number, x_host=number, x_prefix=number
    )


@app.get("/")
def index() -> str:
    style = url_for("static", filename="style.css")
    return f'<!doctype html><link rel="stylesheet" href="{style}"><h1>It runs</h1>'


@app.get("/where")
def where() -> dict[str, Any]:
    """Tell where the application believes to be, and who asks."""
    return {
        "url": request.url,
        "home": url_for("index", _external=True),
        "path": url_for("where"),
        "scheme": request.scheme,
        "host": request.host,
        "prefix": request.script_root,
        "client": request.remote_addr,
        "multithread": request.is_multithread,
        "multiprocess": request.is_multiprocess,
        "process": os.getpid(),
    }


@app.post("/count")
def count() -> Any:
    session["count"] = session.get("count", 0) + 1
    return redirect(url_for("counted"))


@app.get("/count")
def counted() -> dict[str, int]:
    return {"count": session.get("count", 0)}


@app.post("/upload")
def upload() -> dict[str, Any]:
    content = request.get_data()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@app.get("/stream/<name>")
def stream(name: str) -> Any:
    """Send a line, wait until the gate opens, and send another: who buffers sends none before."""
    gate = Path(current_app.config["GATES"], name)

    def lines() -> Iterator[str]:
        yield "first\n"
        wait_for(gate)
        yield "second\n"

    # nginx obeys this header: each line goes out as it comes.
    return lines(), {"Content-Type": "text/plain", "X-Accel-Buffering": "no"}


@app.get("/slow/<name>")
def slow(name: str) -> dict[str, bool]:
    """Answer once the gate opens; meanwhile a file tells that the request is here."""
    gate = Path(current_app.config["GATES"], name)
    gate.with_suffix(".started").touch()
    wait_for(gate)
    return {"done": True}


@app.get("/healthz")
def healthz() -> dict[str, bool]:
    return {"ok": True}


def wait_for(gate: Path) -> None:
    deadline = time.monotonic() + GATE_SECONDS
    while not gate.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
