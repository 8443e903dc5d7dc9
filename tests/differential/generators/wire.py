"""Random bytes on the wire: paths, queries, headers, cookies and bodies."""

from __future__ import annotations

import io
import random
from typing import Any

from werkzeug.test import create_environ

import flask
from flask import request

from ..harness import Lab

BITS = (
    "a",
    "b=1",
    "%",
    "%41",
    "%ff",
    "%C3%BC",
    "\xc3\xbc",
    "\xff",
    "&",
    "=",
    "+",
    " ",
    "/",
    "//",
    ";",
    "#",
    "?",
    ",",
    '"',
    "\\",
    "..",
    "\x01",
    "[]",
    "x" * 40,
    ":",
    "@",
    "'",
    "<",
    "~",
    "%2F",
    "%00",
    "\t",
)


def noise(rng: random.Random, most: int, bits: tuple[str, ...] = BITS) -> str:
    return "".join(rng.choice(bits) for _ in range(rng.randrange(0, most)))


def cookie(rng: random.Random) -> str:
    return "; ".join(
        f"{noise(rng, 3)}={noise(rng, 4)}" if rng.random() < 0.8 else noise(rng, 4)
        for _ in range(rng.randrange(1, 4))
    )


HEADERS: dict[str, tuple[str, ...]] = {
    "HTTP_ACCEPT": ("text/html", "*/*;q=0.1, a/b", ";;", "text/*;q=2"),
    "HTTP_IF_NONE_MATCH": ('"a"', "*", 'W/"a", "b', ""),
    "HTTP_RANGE": ("bytes=0-1", "bytes=-", "x=1-", "bytes=5-1,2-3"),
    "HTTP_AUTHORIZATION": ("Basic dTpw", "Basic x", "Bearer t", "", "Digest a=b"),
    "HTTP_HOST": ("h.example", "h.example:81", "bad host", "[::1]:5", "\xff", "a_b"),
    "HTTP_CONTENT_TYPE": ("x/y",),
    "CONTENT_TYPE": (
        "text/plain",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=b",
        "a/b; c=\xff",
        "",
    ),
    "CONTENT_LENGTH": ("", "0", "5", "-1", "x", "99"),
    "HTTP_X_ODD": ("\xff\xfe", "a\tb", ""),
    "HTTP_CACHE_CONTROL": ("max-age=x", "no-cache", "a=b=c,"),
    "HTTP_DATE": ("Mon, 01 Jan 2024 00:00:00 GMT", "x"),
    "HTTP_ACCEPT_LANGUAGE": ("de-AT, en;q=0.5", "*", "x;q=y"),
    "REMOTE_ADDR": ("", "1.2.3.4", "::1"),
    "HTTP_X_FORWARDED_FOR": ("1.1.1.1, 2.2.2.2",),
    "SERVER_PROTOCOL": ("HTTP/1.0", "HTTP/2"),
    "HTTP_REFERER": ("http://r\xff/",),
    "HTTP_TRANSFER_ENCODING": ("chunked",),
    "HTTP_UPGRADE": ("websocket",),
    "HTTP_CONNECTION": ("upgrade",),
}
READS: tuple[tuple[str, Any], ...] = (
    ("path", lambda: request.path),
    ("full_path", lambda: request.full_path),
    ("url", lambda: request.url),
    ("base_url", lambda: request.base_url),
    ("args", lambda: list(request.args.items(multi=True))),
    ("cookies", lambda: list(request.cookies.items(multi=True))),
    ("form", lambda: list(request.form.items(multi=True))),
    ("files", lambda: sorted(request.files)),
    ("data", lambda: request.get_data()),
    ("json", lambda: request.get_json()),
    ("silent", lambda: request.get_json(silent=True)),
    ("force", lambda: request.get_json(force=True, silent=True)),
    ("is_json", lambda: request.is_json),
    ("host", lambda: request.host),
    ("accept", lambda: str(request.accept_mimetypes)),
    ("languages", lambda: str(request.accept_languages)),
    ("range", lambda: str(request.range)),
    ("auth", lambda: request.authorization and request.authorization.type),
    ("type", lambda: request.content_type),
    ("mimetype", lambda: request.mimetype),
    ("length", lambda: request.content_length),
    ("odd", lambda: request.headers.get("X-Odd")),
    ("headers", lambda: sorted(request.headers.keys())),
    ("remote", lambda: request.remote_addr),
    ("route", lambda: list(request.access_route)),
    ("none_match", lambda: str(request.if_none_match)),
    ("date", lambda: str(request.date)),
    ("cache", lambda: str(request.cache_control)),
    ("view_args", lambda: request.view_args),
    ("values", lambda: sorted(request.values)),
    ("missing", lambda: request.args["missing"]),
    ("form_missing", lambda: request.form["missing"]),
    ("stream", lambda: request.stream.read(4)),
    ("query", lambda: request.query_string),
    ("user_agent", lambda: str(request.user_agent)),
)


