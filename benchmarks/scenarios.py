"""The requests that are measured, and what a right answer to each of them is.

This module imports no framework: the parent process reads the list from it, and the workers build
the environs with it. A scenario of several exchanges is measured as a whole and reported per
request.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import FileWrapper

BROWSER = {
    "HTTP_HOST": "127.0.0.1:8000",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.5",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
    "HTTP_CONNECTION": "keep-alive",
}
FORM = "application/x-www-form-urlencoded"
FRAMEWORKS = ("falcon", "bottle", "bare")
FILES = ("whitenoise",)
STYLE = Path(__file__).parent / "static" / "site.css"
HASHED_STYLE = f"site.{hashlib.sha256(STYLE.read_bytes()).hexdigest()[:12]}.css"


@dataclass(frozen=True)
class Request:
    """One HTTP request, before it becomes an environ."""

    path: str
    method: str = "GET"
    query: str = ""
    body: bytes | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """More headers, under their names in an environ."""


@dataclass(frozen=True)
class Exchange:
    """A request and its right answer: `body` and `data` (JSON) are exact, `parts` are in it."""

    request: Request
    status: int = 200
    body: bytes | None = None
    data: object = None
    parts: tuple[bytes, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """One row of the table."""

    name: str
    title: str
    exchanges: tuple[Exchange, ...]
    application: str = "main"
    target: float | None = None
    """How many times less CPU than the original is asked for; None where nothing was promised."""
    sign_in: Request | None = None
    """Sent once before; the cookies of its answer go with every measured request."""
    conditional: bool = False
    """Ask again with the ETag of the first answer."""
    needs: str | None = None
    """A module without which this scenario is left out."""
    peers: tuple[str, ...] = ()
    """Who answers it beside Flask, or beside Hipflask alone; see `peers.py`."""
    original: bool = True
    """Whether the original answers it."""


def _get(path: str, body: bytes | None = None, query: str = "", **answer: Any) -> Exchange:
    return Exchange(Request(path, query=query), body=body, **answer)


def _post_form(path: str, fields: Mapping[str, str], **answer: Any) -> Exchange:
    return Exchange(_form(path, fields), **answer)


def _form(path: str, fields: Mapping[str, str]) -> Request:
    return Request(path, "POST", body=urlencode(fields).encode(), content_type=FORM)


def _upload() -> Request:
    head = (
        "--frontier\r\n"
        'Content-Disposition: form-data; name="title"\r\n\r\nA picture\r\n'
        "--frontier\r\n"
        'Content-Disposition: form-data; name="picture"; filename="cat.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    content = bytes(range(256)) * 256
    body = head.encode() + content + b"\r\n--frontier--\r\n"
    return Request(
        "/upload", "POST", body=body, content_type="multipart/form-data; boundary=frontier"
    )


_ECHO = json.dumps({"name": "ada", "numbers": list(range(10)), "nested": {"a": [1, 2]}}).encode()
_LINKS = "\n".join(
    f"/\n/hello/ada\n/shop/books/{number}\n/search?q=flask&page={number}" for number in range(5)
).encode()
_ROWS = [
    {"id": number, "name": f"product {number}", "price": number * 1.25, "tags": ["new", "blue"]}
    for number in range(500)
]
_STREAM = "".join(f"line {number} of the stream\n" for number in range(100)).encode()
_WALK = (
    _get("/board/", parts=(b"/board/200", b"Notice 191")),
    _get("/board/12", parts=(b"The text of notice 12.",)),
    _get("/api/products", query="page=3", data=_ROWS[20:30]),
    _get("/api/products/77", data=_ROWS[77]),
    _get("/account/", parts=(b"<h1>ada</h1>", b"/board/new")),
    _post_form("/board/new", {"title": "A new one"}, status=302, headers={"Location": "/board/7"}),
    _get("/api/products/9999", status=404, data={"error": "no such product"}),
    _get("/static/site.css", parts=(b".box-63",)),
)

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("plain", "plain text", (_get("/", b"Hello, World!"),), target=14, peers=FRAMEWORKS),
    Scenario(
        "smallest",
        "plain text, ten-line application without a secret key",
        (_get("/", b"Hello, World!"),),
        application="smallest",
    ),
    Scenario(
        "one-parameter",
        "one URL parameter",
        (_get("/hello/ada", b"Hello, ada!"),),
        target=12,
        peers=FRAMEWORKS,
    ),
    Scenario(
        "two-parameters", "two URL parameters", (_get("/shop/books/42", b"books 42"),), target=12
    ),
    Scenario(
        "json-out",
        "dict to JSON",
        (_get("/json", data={"message": "Hello, World!", "count": 3, "done": True}),),
        target=9,
        peers=FRAMEWORKS,
    ),
    Scenario(
        "query",
        "query arguments read",
        (_get("/search", b"flask: page 2", query="q=flask&page=2"),),
        target=6,
        peers=FRAMEWORKS,
    ),
    Scenario(
        "json-in-out",
        "JSON in, JSON out",
        (
            Exchange(
                Request("/echo", "POST", body=_ECHO, content_type="application/json"),
                data={"name": "ada", "total": 45},
            ),
        ),
        target=6,
        peers=FRAMEWORKS,
    ),
    Scenario(
        "form",
        "urlencoded form",
        (
            _post_form(
                "/form",
                {"title": "Notes", "author": "Ada", "text": "Some words, and others."},
                body=b"Notes by Ada",
            ),
        ),
        target=3.5,
    ),
    Scenario(
        "upload",
        "64 KiB multipart upload",
        (Exchange(_upload(), body=b"cat.png: 65536 bytes"),),
        target=1.5,
    ),
    Scenario(
        "hooks",
        "blueprint with 2 before, 2 after, 2 teardown",
        (_get("/hooked/", b"ada en", headers={"X-User": "ada", "Content-Language": "en"}),),
        target=9,
    ),
    Scenario(
        "template",
        "small inherited template",
        (_get("/page", parts=(b"<h1>Hello, Ada!</h1>", b"<li>third</li>")),),
        target=4,
    ),
    Scenario(
        "template-links",
        "template with 11 links",
        (_get("/menu", parts=(b'"/shop/books/5"', b'"/static/site.css"', b'"/hooked/"')),),
        target=5,
    ),
    Scenario(
        "routes",
        "1 of 2,000 dynamic routes",
        (_get("/area24/item1234/ada", b"Hello, ada!"),),
        application="large",
        target=12,
    ),
    Scenario("head", "HEAD", (Exchange(Request("/", "HEAD"), body=b""),), target=12),
    Scenario(
        "session-read",
        "session read",
        (_get("/session/read", b"Hello, ada!", headers={"Vary": "Cookie"}),),
        sign_in=Request("/session/start"),
        target=3.5,
    ),
    Scenario(
        "session-write",
        "session write (read, counted up)",
        (_get("/session/count", b"visit 2"),),
        sign_in=Request("/session/start"),
        target=3,
    ),
    Scenario(
        "session-start", "session write (a new session)", (_get("/session/start", b"started"),)
    ),
    Scenario(
        "not-found",
        "custom 404",
        (_get("/no/such/page", b"nothing at /no/such/page", status=404),),
        target=5,
    ),
    Scenario(
        "abort",
        "abort(403)",
        (_get("/forbidden", status=403, parts=(b"Forbidden",)),),
        target=5,
    ),
    Scenario(
        "redirect",
        "redirect with url_for",
        (_get("/redirect", status=302, headers={"Location": "/hello/ada"}),),
        target=6,
    ),
    Scenario("url-for", "20 x url_for in one view", (_get("/links", _LINKS),), target=7),
    Scenario("proxies", "30 reads through the proxies", (_get("/proxies", b"True"),), target=4),
    Scenario("stream", "generator of 100 chunks", (_get("/stream", _STREAM),), target=3),
    Scenario("rows", "500-row list to JSON", (_get("/rows", data=_ROWS),), target=1.1),
    Scenario(
        "header-cookie",
        "header and cookie set",
        (_get("/dressed", b"dressed", headers={"X-Origin": "benchmark"}),),
        target=5,
    ),
    Scenario("method-view", "MethodView", (_get("/member/42", b"member 42"),), target=12),
    Scenario(
        "static",
        "static file",
        (_get("/static/site.css", parts=(b".box-63",)),),
        target=3,
        peers=FILES,
    ),
    Scenario(
        "not-modified",
        "304",
        (_get("/static/site.css", b"", status=304),),
        conditional=True,
        target=4,
        peers=FILES,
    ),
    Scenario(
        "compressed",
        "static file, compressed beforehand, under a name with its hash",
        (
            _get(
                f"/static/{HASHED_STYLE}",
                gzip.compress(STYLE.read_bytes(), mtime=0),
                headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"},
            ),
        ),
        application="assets",
        peers=FILES,
        original=False,
    ),
    Scenario(
        "options",
        "OPTIONS",
        (Exchange(Request("/member/42", "OPTIONS"), body=b""),),
        target=5,
    ),
    Scenario(
        "typical",
        "typical page: session, login check, one query, template with 10 links",
        (_get("/", parts=(b"/notice/200", b"/notice/191", b"Logged in as ada")),),
        application="typical",
        sign_in=_form("/login", {"user": "ada"}),
        target=3,
    ),
    Scenario(
        "typical-connect",
        "typical page, opening its database connection each time",
        (_get("/", parts=(b"/notice/200", b"/notice/191", b"Logged in as ada")),),
        application="typical-connect",
        sign_in=_form("/login", {"user": "ada"}),
    ),
    Scenario(
        "products",
        "page of 24 products: inheritance, a menu of six links, a loop",
        (_get("/list", parts=(b">Plant &#34;23&#34;</a>", b"<b>3 left</b>", b"<i>sold out</i>")),),
        application="shop",
        target=2.9,
    ),
    Scenario(
        "storefront",
        "front page of a shop: macros, an inclusion, 24 products, 62 links, the user",
        (_get("/", parts=(b'"/plants/plant-23"', b"Logged in as Ada", b"a1b2c3d4e5f6")),),
        application="shop",
        sign_in=_form("/log-in", {"user": "ada"}),
        target=4,
    ),
    Scenario(
        "mix",
        "realistic mix of 8 requests",
        _WALK,
        application="mix",
        sign_in=_form("/account/login", {"user": "1"}),
    ),
    Scenario(
        "mix-login",
        "realistic mix with Flask-Login",
        _WALK,
        application="mix-login",
        sign_in=_form("/account/login", {"user": "1"}),
        needs="flask_login",
    ),
)
BY_NAME: dict[str, Scenario] = {scenario.name: scenario for scenario in SCENARIOS}


def environ_of(request: Request) -> dict[str, Any]:
    """The environ a server would pass for this request, with a body stream at its start."""
    body = request.body or b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query,
        "RAW_URI": request.path + ("?" + request.query if request.query else ""),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "benchmark",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
        **BROWSER,
        **request.headers,
    }
    if request.body is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
    if request.content_type is not None:
        environ["CONTENT_TYPE"] = request.content_type
    return environ
