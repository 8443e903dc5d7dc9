"""Text with a session: its headers, without a response object that nobody sees."""

from __future__ import annotations

import typing as t

from werkzeug.wrappers import Response as ResponseBase
from werkzeug.wsgi import ClosingIterator

from ..sessions import SecureCookieSession, SecureCookieSessionInterface, cookie_attributes
from ..wrappers import Response, current_config, emits_as_built_in
from .pristine import Unpatched, pristine

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..app import Flask

_VARY = ("Vary", "Cookie")
_SET_COOKIE = pristine(ResponseBase, "set_cookie")
_MAX_COOKIE_SIZE = Response.max_cookie_size
_METHODS = {
    name: getattr(SecureCookieSessionInterface, name)
    for name in dir(SecureCookieSessionInterface)
    if name.startswith(("_describe", "_save", "get_", "is_null", "save_", "should_"))
}


def _saves_as_built_in() -> bool:
    return (
        emits_as_built_in()
        and Response.set_cookie is _SET_COOKIE
        and Response.max_cookie_size is _MAX_COOKIE_SIZE
        and all(
            getattr(SecureCookieSessionInterface, name, None) is method
            for name, method in _METHODS.items()
        )
    )


_unpatched = Unpatched(_saves_as_built_in, SecureCookieSessionInterface, Response, ClosingIterator)


class SessionAnswer:
    """A response that consists of headers and text: the status is 200."""

    __slots__ = ("body", "headers")

    def __init__(self, headers: list[tuple[str, str]], body: bytes) -> None:
        self.headers = headers
        self.body = body

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> t.Iterable[bytes]:
        start_response("200 OK", self.headers)
        return iter((self.body,))


def answer_with_session(
    app: Flask, session: t.Any, text: str, content_type: tuple[str, str]
) -> SessionAnswer | None:
    """Return what :meth:`SecureCookieSessionInterface.save_session` makes of a response with
    this text; ``None`` means: make that response.

    :param session: a session that an unchanged interface opened.
    """
    # PERF: a response object, and four steps that each look for what is in it, take half of the
    # time that a view which reads the session takes.
    if type(session) is not SecureCookieSession or not session.accessed or not _unpatched.holds():
        return None
    body = text.encode()
    length = ("Content-Length", str(len(body)))
    if not session:
        return None if session.modified else SessionAnswer([content_type, length, _VARY], body)
    if session.permanent:
        return None  # its cookie has an end
    if not session.modified:
        return SessionAnswer([content_type, length, _VARY], body)
    cookie = _cookie(app, session)
    if cookie is None:
        return None
    return SessionAnswer([content_type, length, _VARY, ("Set-Cookie", cookie)], body)


def _cookie(app: Flask, session: SecureCookieSession) -> str | None:
    """Return the header that saves a session, or ``None`` if the slow way has to see to it."""
    interface: t.Any = app.session_interface
    signer = interface.get_signing_serializer(app)
    config = app.config
    if signer is None or current_config() is not config:
        return None
    name = config["SESSION_COOKIE_NAME"]
    attributes = cookie_attributes(
        name,
        config["SESSION_COOKIE_DOMAIN"],
        config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"],
        config["SESSION_COOKIE_SECURE"],
        config["SESSION_COOKIE_PARTITIONED"],
        config["SESSION_COOKIE_SAMESITE"],
        config["SESSION_COOKIE_HTTPONLY"],
    )
    cookie = f"{name}={signer.dumps(dict(session))}{attributes}"
    max_size = config["MAX_COOKIE_SIZE"]
    # A larger one causes a warning.
    return cookie if not max_size or len(cookie) <= max_size else None
