"""Memory: limits hold before what they limit is there, and nothing keeps what strangers sent."""

from __future__ import annotations

import gc
import io
import tempfile
import tracemalloc
import typing as t
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from itsdangerous.encoding import base64_encode

import flask
from flask import Flask, request

from .caller import Environ, environ_of
from .case import Tally, case

LIMIT = 100_000
OFFERED = 10_000_000
MIB = 2**20


class Endless:
    """A body that goes on for as long as it is read, and counts what was."""

    def __init__(self, start: bytes, block: bytes, size: int = OFFERED) -> None:
        self._start, self._block, self._left = start, block, size
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        size = self._left if size is None or size < 0 else min(size, self._left)
        data = self._start[:size]
        self._start = self._start[size:]
        missing = size - len(data)
        data += (self._block * (missing // len(self._block) + 1))[:missing]
        self._left -= len(data)
        self.given += len(data)
        return data

    def readline(self, size: int = -1) -> bytes:
        return self.read(size if size and size > 0 else 65536)

    def readinto(self, buffer: t.Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line


def _make() -> Flask:
    app = Flask("limits", static_folder=None)
    app.secret_key = "key"

    @app.route("/data", methods=["POST"])
    def data() -> str:
        return str(len(request.get_data()))

    @app.route("/json", methods=["POST"])
    def json() -> str:
        return str(type(request.get_json()))

    @app.route("/form", methods=["POST"])
    def form() -> str:
        return str(len(request.form) + len(request.files))

    @app.route("/stream", methods=["POST"])
    def stream() -> str:
        return str(sum(len(block) for block in iter(lambda: request.stream.read(8192), b"")))

    @app.route("/session")
    def session() -> t.Any:
        return dict(flask.session)

    @app.route("/path/<path:rest>")
    def path(rest: str) -> str:
        return str(len(rest))

    return app


def peak_of(app: Flask, environ: Environ, body: t.Any) -> tuple[int, int]:
    """Return the status of an answer, and the most bytes that were held at once to make it."""
    given = {**environ, "wsgi.input": body, "wsgi.errors": io.StringIO()}
    statuses: list[str] = []

    def start_response(status: str, headers: t.Any, exc_info: t.Any = None) -> t.Any:
        statuses.append(status)

    gc.collect()
    tracemalloc.start()
    try:
        parts = app(given, start_response)
        for _ in parts:
            pass
        if hasattr(parts, "close"):
            parts.close()
        return int(statuses[0][:3]), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


PART = b'--x\r\nContent-Disposition: form-data; name="a"'
KINDS = {
    "/data": ("application/octet-stream", b"", b"x"),
    "/stream": ("application/octet-stream", b"", b"x"),
    "/json": ("application/json", b'"', b"x"),
    "/form": ("application/x-www-form-urlencoded", b"a=", b"x"),
    "/form?field": ("multipart/form-data; boundary=x", PART + b"\r\n\r\n", b"x"),
    "/form?file": ("multipart/form-data; boundary=x", PART + b'; filename="f"\r\n\r\n', b"x"),
    "/form?header": ("multipart/form-data; boundary=x", PART + b"\r\nA: ", b"x"),
    "/form?name": ("multipart/form-data; boundary=x", PART[:-2], b"x"),
    "/form?preamble": ("multipart/form-data; boundary=x", b"", b"-"),
    "/form?parts": ("multipart/form-data; boundary=x", b"", PART + b"\r\n\r\n.\r\n"),
    "/form?pairs": ("application/x-www-form-urlencoded", b"", b"a&"),
}

Length = Callable[[Environ], None]


def _declared(environ: Environ) -> None:
    environ["CONTENT_LENGTH"] = str(OFFERED)


def _chunked(environ: Environ) -> None:
    environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    environ["wsgi.input_terminated"] = True


@case(
    "body-limit",
    "10 MB offered, with a length and without, where MAX_CONTENT_LENGTH is 100 kB: 413, at most a"
    " block more than the limit is read, and less than 1 MiB held (8 for the pairs of a form)",
)
def body_limit(tally: Tally) -> None:
    app = _make()
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    for where, (kind, start, block) in KINDS.items():
        for lengthen in (_declared, _chunked):
            environ = environ_of(where, REQUEST_METHOD="POST", CONTENT_TYPE=kind)
            lengthen(environ)
            body = Endless(start, block)
            status, peak = peak_of(app, environ, body)
            told = (where, lengthen.__name__, status, body.given, peak)
            tally.expect(status == 413, f"not 413, {lengthen.__name__.strip('_')}", told)
            if body.given > LIMIT + 65536:
                tally.fail("read beyond the limit", told)
            # 50,000 pairs of a form are that many tuples and strings.
            if peak > (8 if "pairs" in where else 1) * MIB:
                tally.fail("held more than 1 MiB", told)


@case(
    "form-limits",
    "10 MB of a form with the default limits and no MAX_CONTENT_LENGTH: a field, a header or a"
    " thousand parts too many are refused before they fill memory; a file goes to the disk",
)
def form_limits(tally: Tally) -> None:
    app = _make()
    for where, (kind, start, block) in KINDS.items():
        if "?" not in where or "pairs" in where:
            continue  # of those, MAX_CONTENT_LENGTH alone is the limit
        environ = environ_of(where, REQUEST_METHOD="POST", CONTENT_TYPE=kind)
        _declared(environ)
        body = Endless(start, block)
        status, peak = peak_of(app, environ, body)
        told = (where, status, body.given, peak)
        tally.expect(status in ({200, 413} if "file" in where else {413}), "not refused", told)
        if peak > 4 * MIB:
            tally.fail("held more than 4 MiB", told)


@case("bombs", "compressed session cookies that nobody signed are not unpacked")
def bombs(tally: Tally) -> None:
    app = _make()
    bomb = base64_encode(zlib.compress(b" " * 20 * MIB, 9)).decode()
    for tail in (".AAAA.BBBB", ".AAAA.", "..", ".aaaaaa." + "b" * 27):
        for head in (".", ""):
            environ = environ_of("/session", HTTP_COOKIE=f"session={head}{bomb}{tail}")
            status, peak = peak_of(app, environ, io.BytesIO())
            told = (head, tail, status, peak)
            tally.expect(status == 200 and peak < MIB, "held more than 1 MiB", told)


@case("large-files", "a file of 64 MB is sent piece by piece: less than 1 MiB is held")
def large_files(tally: Tally) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "large.bin").open("wb") as file:
            file.truncate(64 * MIB)
        app = Flask("large", root_path=folder, static_folder=".", static_url_path="/static")
        for extra in ({}, {"HTTP_RANGE": "bytes=0-"}, {"HTTP_RANGE": "bytes=1-60000000"}):
            for _ in range(2):  # the second time from what was remembered of the first
                environ = environ_of("/static/large.bin", **extra)
                status, peak = peak_of(app, environ, io.BytesIO())
                sent = status in {200, 206}
                tally.expect(sent and peak < MIB, "held more than 1 MiB", (extra, status, peak))


VARIED: dict[str, Callable[[int], dict[str, str]]] = {
    "hosts": lambda n: {"HTTP_HOST": f"host{n}.example"},
    "paths": lambda n: {"PATH_INFO": f"/path/{n}/{'a' * 50}"},
    "missing paths": lambda n: {"PATH_INFO": f"/none/{n}"},
    "queries": lambda n: {"QUERY_STRING": f"a{n}={n}"},
    "methods": lambda n: {"REQUEST_METHOD": f"BREW{n}"},
    "cookies": lambda n: {"HTTP_COOKIE": f"session=a{n}.b.c; name{n}=1"},
    "accepts": lambda n: {"HTTP_ACCEPT": f"text/x{n};q=0.5"},
    "content types": lambda n: {"CONTENT_TYPE": f"text/x{n}; charset=c{n}"},
    "static files": lambda n: {"PATH_INFO": f"/static/file{n}.css"},
    "conditions": lambda n: {"HTTP_IF_NONE_MATCH": f'"tag{n}"', "PATH_INFO": "/static/a.css"},
    "prefixes": lambda n: {"SCRIPT_NAME": f"/prefix{n}"},
    "languages": lambda n: {"HTTP_ACCEPT_LANGUAGE": f"x-{n}"},
}


@case(
    "no-hoarding",
    "4,000 requests that differ in one thing (host, path, query, method, cookie, type, file):"
    " afterwards less than 250 kB more is held than after the first 1,500",
    is_long=True,
)
def no_hoarding(tally: Tally) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "static").mkdir()
        (Path(folder) / "static" / "a.css").write_text("a")
        for what, vary in VARIED.items():
            app = _keeping(folder)
            _send(app, vary, range(1_500))
            gc.collect()
            tracemalloc.start()
            _send(app, vary, range(1_500, 4_000))
            gc.collect()
            held = tracemalloc.get_traced_memory()[0]
            tracemalloc.stop()
            tally.tried += 4_000
            if held >= 250_000:
                tally.fail("held more than 250 kB", (what, held))


def _keeping(folder: str) -> Flask:
    app = Flask("keeping", root_path=folder)
    app.secret_key = "key"

    @app.route("/", methods=["GET", "POST"])
    @app.route("/path/<path:rest>")
    def read(rest: str = "") -> t.Any:
        accepted = request.accept_mimetypes.best_match(["text/html"])
        languages = request.accept_languages.best
        text = f"{request.host} {request.mimetype} {accepted} {languages} {flask.session.get('a')}"
        return {"text": text, "args": request.args, "url": flask.url_for("read", rest=rest, q=1)}

    return app


def _send(app: Flask, vary: Callable[[int], dict[str, str]], numbers: range) -> None:
    def start_response(status: str, headers: t.Any, exc_info: t.Any = None) -> t.Any:
        pass

    for number in numbers:
        environ = environ_of(**vary(number))
        environ["wsgi.input"] = io.BytesIO()
        environ["wsgi.errors"] = io.StringIO()
        parts = app(environ, start_response)
        for _ in parts:
            pass
        if hasattr(parts, "close"):
            parts.close()
