"""Calling an application as a server does, and judging what it answers."""

from __future__ import annotations

import asyncio
import io
import logging
import typing as t
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask

from .case import Tally

Environ = dict[str, t.Any]

_CHANGING = {"date", "expires"}
_FORBIDDEN = ("\r", "\n", "\0")


@dataclass
class Answer:
    """What came back for a request, and what was wrong with it."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    faults: list[str] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(found) if found else None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def lasting(self) -> tuple[t.Any, ...]:
        """All of it that is the same whenever the same is asked again."""
        lasting = sorted(
            (name, ", ".join(sorted(value.split(", "))) if name == "Allow" else value)
            for name, value in self.headers
            if name.lower() not in _CHANGING
        )
        return self.status, lasting, self.body, self.faults


class _Errors(logging.Handler):
    """Keeps the exceptions that an application logs."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self.seen.append(f"{type(error).__name__} from {_source(error)}")


def _source(error: BaseException) -> str:
    """The package that an exception was raised in."""
    trace = error.__traceback__
    name = ""
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        trace = trace.tb_next
    return name.partition(".")[0]


class Target:
    """An application that is attacked."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._errors = _Errors()
        app.logger.handlers[:] = [self._errors]
        app.logger.propagate = False

    def ask(self, environ: Environ, body: bytes = b"") -> Answer:
        """Answer a request as a server would, noting whatever is against :pep:`3333`."""
        answer = Answer()
        del self._errors.seen[:]
        stream = io.BytesIO(body)
        given = {**environ, "wsgi.input": stream, "wsgi.errors": io.StringIO()}

        def start_response(status: str, headers: t.Any, exc_info: t.Any = None) -> t.Any:
            if answer.status:
                answer.faults.append("start_response was called twice")
            answer.status = int(status[:3])
            answer.headers = list(headers)
            if any(mark in status for mark in _FORBIDDEN):
                answer.faults.append("control character in the status")
            return None

        try:
            parts = self.app(given, start_response)
            try:
                answer.body = b"".join(parts)
            finally:
                close = getattr(parts, "close", None)
                if close is not None:
                    close()
        except Exception as error:
            answer.faults.append(f"{type(error).__name__} left the application")
        self._judge(answer)
        return answer

    def _judge(self, answer: Answer) -> None:
        if answer.status >= 500:
            answer.faults.append(f"{answer.status} by {', '.join(self._errors.seen) or 'nothing'}")
        for name, value in answer.headers:
            if type(name) is not str or type(value) is not str:
                answer.faults.append("a header that is not text")
                continue
            if any(mark in name or mark in value for mark in _FORBIDDEN):
                answer.faults.append("CR, LF or NUL in a header")
            try:
                (name + value).encode("latin-1")
            except UnicodeEncodeError:
                answer.faults.append("a header that no server can send")


class AsgiTarget(Target):
    """The application of another target, called as an ASGI server does."""

    def __init__(self, target: Target) -> None:
        self.app = target.app
        self._errors = target._errors
        self._loop = asyncio.new_event_loop()
        weakref.finalize(self, self._loop.close)

    def ask(self, environ: Environ, body: bytes = b"") -> Answer:
        """Answer a request that a client can have sent; to others the answer has no status."""
        answer = Answer()
        scope = _scope_of({**environ, "wsgi.input": io.BytesIO(body)})
        if scope is not None:
            del self._errors.seen[:]
            self._loop.run_until_complete(self._exchange(scope, body, answer))
            self._judge(answer)
        return answer

    async def _exchange(self, scope: t.Any, body: bytes, answer: Answer) -> None:
        told = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> t.Any:
            return told.pop() if told else {"type": "http.disconnect"}

        async def send(message: t.Any) -> None:
            if message["type"] == "http.response.start":
                if answer.status:
                    answer.faults.append("the response was started twice")
                answer.status = message["status"]
                answer.headers = [
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in message["headers"]
                ]
            elif not answer.status:
                answer.faults.append("a body before the start of the response")
            else:
                answer.body += message.get("body", b"")

        try:
            await t.cast(t.Any, self.app)(scope, receive, send)
        except Exception as error:
            answer.faults.append(f"{type(error).__name__} left the application")
        if not answer.status:
            answer.faults.append("no response was started")


def _scope_of(environ: Environ) -> t.Any:
    """The scope of the request that an environ is of; ``None``: no client can send it."""
    from flask.doors.scope import EXTRA
    from flask.testing.asgi import scope_of

    try:
        scope = scope_of(environ)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    scope.pop(EXTRA)
    return scope


class Twins:
    """The same application twice: as it is, and with a step that was replaced by itself.

    The second has to call its methods for every step, so that it takes another way through an
    implementation that has shortcuts. Both must answer alike. Where the application speaks ASGI, it
    is asked by that as well, and judged alone: a server takes some requests for others.
    """

    def __init__(self, make: Callable[[type[Flask]], Flask]) -> None:
        self.plain = Target(make(Flask))
        self.stepwise = Target(make(Stepwise))
        self.by_asgi = AsgiTarget(self.plain) if hasattr(Flask, "asgi_app") else None

    def ask(self, tally: Tally, environ: Environ, body: bytes = b"") -> Answer:
        """Ask both; note each fault of the first, and a difference that asking again confirms."""
        for _ in range(3):  # a signature changes with the second that it was made in
            answer = self.plain.ask(environ, body)
            other = self.stepwise.ask(environ, body)
            if answer.lasting() == other.lasting():
                break
        else:
            tally.fail("two ways through the application answer differently", (environ, body))
        for fault in answer.faults:
            tally.fail(fault, (_told(environ), body))
        if self.by_asgi is not None:
            for fault in self.by_asgi.ask(environ, body).faults:
                if fault not in answer.faults:
                    tally.fail(f"by ASGI, {fault}", (_told(environ), body))
        return answer


class Stepwise(Flask):
    def full_dispatch_request(self) -> t.Any:
        return super().full_dispatch_request()


def environ_of(path: str = "/", **changes: t.Any) -> Environ:
    """A WSGI environment as a server makes it.

    :param path: as text; it gets the form that :pep:`3333` wants.
    :param changes: by key; ``None`` leaves the key out.
    """
    path, _, query = path.partition("?")
    environ: Environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    environ.update(changes)
    return {key: value for key, value in environ.items() if value is not None}


def post(path: str, body: bytes, content_type: str, **changes: t.Any) -> Environ:
    """The environment of a request with a body."""
    length = {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": content_type}
    return environ_of(path, REQUEST_METHOD="POST", **{**length, **changes})


def _told(environ: Environ) -> Environ:
    """What is special about an environment."""
    usual = environ_of()
    return {key: value for key, value in environ.items() if usual.get(key) != value}
