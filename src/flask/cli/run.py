"""``flask run``: the development server, its certificate options and its banner."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click
from werkzeug.serving import is_running_from_reloader
from werkzeug.utils import import_string

from ..helpers import get_debug_flag
from .discovery import own_frames, own_traceback
from .options import _debug_option
from .script import ScriptInfo, pass_script_info
from .serving import additions_to, offer_free_port

if TYPE_CHECKING:
    import ssl

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    CertParamBase = click.ParamType[str | ssl.SSLContext]
else:
    # Generic in the newer ones of the supported versions of click only.
    CertParamBase = click.ParamType


PEM_FILE = click.Path(resolve_path=True, dir_okay=False, exists=True)


def show_server_banner(debug: bool | None, app_import_path: str | None) -> None:
    """Print the application's name and the debug mode, but not in a process of the reloader."""
    if is_running_from_reloader():
        return
    if app_import_path is not None:
        click.echo(f" * Serving Flask app {app_import_path!r}")
    if debug is not None:
        click.echo(f" * Debug mode: {'on' if debug else 'off'}")


class CertParamType(CertParamBase):
    """The type of ``--cert``: a file, the word ``adhoc``, or an importable SSL context.

    Converts to the path, to ``"adhoc"``, or to the :class:`ssl.SSLContext`.
    """

    name = "path"

    def __init__(self) -> None:
        self.path_type = PEM_FILE

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | ssl.SSLContext:
        try:
            import ssl
        except ImportError:
            self.fail("this Python was built without the 'ssl' module.", param, ctx)

        try:
            return str(self.path_type(value, param, ctx))
        except click.BadParameter:
            if str(value).lower() == "adhoc":
                self._require_cryptography(param, ctx)
                return "adhoc"
            try:
                context = import_string(value, silent=True)
            except ValueError:  # "" or ".": no name of a module at all
                context = None
            if isinstance(context, ssl.SSLContext):
                return context
            self.fail(
                f"{value!r} is neither a file that can be read, nor 'adhoc', nor the import name"
                " of an SSLContext.",
                param,
                ctx,
            )

    def _require_cryptography(
        self, param: click.Parameter | None, ctx: click.Context | None
    ) -> None:
        try:
            import cryptography  # noqa: F401
        except ImportError:
            self.fail(
                "'adhoc' makes a certificate with the library 'cryptography', which is not"
                " installed.",
                param,
                ctx,
            )


def _validate_key(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Check that certificate and key fit, and combine them into one value."""
    cert = ctx.params.get("cert")
    # Only a certificate in a file comes without its key.
    needs_key = isinstance(cert, str) and cert != "adhoc"
    if value is None:
        if needs_key:
            raise click.BadParameter("a certificate in a file needs '--key' as well.", ctx, param)
    elif cert is None:
        raise click.BadParameter("a key needs '--cert' as well.", ctx, param)
    elif not needs_key:
        raise click.BadParameter("this '--cert' brings its own key.", ctx, param)
    else:
        ctx.params["cert"] = cert, value
    return value


class SeparatedPathType(click.Path):
    """Several paths in one value, separated like the entries of ``PATH``; converts to a list."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        convert_one = super().convert
        return [convert_one(item, param, ctx) for item in self.split_envvar_value(value)]


@click.command("run", short_help="Start a development server.")
@click.option("--host", "-h", help="The network interface to listen on.", default="127.0.0.1")
@click.option("--port", "-p", help="The port to listen on.", default=5000)
@click.option(
    "--cert",
    help="Serve HTTPS with this certificate file, 'adhoc', or an SSLContext by import name.",
    type=CertParamType(),
    is_eager=True,
)
@click.option(
    "--key",
    help="The key file of the certificate file.",
    type=PEM_FILE,
    expose_value=False,
    callback=_validate_key,
)
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Restart when a file of the program changes. Follows debug mode unless given.",
)
@click.option(
    "--debugger/--no-debugger",
    default=None,
    help="Show errors in an interactive debugger. Follows debug mode unless given.",
)
@click.option(
    "--with-threads/--without-threads",
    default=True,
    help="Handle each request in a thread of its own, or one request at a time.",
)
@click.option(
    "--extra-files",
    type=SeparatedPathType(),
    default=None,
    help=f"More files whose change restarts the server, separated by {os.path.pathsep!r}.",
)
@click.option(
    "--exclude-patterns",
    type=SeparatedPathType(),
    default=None,
    help=(
        "Shell patterns of files whose change does not restart the server, separated by"
        f" {os.path.pathsep!r}."
    ),
)
@click.option(
    "--asgi",
    is_flag=True,
    help="Serve by ASGI with uvicorn, so that async views share the server's event loop.",
)
@pass_script_info
def run_command(
    info: ScriptInfo,
    host: str,
    port: int,
    reload: bool | None,
    debugger: bool | None,
    with_threads: bool,
    cert: str | tuple[str, str] | ssl.SSLContext | None,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
    asgi: bool,
) -> None:
    """Serve the application on this machine while it is being developed.

    This server is for development. In production, use a server such as gunicorn or granian.
    """
    app: WSGIApplication
    try:
        app = info.load_app()
    except Exception as error:
        # A broken edit must not end the reloader's process: the next edit may mend it. On the
        # first start there is nothing to keep alive.
        if not is_running_from_reloader():
            raise
        click.echo(own_traceback(error), err=True)
        app = _make_failing_app(error)

    debug = get_debug_flag()
    # Looked up on the package, where programs put a function of their own to have no banner,
    # and tests one to have no server.
    package: Any = sys.modules[__name__.rpartition(".")[0]]
    package.show_server_banner(debug, info.app_import_path)
    options: dict[str, Any] = {
        "use_reloader": debug if reload is None else reload,
        "use_debugger": debug if debugger is None else debugger,
        "extra_files": extra_files,
        "exclude_patterns": exclude_patterns,
    }
    if asgi:
        from . import asgi_server  # PERF: imports asyncio

        asgi_server.serve(app, host, port, cert, **options)
        return
    try:
        package.run_simple(
            host,
            port,
            app,
            threaded=with_threads,
            ssl_context=cert,
            **options,
            **additions_to(package.run_simple),
        )
    except SystemExit as error:
        if error.code == 1:
            offer_free_port(host, port, "flask run --port {port}")
        raise


def _make_failing_app(error: Exception) -> WSGIApplication:
    """Return an application that raises the load error on each request."""
    # Kept, as each raise lengthens the traceback that the exception itself carries.
    frames = own_frames(error)

    def raise_load_error(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        raise error.with_traceback(frames) from None

    return raise_load_error


run_command.params.insert(0, _debug_option)
