"""The application that ``wire.py`` puts behind a server, to attack it over sockets."""

from __future__ import annotations

import typing as t

from flask import Flask, request

app = Flask(__name__)
seen: list[str] = []


@app.before_request
def note() -> None:
    seen.append(f"{request.method} {request.path}")


@app.route("/seen")
def tell_seen() -> t.Any:
    return {"seen": seen}


@app.route("/echo", methods=["GET", "POST", "PUT"])
def echo() -> t.Any:
    return {"length": len(request.get_data()), "host": request.host}


@app.route("/unread", methods=["GET", "POST"])
def unread() -> str:
    return "unread"


@app.route("/crash")
def crash() -> t.NoReturn:
    the_secret = " ".join("abc")
    raise RuntimeError(f"crashed with {len(the_secret)}")
