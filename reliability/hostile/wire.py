"""The development server and its debugger, attacked over sockets."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator

from .case import Tally, case
from .servers import APP, Server, running

HIDDEN = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
LENGTH = len(HIDDEN)
CHUNK = f"{LENGTH:x}\r\n{HIDDEN}\r\n0\r\n\r\n"

# Headers that two servers may understand differently, and the body that follows.
FRAMINGS: list[tuple[list[str], str]] = [
    (["Content-Length: 0"], HIDDEN),
    (["Content-Length: 0", f"Content-Length: {LENGTH}"], HIDDEN),
    ([f"Content-Length: {LENGTH}", "Content-Length: 0"], HIDDEN),
    ([f"Content-Length: 0, {LENGTH}"], HIDDEN),
    ([f"Content-Length: {LENGTH}, 0"], HIDDEN),
    (["Content-Length: 0", "Transfer-Encoding: chunked"], CHUNK),
    (["Transfer-Encoding: chunked", "Content-Length: 4"], CHUNK),
    (["Transfer-Encoding: chunked", f"Content-Length: {len(CHUNK)}"], "0\r\n\r\n" + HIDDEN),
    (["Transfer-Encoding: chunked"], "0\r\n\r\n" + HIDDEN),
    (["Transfer-Encoding: identity", "Content-Length: 0"], HIDDEN),
    (["Content-Length: 3", "Transfer-Encoding: chunked"], "0\r\n\r\n" + HIDDEN),
]
CODINGS = [
    *("xchunked", "chunked, identity", "identity, chunked", "chunked, chunked", "Chunked"),
    *("CHUNKED", "\tchunked", "\x0bchunked", "chunked\t", " chunked ", '"chunked"', "chunked;q=1"),
    *("chunk\x00ed", "gzip, chunked", "chunke", "chunked\r\n identity", "\r\n chunked", ""),
]
FRAMINGS += [([f"Transfer-Encoding:{coding}"], "0\r\n\r\n" + HIDDEN) for coding in CODINGS]
FRAMINGS += [
    ([f"Transfer-Encoding:{coding}", "Content-Length: 0"], "0\r\n\r\n" + HIDDEN)
    for coding in CODINGS
]
FRAMINGS += [
    ([header], "0\r\n\r\n" + HIDDEN)
    for header in (
        *("Transfer-Encoding : chunked", "Transfer_Encoding: chunked", "X: a\nTransfer-Encoding: "),
        *(" Transfer-Encoding: chunked", "X: a\rTransfer-Encoding: chunked", "Transfer-Encoding"),
        *("X: a\r\n\tTransfer-Encoding: chunked", "\x00Transfer-Encoding: chunked"),
    )
]
LENGTHS = [
    *(
        "-1",
        "+0",
        "0x0",
        "0 0",
        "0_0",
        "\xb2",
        "",
        " ",
        "0.0",
        "1e1",
        "00",
        "9" * 30,
        "-0",
        "\uff10",
    ),
    *("0\x00", "\x0b0", "0;", '"0"', "0\r\n 9"),
]
FRAMINGS += [
    ([f"Content-Length: {length}".encode().decode("latin-1")], HIDDEN) for length in LENGTHS
]
FRAMINGS += [
    ([header], HIDDEN)
    for header in ("Content_Length: 0", "Content-Length : 0", "Content-Length:\r\n 0", "Length: 0")
]
SIZES = [
    *("0x0", "-1", "+0", "0;ext", "0 ", " 0", "00000000000000000", "f" * 40, "", "g", "0\n", "0\r"),
    *("0;\n", "0\x00", "_0", "1_0", "\xb2", "-0"),
]
FRAMINGS += [
    (["Transfer-Encoding: chunked"], f"{size}\r\n\r\n{HIDDEN}".encode().decode("latin-1"))
    for size in SIZES
]

LINES = [
    "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /echo HTTP/1.1\r\n\r\n",
    "GET http://evil.example/echo HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /echo\r\n\r\n",
    "GET /echo HTTP/0.9\r\n\r\n",
    "GET /echo HTTP/1.2\r\nHost: a\r\n\r\n",
    "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n",
    "GET /echo HTTP/1.1 extra\r\nHost: a\r\n\r\n",
    "GET  /echo  HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET\t/echo\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "GET\x0b/echo HTTP/1.1\r\nHost: a\r\n\r\n",
    " GET /echo HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /echo HTTP/1.1\nHost: a\n\n",
    "GET /echo HTTP/1.1\rHost: a\r\r",
    "GET /" + "a" * 70_000 + " HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /echo HTTP/1.1\r\nX: " + "a" * 70_000 + "\r\n\r\n",
    "GET /echo HTTP/1.1\r\n" + "X: a\r\n" * 300 + "\r\n",
    "GET /echo HTTP/1.1\r\nX\r\n\r\n",
    "GET /echo HTTP/1.1\r\n: a\r\n\r\n",
    "GET /echo HTTP/1.1\r\nX: \x00\r\n\r\n",
    "GET /echo HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 1\r\nX-Forwarded_For: 2\r\n\r\n",
    "GET /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nabcde",
    "GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "TRACE /echo HTTP/1.1\r\nHost: a\r\nCookie: secret=1\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "get /echo HTTP/1.1\r\nHost: a\r\n\r\n",
    "G\xc9T /echo HTTP/1.1\r\nHost: a\r\n\r\n",
    "run_wsgi /echo HTTP/1.1\r\nHost: a\r\n\r\n",
    "\x00" * 100,
    "",
]

STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})")


def _requests() -> Iterator[str]:
    for headers, body in FRAMINGS:
        for path in ("/echo", "/unread"):
            for connection in ("keep-alive", "close", "Transfer-Encoding"):
                for version in ("1.1", "1.0"):
                    head = [f"POST {path} HTTP/{version}", "Host: localhost", *headers]
                    yield "\r\n".join([*head, f"Connection: {connection}", "", body])
    for line in LINES:
        yield line
        yield line + HIDDEN if line.endswith("\r\n\r\n") else line


@case(
    "smuggling",
    "a request hidden in the body of another, behind lengths and codings that servers read"
    " differently, and broken request lines, to the development server: the hidden one is never"
    " answered, and the server goes on",
    needs_sockets=True,
)
def smuggling(tally: Tally) -> None:
    with running("flask", "--app", str(APP), "run", "--port", "0") as server:
        for number, text in enumerate(tally.some(_requests())):
            answer = server.send(text.encode("latin-1"))
            statuses = [int(status) for status in STATUS_LINE.findall(answer)]
            answers = [status for status in statuses if status != 100]
            tally.expect(len(answers) <= 1, "more than one answer", text)
            if 500 in answers:
                tally.fail("answered 500", text)
            if number % 50 == 0:
                _check_life(tally, server, text)
        seen = _seen(server)
        for request in seen:
            if "smuggled" in request:
                tally.fail("the hidden request came through", request)
        if "Traceback" in server.log:
            # The last line of each, as others quote source.
            errors = re.findall(r"^(\w*(?:Error|Exception))\b", server.log, flags=re.MULTILINE)
            tally.fail("the server printed a traceback", sorted(set(errors)))


def _seen(server: Server) -> list[str]:
    body = server.get("/seen").partition(b"\r\n\r\n")[2]
    seen: list[str] = json.loads(body)["seen"]
    return seen


def _check_life(tally: Tally, server: Server, text: str) -> None:
    if not server.get("/unread").endswith(b"unread"):
        tally.fail("the server does not go on", text)


PROBES = [
    "/?__debugger__=yes&cmd=resource&f=debugger.js",
    "/?__debugger__=yes&cmd=resource&f=../__init__.py",
    "/?__debugger__=yes&cmd=printpin&s={secret}",
    "/?__debugger__=yes&cmd=pinauth&pin=000-000-000&s={secret}",
    "/?__debugger__=yes&cmd=1%2B1&frm=0&s={secret}",
    "/?__debugger__=yes&cmd=__import__(%27os%27).getpid()&frm={frame}&s={secret}",
    "/?__debugger__=yes&cmd=the_secret&frm={frame}&s={secret}",
    "/crash?__debugger__=yes&cmd=the_secret&frm={frame}&s={secret}",
    "/console",
    "/console?__debugger__=yes&cmd=2*21&frm=0&s={secret}",
    "/crash",
]
SECRET = "a b c"
"""What the view ``/crash`` of ``served.py`` has in a variable, and nowhere in its text."""

SIGNS = [
    SECRET,
    "Traceback",
    "Werkzeug Debugger",
    "SECRET",
    "EVALEX",
    "the_secret",
    "werkzeug",
]
FOREIGN = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:5000"]
FOREIGN += [
    "evil-localhost",
    "localhost@evil.example",
    "xlocalhost",
    "0.0.0.0",
    "[::1].evil.example",
]


@case(
    "debugger-off",
    "the debugger's addresses on servers without it: the development server, and gunicorn though"
    " debug mode is on: no page of the debugger, no traceback, no value",
    needs_sockets=True,
)
def debugger_off(tally: Tally) -> None:
    commands = [(("flask", "--app", str(APP), "run", "--port", "0"), {})]
    if importlib.util.find_spec("gunicorn") is not None:
        gunicorn = (
            "gunicorn",
            "--no-control-socket",
            "--chdir",
            str(APP.parent),
            "--bind",
            "127.0.0.1:0",
            "served:app",
        )
        commands += [(gunicorn, {}), (gunicorn, {"FLASK_DEBUG": "1"})]
    for command, variables in commands:
        with running(*command, **variables) as server:
            for probe in PROBES:
                path = probe.format(secret="a" * 20, frame=0)
                for host in ("localhost", "127.0.0.1", *FOREIGN):
                    answer = server.get(path, f"Host: {host}\r\n")
                    text = answer.partition(b"\r\n\r\n")[2].decode(errors="replace")
                    shown = [sign for sign in SIGNS if sign in text]
                    tally.expect(not shown, "the debugger shows", (command[0], path, host, shown))


@case(
    "debugger-on",
    "the debugger with debug mode: evaluates nothing without its PIN or its secret, hides itself"
    " from other hosts, locks after wrong PINs, and evaluates with the right PIN (so that the rest"
    " of this is worth something)",
    needs_sockets=True,
)
def debugger_on(tally: Tally) -> None:
    command = ("flask", "--app", str(APP), "run", "--port", "0", "--debug", "--no-reload")
    pin = "123-456-789"
    with running(*command, WERKZEUG_DEBUG_PIN=pin) as server:
        page = server.get("/crash").decode(errors="replace")
        secret = _found(r'SECRET = "([^"]+)"', page)
        frame = _found(r'id="frame-(\d+)"', page[page.rfind('id="frame-') :])
        tally.expect(bool(secret and frame), "no debugger in debug mode", page[:300])
        for probe in PROBES:
            path = probe.format(secret=secret, frame=frame)
            for host in FOREIGN:
                text = _body(server.get(path, f"Host: {host}\r\n"))
                evaluated = SECRET in text or ">42<" in text or "EVALEX = true" in text
                tally.expect(not evaluated, "reached from another host", (path, host))
        for given in (secret, "", "a" * 20, secret[:-1]):
            evaluated = _evaluated(server, given, frame, cookie="")
            tally.expect(not evaluated, "evaluated without a PIN", given)
        forged = f"__wzd{'a' * 20}=1700000000|{'0' * 12}"
        tally.expect(not _evaluated(server, secret, frame, forged), "forged cookie", forged)
        cookie = _authenticate(server, secret, pin)
        tally.expect(_evaluated(server, secret, frame, cookie), "the right PIN was refused", pin)
        tally.expect(
            not _evaluated(server, "a" * 20, frame, cookie), "evaluated without the secret", ""
        )
        for number in range(12):
            answer = _try_pin(server, secret, f"{number:03}-000-000")
            tally.expect(b'"auth": true' not in answer, "a wrong PIN was accepted", number)
        locked = b'"auth": true' not in _try_pin(server, secret, pin)
        tally.expect(locked, "not locked after a dozen wrong PINs", pin)


def _body(answer: bytes) -> str:
    return answer.partition(b"\r\n\r\n")[2].decode(errors="replace")


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


def _evaluated(server: Server, secret: str, frame: str, cookie: str) -> bool:
    path = f"/?__debugger__=yes&cmd=the_secret%2B%27!%27&frm={frame}&s={secret}"
    answer = server.get(path, f"Cookie: {cookie}\r\n" if cookie else "")
    return f"{SECRET}!" in _body(answer)


def _try_pin(server: Server, secret: str, pin: str) -> bytes:
    return server.get(f"/?__debugger__=yes&cmd=pinauth&pin={pin}&s={secret}")


def _authenticate(server: Server, secret: str, pin: str) -> str:
    answer = _try_pin(server, secret, pin).decode(errors="replace")
    return _found(r"Set-Cookie: ([^;]+)", answer)
