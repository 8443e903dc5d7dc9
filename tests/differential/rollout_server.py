"""One server of a fleet during a rollout: run by either interpreter, it prints its port.

python rollout_server.py < a pipe that is closed when the server shall end
"""

from __future__ import annotations

import datetime
import importlib.metadata
import sys
import threading
import uuid

from markupsafe import Markup
from werkzeug.serving import make_server

from flask import Flask, flash, get_flashed_messages, jsonify, request, session

app = Flask(__name__)
app.secret_key = "shared by the fleet"
SERVED_BY = importlib.metadata.version("flask")
VALUES = {
    "tuple": (1, ("two", b"three")),
    "bytes": b"\x00\xff",
    "markup": Markup("<b>bold</b>"),
    "uuid": uuid.UUID(int=77),
    "moment": datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.UTC),
    "nested": {"list": [1, {"deep": ("t",)}], "none": None, " t": "no tag"},
    "text": "n\u00e4ive \u2603",
}


def answer(**facts: object) -> object:
    return jsonify(by=SERVED_BY, **facts)


@app.post("/add/<word>")
def add(word: str) -> object:
    session["words"] = [*session.get("words", []), word]
    return answer(words=session["words"])


@app.get("/words")
def words() -> object:
    return answer(words=session.get("words", []))


@app.post("/flash/<category>")
def put_message(category: str) -> object:
    flash(request.form["text"], category)
    return answer()


@app.get("/messages")
def messages() -> object:
    return answer(messages=get_flashed_messages(with_categories=True))


@app.post("/store/<name>")
def store(name: str) -> object:
    session[name] = VALUES[name]
    return answer()


@app.get("/check/<name>")
def check(name: str) -> object:
    value = session.get(name)
    return answer(same=value == VALUES[name], type=type(value).__name__)


@app.post("/permanent/<int:on>")
def permanent(on: int) -> object:
    session.permanent = bool(on)
    return answer(permanent=session.permanent)


def main() -> None:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.port, flush=True)

    def end_with_the_pipe() -> None:
        sys.stdin.read()
        server.shutdown()

    threading.Thread(target=end_with_the_pipe, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