def reading(rng: random.Random, app: flask.Flask, names: list[tuple[str, Any]]) -> None:
    """Let the view read these properties, each failure noted beside the values, or raised."""
    strict = rng.random() < 0.3

    def view(**values: Any) -> str:
        shown = []
        for name, read in names:
            try:
                shown.append([name, read()])
            except Exception as error:
                if strict and not isinstance(error, KeyError):
                    raise
                shown.append([name, type(error).__name__])
        return ascii(shown)

    for rule in ("/", "/<path:rest>"):
        app.add_url_rule(rule, f"v{len(rule)}", view, methods=["GET", "POST", "PUT"])


def send(lab: Lab, app: flask.Flask, environ: dict[str, Any]) -> list[Any]:
    answer = lab.wsgi(app, environ)
    lab.events.clear()
    chunks = ["page" if chunk.startswith("<!") else chunk for chunk in answer["chunks"]]
    return [answer.get("status"), answer.get("raised"), chunks]


def wire(lab: Lab, rng: random.Random) -> Any:
    app = lab.app(SECRET_KEY="k", TRAP_BAD_REQUEST_ERRORS=rng.choice((None, False)))
    seen = []
    names = rng.sample(READS, 9)
    reading(rng, app, names)
    for _ in range(4):
        environ = create_environ(
            "/", "http://localhost/", method=rng.choice(("GET", "POST", "PUT"))
        )
        environ["PATH_INFO"] = "/" + noise(rng, 5)
        environ["QUERY_STRING"] = noise(rng, 7)
        if rng.random() < 0.6:
            environ["HTTP_COOKIE"] = cookie(rng)
        for name in rng.sample(list(HEADERS), rng.randrange(0, 5)):
            environ[name] = rng.choice(HEADERS[name])
        data = noise(rng, 8).encode("latin-1", "replace")
        environ["wsgi.input"] = io.BytesIO(data)
        if environ.get("CONTENT_LENGTH", "") == "" and rng.random() < 0.7:
            environ["CONTENT_LENGTH"] = str(len(data))
        seen.append(send(lab, app, environ))
    return seen


def part(rng: random.Random) -> bytes:
    """Make one part of a multipart body, sound or not."""
    name = rng.choice(("a", "b", "\u00fc", ""))
    file = rng.choice(("", "", '; filename="f.txt"', "; filename*=utf-8''%C3%BC", '; filename=""'))
    kind = rng.choice(("", "", "\r\nContent-Type: text/x", "\r\nContent-Type: ;;"))
    head = f'Content-Disposition: form-data; name="{name}"{file}{kind}'.encode()
    if rng.random() < 0.1:
        head = noise(rng, 4).encode("latin-1")
    return b"--b\r\n" + head + b"\r\n\r\n" + noise(rng, 5).encode("latin-1") + b"\r\n"


def bodies(lab: Lab, rng: random.Random) -> Any:
    """Bodies of each type, sound, cut off or garbled, under random limits."""
    limits = {
        "MAX_CONTENT_LENGTH": (None, 0, 20, 200),
        "MAX_FORM_MEMORY_SIZE": (None, 10, 500000),
        "MAX_FORM_PARTS": (None, 1, 2, 1000),
    }
    options = {name: rng.choice(choices) for name, choices in limits.items() if rng.random() < 0.4}
    app = lab.app(TRAP_BAD_REQUEST_ERRORS=False, **options)
    names = rng.sample(
        [
            r
            for r in READS
            if r[0]
            in {
                "form",
                "files",
                "data",
                "json",
                "silent",
                "force",
                "values",
                "stream",
                "length",
                "mimetype",
                "form_missing",
            }
        ],
        4,
    )
    reading(rng, app, names)
    seen: list[Any] = [options, [name for name, _ in names]]
    for _ in range(5):
        kind = rng.choice(
            (
                "multipart/form-data; boundary=b",
                "application/x-www-form-urlencoded",
                "application/json",
                "text/plain",
            )
        )
        if kind.startswith("multipart"):
            data = b"".join(part(rng) for _ in range(rng.randrange(0, 4))) + rng.choice(
                (b"--b--\r\n", b"--b--", b"", b"--c--")
            )
        elif kind.endswith("json"):
            data = rng.choice(
                (
                    b"{}",
                    b'{"a": [1, 2.5, null]}',
                    b"[",
                    b"",
                    b"nul",
                    b'"\xff"',
                    b'"\\ud800"',
                    b"1 2",
                    b" 5 ",
                )
            )
        else:
            data = "&".join(
                f"{noise(rng, 3)}={noise(rng, 3)}" for _ in range(rng.randrange(0, 4))
            ).encode("latin-1")
        if rng.random() < 0.15:
            data = data[: rng.randrange(0, len(data) + 1)]
        environ = create_environ(
            "/", method="POST", input_stream=io.BytesIO(data), content_type=kind
        )
        environ["CONTENT_LENGTH"] = (
            str(len(data)) if rng.random() < 0.9 else rng.choice(("", "3", "999"))
        )
        seen.append([kind[:12], *send(lab, app, environ)])
    return seen
