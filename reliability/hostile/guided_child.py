"""The process in which atheris fuzzes: what it is given steers it to code not reached before.

``python -m reliability.hostile.guided_child FAILURES [options of libFuzzer]``; each new kind of
failure is a line that is added to the file ``FAILURES``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["flask", "werkzeug"]):
    from . import target
    from .caller import Environ, Twins, environ_of, post
    from .case import Tally

KEYS = [
    *("PATH_INFO", "QUERY_STRING", "HTTP_COOKIE", "HTTP_HOST", "HTTP_ACCEPT", "HTTP_RANGE"),
    *("HTTP_AUTHORIZATION", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_RANGE"),
    *("HTTP_ACCEPT_LANGUAGE", "HTTP_CACHE_CONTROL", "SCRIPT_NAME", "CONTENT_LENGTH"),
    *("HTTP_X_FORWARDED_FOR", "REQUEST_METHOD", "SERVER_NAME", "HTTP_UPGRADE"),
]
VIEWS = ["/any", "/headers", "/session", "/file", "/flashes", "/build", "/page", "/name/x/"]
BODIES = [
    ("/form", "multipart/form-data; boundary=x"),
    ("/form", "application/x-www-form-urlencoded"),
    ("/json", "application/json"),
    ("/data", "application/json; charset=x"),
]


def make(data: bytes) -> tuple[Environ, bytes]:
    """Return the request that bytes stand for: two say where, all others what."""
    where, view, rest = data[0], data[1], data[2:]
    if where % 4 == 0:
        path, kind = BODIES[view % len(BODIES)]
        return post(path, rest, kind), rest
    if where % 32 == 1:  # the content type itself, before the rest
        kind_text, _, body = rest.partition(b"\n")
        return post("/form", body, _as_header(kind_text)), body
    key = KEYS[where % len(KEYS)]
    value = rest.decode("latin-1") if key in {"PATH_INFO", "QUERY_STRING"} else _as_header(rest)
    return environ_of(VIEWS[view % len(VIEWS)], **{key: value}), b""


def _as_header(data: bytes) -> str:
    return data.translate(None, b"\r\n\0").decode("latin-1")


def main() -> None:
    told = Path(sys.argv[1])
    twins = Twins(target.make)
    tally = Tally()
    kinds: set[str] = set()

    def attempt(data: bytes) -> None:
        if len(data) < 2:
            return
        twins.ask(tally, *make(data))
        for failure in tally.failures:
            kind = failure.partition(":")[0]
            if kind not in kinds:
                kinds.add(kind)
                with told.open("a") as file:
                    file.write(failure + "\n")

    atheris.Setup([sys.argv[0], *sys.argv[2:]], attempt)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
