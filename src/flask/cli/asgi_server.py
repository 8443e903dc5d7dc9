"""``flask run --asgi``: uvicorn as development server, with Werkzeug's reloader and debugger."""

from __future__ import annotations

import typing as t

import click

from ..doors.asgi import AsgiDoor
from ..doors.scope import Scope

if t.TYPE_CHECKING:
    import ssl

    from ..doors.body import Message, Receive
    from ..doors.sending import Send

Certificate = t.Union[str, tuple[str, str], "ssl.SSLContext", None]


def serve(
    app: t.Any,
    host: str,
    port: int,
    certificate: Certificate,
    *,
    use_debugger: bool,
    use_reloader: bool,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
) -> None:
    """Serve an application by ASGI until interrupted.

    :param app: an ASGI or WSGI application; a WSGI application runs in threads.
    :raises click.ClickException: if uvicorn is not installed.
    """
    try:
        import uvicorn
    except ImportError:
        raise click.ClickException(
            "'flask run --asgi' serves with uvicorn, which is not installed: install 'flask[asgi]'."
        ) from None

    handle = getattr(app, "asgi_app", None) or _ServedByWsgi(app)
    config = uvicorn.Config(
        _Debugger(handle) if use_debugger else handle,
        host,
        port,
        interface="asgi3",
        log_level="info",
        timeout_graceful_shutdown=3,
    )
    config.load()
    if certificate is not None:
        config.ssl = _ssl_context(certificate)
    server = uvicorn.Server(config)
    if not use_reloader:
        server.run()
        return

    from werkzeug._reloader import run_with_reloader  # which 'run_simple' uses

    run_with_reloader(server.run, extra_files=extra_files, exclude_patterns=exclude_patterns or ())


def _ssl_context(certificate: Certificate) -> t.Any:
    from werkzeug import serving

    if certificate == "adhoc":
        return serving.generate_adhoc_ssl_context()
    if isinstance(certificate, tuple):
        return serving.load_ssl_context(*certificate)
    return certificate


class _ServedByWsgi:
    """An ASGI application that passes requests to a WSGI application."""

    def __init__(self, application: t.Any) -> None:
        self._application = application
        self._door = AsgiDoor()
        self.name = "application"
        self.config = {"MAX_CONTENT_LENGTH": None}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._door.serve_wsgi(self, self._application, scope, receive, send)
        else:
            raise NotImplementedError(f"{scope['type']!r} is not served")


class _Debugger(_ServedByWsgi):
    """Middleware that shows errors of an ASGI application in Werkzeug's debugger.

    Only browsers on this machine see it. The debugger is WSGI middleware: exceptions are raised
    again inside it, and requests for its own pages are passed to it.
    """

    def __init__(self, inner: t.Any) -> None:
        from werkzeug.debug import DebuggedApplication

        super().__init__(DebuggedApplication(_raise_error, evalex=True))
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
        elif b"__debugger__=yes" in scope["query_string"] or scope["path"] == "/console":
            await super().__call__(scope, receive, send)
        else:
            await self._show_error(scope, receive, send)

    async def _show_error(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_started = False

        async def watched_send(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            await self._inner(scope, receive, watched_send)
        except Exception as error:
            if is_started:
                raise
            await super().__call__({**scope, "flask.error": error}, receive, send)


def _raise_error(environ: dict[str, t.Any], start_response: t.Any) -> t.Iterable[bytes]:
    """Raise the application's exception again, or return 404 for a console that is gone."""
    error = environ["asgi.scope"].get("flask.error")
    if error is None:
        start_response("404 NOT FOUND", [("Content-Length", "0")])
        return []
    try:
        raise error
    finally:
        del error
