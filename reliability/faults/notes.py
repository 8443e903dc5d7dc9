"""What the failing application notes of each request, apart from every context of Flask's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl

from flask import abort, has_app_context, has_request_context

NOTES: dict[str, list[str]] = defaultdict(list)
LEAKS: list[str] = []
QUERY: ContextVar[dict[str, str] | None] = ContextVar("query", default=None)


class Broken(Exception):
    """What is raised on demand."""


def asked(name: str) -> str:
    """An argument of the current request's query, also where no request context is current."""
    return (QUERY.get() or {}).get(name, "")


def note(event: str) -> None:
    NOTES[asked("token")].append(event)


def trip(step: str) -> None:
    """Raise, if the current request asks to fail at this step."""
    if asked("at") == step:
        if asked("kind") == "http":
            abort(418)
        raise Broken(step)


class Noting:
    """WSGI middleware that keeps the query at hand, and notes a context left by an earlier one."""

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self.inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        QUERY.set(dict(parse_qsl(environ.get("QUERY_STRING", ""))))
        if has_app_context() or has_request_context():
            LEAKS.append(f"a context was left to {environ['PATH_INFO']} {asked('token')}")
        return self.inner(environ, start_response)
