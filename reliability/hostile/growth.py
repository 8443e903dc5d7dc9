"""Time: an input four times as long takes about four times as long, not sixteen times."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable, Iterator

from flask import Flask

from . import target
from .caller import Environ, Target, environ_of, post
from .case import Tally, case

Made = tuple[Environ, bytes]
Maker = Callable[[int], Made]

LENGTH = 12_000
"""Characters of the shorter input: what is quadratic in it takes unmistakably long."""

FACTOR = 4
TOLERATED = 10.0
"""Linear time has a ratio near the factor, quadratic time near its square."""

AT_LEAST = 0.01
"""Seconds of CPU time below which a ratio means nothing, and nothing is wrong."""

PARTS: dict[str, list[str]] = {
    "PATH_INFO": [
        *("/", "/a", "//", "/path/a/", "/around/", "/end", "/name/", "-", "/..", "/.", "a", "\xff"),
        *("/\xc3\xa9", "\\", "/around/a/", "%", "/./"),
    ],
    "QUERY_STRING": [
        *("&", "=", "a=1&", "a&", ";", "+", "%", "%41", "%ff", "a[]=", "&&=", "a=%zz&", "?"),
        *("\xc3\xa9", "a=b;", "=&"),
    ],
    "HTTP_COOKIE": [
        *(";", "=", " ", "a=b; ", "a; ", '"', 'a="', "\\", "\\054", '\\"', "session=a; ", "\t"),
        *("a =", "; ;", ",", '="\\'),
    ],
    "HTTP_ACCEPT": [
        *(",", ";", " ", "a/b,", "a/b;q=0.1,", ";q=", '"', 'a;b="', '\\"', "*/*,", "a;b=c;", "="),
        *("a/b;c=d,", "\t", ";q=1,", "a ;", '";', "/"),
    ],
    "HTTP_ACCEPT_LANGUAGE": ["en-", "en,", "en-GB;q=1,", "-", "*,", " ", ";q=", ";q=0"],
    "HTTP_ACCEPT_CHARSET": ["a,", ";q=0.5", " ,"],
    "HTTP_ACCEPT_ENCODING": ["gzip,", "*;q=0,", ";"],
    "HTTP_AUTHORIZATION": [
        *("Basic ", "A", "=", "Digest a=b,", 'a="b", ', '"', "\\", ",", " ", "Bearer x.", 'a="'),
        *("a*=utf-8''%41,", "a*0=b;"),
    ],
    "HTTP_CACHE_CONTROL": ["a=b,", "max-age=1,", ",", '"', '\\"', 'a="b",', " ", "="],
    "HTTP_CONTENT_TYPE_OF_BODY": [
        *(";", "; a=b", '; a="b"', '; a="', "\\", '\\"', ";a*=utf-8''b", ";a*0=b", " ", "/", "="),
        *('"', "; a*1*=b", "\t;", '; "', "a;b=c"),
    ],
    "HTTP_HOST": [".", "a.", ":", "[", "]", "@", "%", "a", "1", "-", "xn--", "\xc3\xa9", " "],
    "HTTP_IF_MATCH": ['"', "W/", '"a",', '"a" ', "a,", ",", "*", " ", "\\", 'W/"a"', '""'],
    "HTTP_IF_NONE_MATCH": ['"', "W/", '"a",', '"a" ', "a,", ",", "*", " ", "\\", 'W/"a"', '""'],
    "HTTP_IF_RANGE": ['"', "W/", '"a"', "Mon, ", " ", "01 ", "(", ")", "\\"],
    "HTTP_IF_MODIFIED_SINCE": [
        "(",
        ")",
        "Mon, ",
        " ",
        "1",
        ":",
        "-",
        "GMT",
        ",",
        "\\(",
        "\\",
        "()",
    ],
    "HTTP_IF_UNMODIFIED_SINCE": ["(", "Mon, ", " ", "1", ":"],
    "HTTP_DATE": ["(", "Mon, ", " ", "1", ":", ",", ";"],
    "HTTP_PRAGMA": [",", "a=b,", '"'],
    "HTTP_RANGE": ["0-0,", "bytes=", "0-", "-", ",", "1", " ", "=", "0-1, ", "bytes=0-0,"],
    "HTTP_X_FORWARDED_FOR": ["1.1.1.1, ", ",", " ", '"'],
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": [",", "a,", " ", '"'],
    "HTTP_USER_AGENT": ["(", "Mozilla/5.0 ", ";", " "],
    "HTTP_REFERER": ["/", "%", "http://", "@"],
    "CONTENT_LENGTH": ["1", "0", " ", "-", "_"],
    "HTTP_MAX_FORWARDS": ["1", " ", "_"],
    "SCRIPT_NAME": ["/", "/a", "%", "\xc3\xa9"],
}

STARTS = {
    "HTTP_AUTHORIZATION": ["", "Basic ", "Digest ", "Bearer "],
    "HTTP_COOKIE": ["", "session=", 'a="'],
    "HTTP_RANGE": ["", "bytes="],
    "HTTP_CONTENT_TYPE_OF_BODY": ["", "multipart/form-data; boundary=", "a/b; "],
    "PATH_INFO": ["", "/path/", "/around/", "/number/", "/name/", "/pick/", "/id/"],
    "HTTP_DATE": ["", "Mon, 01 Jan 2000 "],
    "HTTP_IF_MODIFIED_SINCE": ["", "Mon, 01 Jan 2000 "],
}

MULTIPART = "multipart/form-data; boundary=x"
FIELD = '--x\r\nContent-Disposition: form-data; name="a"'
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

# Content type, what the body begins with, what is repeated, what it ends with, and the view.
BODIES: list[tuple[str, str, str, str, str]] = [
    (MULTIPART, "", f"{FIELD}\r\n\r\n.\r\n", "--x--", "/form"),
    (MULTIPART, "", f'{FIELD}; filename="f"\r\n\r\n.\r\n', "--x--", "/form"),
    (MULTIPART, f"{FIELD}\r\n\r\n", "\r\n", "", "/form"),
    (MULTIPART, f"{FIELD}\r\n\r\n", "\r", "\r\n--x--", "/form"),
    (MULTIPART, f"{FIELD}\r\n\r\n", "\n--", "\r\n--x--", "/form"),
    (MULTIPART, f"{FIELD}\r\n\r\n", "\r\n--", "", "/form"),
    (MULTIPART, f"{FIELD}\r\n\r\n", "\r\n--y", "\r\n--x--", "/form"),
    (MULTIPART, f"{FIELD}\r\n", "A: b\r\n", "\r\n.\r\n--x--", "/form"),
    (MULTIPART, f"{FIELD}\r\nA: b\r\n", " folded\r\n", "\r\n.\r\n--x--", "/form"),
    (MULTIPART, f"{FIELD}; filename=", '"', "\r\n\r\n.\r\n--x--", "/form"),
    (MULTIPART, f'{FIELD}; filename="', '\\"', '"\r\n\r\n.\r\n--x--', "/form"),
    (MULTIPART, FIELD, "; filename*0=a", "\r\n\r\n.\r\n--x--", "/form"),
    (MULTIPART, FIELD, ";", "\r\n\r\n.\r\n--x--", "/form"),
    (MULTIPART, f"{FIELD}\r\nContent-Type: ", "a;", "\r\n\r\n.\r\n--x--", "/form"),
    (MULTIPART, "", "--x", "", "/form"),
    (MULTIPART, "", "--x\r\n", "", "/form"),
    (MULTIPART, "", "-", "", "/form"),
    (MULTIPART, "", "\r\n", "", "/form"),
    (MULTIPART, "preamble", "\r\n--", "x--", "/form"),
    (FORM, "", "a=b&", "", "/form"),
    (FORM, "", "&", "", "/form"),
    (FORM, "", "%", "", "/form"),
    (FORM, "", "a=%41+", "", "/form"),
    (FORM, "", "=", "", "/form"),
    (JSON, "", "[", "", "/data"),
    (JSON, "[", "1,", "1]", "/data"),
    (JSON, '"', "\\u0041", '"', "/data"),
    (JSON, '"', "\\", '"', "/data"),
    (JSON, "", " ", "1", "/data"),
    (JSON, "", '{"a":', "", "/data"),
    (JSON, "{", '"a":1,', '"a":1}', "/data"),
    (JSON, "", "1", "", "/data"),
    (JSON, "0.", "1", "", "/data"),
]


def _repeat(part: str, length: int) -> str:
    return part * max(1, length // len(part))


def _in_header(key: str, start: str, part: str, where: str) -> Maker:
    def make(length: int) -> Made:
        value = start + _repeat(part, length)
        if key == "HTTP_CONTENT_TYPE_OF_BODY":
            return post(where, b"--x\r\n", value), b"--x\r\n"
        return environ_of(where, **{key: value}), b""

    return make


def _in_body(kind: str, start: str, part: str, end: str, where: str) -> Maker:
    def make(length: int) -> Made:
        body = (start + _repeat(part, length) + end).encode("latin-1")
        return post(where, body, kind), body

    return make


def _makers() -> Iterator[tuple[str, Maker]]:
    """Yield what is repeated where, and what makes the request."""
    for key, parts in PARTS.items():
        for start in STARTS.get(key, [""]):
            for part in parts:
                for where in _views(key):
                    yield (
                        f"{key} {start!r} {part!r} to {where}",
                        _in_header(key, start, part, where),
                    )
    for kind, start, part, end, where in BODIES:
        yield f"{kind} {start!r} {part!r} {end!r}", _in_body(kind, start, part, end, where)


def _views(key: str) -> list[str]:
    if key == "PATH_INFO":
        return ["/"]
    if key.startswith("HTTP_IF_") or key == "HTTP_RANGE":
        return ["/any", "/file"]
    if key == "HTTP_CONTENT_TYPE_OF_BODY":
        return ["/form"]
    return ["/session", "/any"] if key == "HTTP_COOKIE" else ["/any"]


def seconds(attempt: Callable[[], object], repeats: int) -> float:
    """The least CPU time that an attempt took."""
    least = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        attempt()
        least = min(least, time.process_time() - start)
    return least


def is_too_slow(make: Callable[[int], Callable[[], object]], length: int = LENGTH) -> bool:
    """Whether time grows faster than the input, in each of three measurements.

    :param make: from a length, what takes the time.
    """
    for repeats in (1, 3, 5):
        longer = seconds(make(length * FACTOR), repeats)
        if longer < AT_LEAST:
            return False
        if longer < TOLERATED * seconds(make(length), repeats):
            return False
    return True


def _attempts(ours: Target, make: Maker) -> t.Callable[[int], Callable[[], object]]:
    def at(length: int) -> Callable[[], object]:
        environ, body = make(length)
        return lambda: ours.ask(environ, body)

    return at


@case(
    "linear-time",
    "headers, paths and bodies out of one repeated piece, of 12,000 and of 48,000 characters: the"
    " CPU time of the longer is not ten times that of the shorter",
)
def linear_time(tally: Tally) -> None:
    app = target.make(Flask)
    app.config["MAX_FORM_PARTS"] = 100_000
    ours = Target(app)
    for what, make in tally.some(_makers()):
        tally.expect(
            not is_too_slow(_attempts(ours, make)), "time grows faster than the input", what
        )


JOINED = ["/joined/{}", "/joined/a{}", "/twice/{}/x", "/twice/a/x{}"]


@case(
    "joined-rules",
    "rules with adjacent variables, such as <a>-<path:b>, take time that is"
    " quadratic in the path, by Werkzeug's expression: at the 4,094 characters that servers let"
    " through, less than a second",
)
def joined_rules(tally: Tally) -> None:
    app = Flask("joined", static_folder=None)
    app.add_url_rule("/joined/<a>-<path:b>/other", "joined", lambda a, b: "joined")
    app.add_url_rule("/twice/<path:a>/x/<path:b>/y", "twice", lambda a, b: "twice")
    ours = Target(app)
    for start in JOINED:
        for part in ("-", "/x/", "/", "a-", "/x", "-a/other", "/other", "x/"):
            environ = environ_of(start.format(_repeat(part, 4094)))
            spent = seconds(lambda asked=environ: ours.ask(asked), 1)  # type: ignore[misc]
            tally.expect(spent < 1, "takes more than a second", (start, part))
