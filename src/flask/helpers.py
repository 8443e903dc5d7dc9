"""Functions for views: responses, URLs, files, messages."""

from __future__ import annotations

import contextvars
import importlib.util
import inspect
import os
import sys
import typing as t
from datetime import datetime
from functools import cache as cache
from functools import update_wrapper
from types import FunctionType, MethodType

import werkzeug.utils
from werkzeug.exceptions import abort as _wz_abort
from werkzeug.utils import redirect as _wz_redirect
from werkzeug.wrappers import Response as BaseResponse

from .globals import _cv_app, _cv_request, current_app, request, request_ctx, session
from .http.cached_files import answers_as_built_in, file_header_cache, is_plain_request
from .http.streams import close_when_dropped
from .routing.building import build_here
from .signals import message_flashed
from .wrappers import Request, Response
from .wrappers import blueprint_chain as _split_blueprint_path  # noqa: F401

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask
    from .ctx import AppContext, RequestContext


P = t.ParamSpec("P")


def _current_app() -> Flask | None:
    """Return the current application, or ``None``."""
    if current_app is _CURRENT_APP:  # PERF: a proxy takes four calls to say what it is of
        context = _cv_app.get(None)
        return None if context is None else context.app
    return current_app if current_app else None  # in a test, something else


_CURRENT_APP = current_app


def _env_flag(name: str) -> bool:
    """Return whether an environment variable is set to anything but ``0``, ``false`` or ``no``."""
    return os.environ.get(name, "").lower() not in {"", "0", "false", "no"}


_CO_COROUTINE = inspect.CO_COROUTINE


def is_async(func: t.Callable[..., t.Any]) -> bool:
    """Return whether a function is a coroutine function: :func:`inspect.iscoroutinefunction`."""
    # PERF: inspect unwraps the function first. One that is not wrapped says what it is by a flag,
    # unless it carries the mark that inspect lets other callables have.
    function: t.Any = func
    if type(function) is MethodType:
        function = function.__func__
    if type(function) is FunctionType and "_is_coroutine_mark" not in function.__dict__:
        return function.__code__.co_flags & _CO_COROUTINE != 0
    return inspect.iscoroutinefunction(func)


def get_debug_flag() -> bool:
    """Return whether ``FLASK_DEBUG`` enables debug mode."""
    return _env_flag("FLASK_DEBUG")


def get_load_dotenv(default: bool = True) -> bool:
    """Return whether to load dotenv files: ``default``, unless ``FLASK_SKIP_DOTENV`` is set."""
    if not os.environ.get("FLASK_SKIP_DOTENV"):
        return default
    return not _env_flag("FLASK_SKIP_DOTENV")


@t.overload
def stream_with_context(
    generator_or_function: t.Iterator[t.AnyStr],
) -> t.Iterator[t.AnyStr]: ...


@t.overload
def stream_with_context(
    generator_or_function: t.Callable[P, t.Iterator[t.AnyStr]],
) -> t.Callable[P, t.Iterator[t.AnyStr]]: ...


def stream_with_context(generator_or_function: t.Any) -> t.Any:
    """Keep the request current while a generator streams the response's body.

    Wrap a generator, or decorate the function that returns one.

    :raises RuntimeError: outside of a request context.

    >>> from flask import Flask, request, stream_with_context
    >>> app = Flask("shop")
    >>> @app.get("/")
    ... def index():
    ...     @stream_with_context
    ...     def lines():
    ...         yield f"You asked for {request.path}"
    ...     return lines()
    >>> app.test_client().get("/").text
    'You asked for /'
    """
    if not hasattr(generator_or_function, "__next__") and callable(generator_or_function):
        function = generator_or_function

        def decorated(*args: t.Any, **kwargs: t.Any) -> t.Any:
            return stream_with_context(t.cast("t.Iterator[str]", function(*args, **kwargs)))

        return update_wrapper(decorated, function)

    ctx = _cv_request.get(None)
    if ctx is None:
        raise RuntimeError(
            "'stream_with_context' can only be used while a request is handled: call it inside of"
            " the view that returns the stream."
        )
    return _StreamInContext(ctx, iter(generator_or_function))


class _StreamInContext(t.Generic[t.AnyStr]):
    """Iterator that makes the request current during each step and runs teardown after the last.

    Nothing is current between steps: a thread may do other work between two of them or never take
    the next one, and another thread may close the stream.
    """

    def __init__(self, ctx: RequestContext, source: t.Iterator[t.AnyStr]) -> None:
        self._ctx: RequestContext | None = ctx
        self._source: t.Iterator[t.AnyStr] = source
        self._run = contextvars.copy_context().run
        self._started = False
        self._own: AppContext | None = None

    def __iter__(self) -> t.Iterator[t.AnyStr]:
        return self

    def __next__(self) -> t.AnyStr:
        if self._ctx is None:
            raise StopIteration
        if not self._started:
            self._started = True
            self._own = self._run(self._ctx.begin_stream)
        try:
            return self._run(next, self._source)
        except StopIteration:
            self._end(None)
            raise
        except BaseException as error:
            self._end(error)
            raise

    def close(self) -> None:
        """Close the stream, whether or not it was exhausted."""
        self._end(None)

    __del__ = close

    def _end(self, error: BaseException | None) -> None:
        ctx, self._ctx = self._ctx, None
        if ctx is not None and self._started:
            self._run(self._close_source, ctx, error)

    def _close_source(self, ctx: RequestContext, error: BaseException | None) -> None:
        close = getattr(self._source, "close", None)
        try:
            if close is not None:
                close()
        except BaseException as raised:
            error = raised
            raise
        finally:
            ctx.end_stream(error, self._own)
            del error  # its traceback holds this frame


def make_response(*args: t.Any) -> Response:
    """Convert a view's return value into a response object, for example to add headers.

    :param args: one value, as a view returns it; several values are treated as a tuple; without
        a value the response is empty.

    >>> from flask import Flask, make_response
    >>> with Flask("shop").test_request_context():
    ...     make_response("No tea.", 418)
    <Response 7 bytes [418 I'M A TEAPOT]>
    """
    if not args:
        return current_app.response_class()
    return current_app.make_response(args[0] if len(args) == 1 else t.cast(t.Any, args))


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: t.Any,
) -> str:
    """Return the URL of an endpoint; see :meth:`.Flask.url_for`.

    >>> from flask import Flask, url_for
    >>> app = Flask("shop")
    >>> app.add_url_rule("/books/<int:number>", "book")
    >>> with app.test_request_context():
    ...     url_for("book", number=7, page=2)
    '/books/7?page=2'
    """
    # PERF: what the method does in the end, if it is the built-in one, of the current application.
    # A proxy takes four calls to say what it is of; in a test, it may be something else.
    ctx = _cv_app.get(None)
    app: t.Any = current_app
    if ctx is not None and app is _CURRENT_APP:
        app = ctx.app
        if _anchor is None and _method is None and _scheme is None and _external is None:
            program = app._revision.program
            if program is not None and not program.replaced.url_for:
                url = build_here(app, endpoint, values)
                if url is not None:
                    return url
    url = app.url_for(
        endpoint,
        _anchor=_anchor,
        _method=_method,
        _scheme=_scheme,
        _external=_external,
        **values,
    )
    return t.cast(str, url)


def redirect(
    location: str, code: int = 302, Response: type[BaseResponse] | None = None
) -> BaseResponse:
    """Return a response that sends the client to another URL; see :meth:`.Flask.redirect`.

    >>> redirect("/books", code=303).headers["Location"]
    '/books'
    """
    app = _current_app()
    if app is not None:
        return app.redirect(location, code=code)
    return _wz_redirect(location, code=code, Response=Response)


def abort(code: int | BaseResponse, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
    """Raise the exception for a status code, or for a response; see ``Flask.aborter``.

    :raises LookupError: if there is no exception for the code.

    >>> abort(404, "There is no such book.")
    Traceback (most recent call last):
    werkzeug.exceptions.NotFound: 404 Not Found: There is no such book.
    """
    app = _current_app()
    if app is not None:
        app.aborter(code, *args, **kwargs)
    _wz_abort(code, *args, **kwargs)


def get_template_attribute(template_name: str, attribute: str) -> t.Any:
    """Return a macro or variable that a template exports, for use from Python.

    >>> from flask import Flask
    >>> from jinja2 import DictLoader
    >>> app = Flask("shop")
    >>> source = "{% macro label(text) %}<b>{{ text }}</b>{% endmacro %}"
    >>> app.jinja_loader = DictLoader({"forms.html": source})
    >>> with app.app_context():
    ...     get_template_attribute("forms.html", "label")("Title")
    Markup('<b>Title</b>')
    """
    return getattr(current_app.jinja_env.get_template(template_name).module, attribute)


def flash(message: str, category: str = "message") -> None:
    """Store a message in the session for the next page to show.

    :param category: kind of message, such as ``error`` or ``info``; templates can filter by it.

    >>> from flask import Flask, flash, get_flashed_messages
    >>> app = Flask("shop")
    >>> app.secret_key = "change me"
    >>> with app.test_request_context():
    ...     flash("Saved.", "info")
    ...     get_flashed_messages(with_categories=True)
    [('info', 'Saved.')]
    """
    # Set anew, since a session may not notice that a list inside it has grown.
    session["_flashes"] = [*session.get("_flashes", ()), (category, message)]
    if message_flashed.receivers:
        app = t.cast("Flask", _current_app())
        message_flashed.send(
            app, category=category, message=message, _async_wrapper=app.ensure_sync
        )


@t.overload
def get_flashed_messages(
    with_categories: t.Literal[False] = ..., category_filter: t.Iterable[str] = ...
) -> list[str]: ...


@t.overload
def get_flashed_messages(
    with_categories: t.Literal[True], category_filter: t.Iterable[str] = ...
) -> list[tuple[str, str]]: ...


@t.overload
def get_flashed_messages(
    with_categories: bool, category_filter: t.Iterable[str] = ...
) -> list[str] | list[tuple[str, str]]: ...


def get_flashed_messages(
    with_categories: bool = False, category_filter: t.Iterable[str] = ()
) -> list[str] | list[tuple[str, str]]:
    """Remove the flashed messages from the session and return them.

    Further calls in the same request return the same messages.

    :param with_categories: return ``(category, message)`` pairs instead of messages.
    :param category_filter: only messages of these categories.

    >>> from flask import Flask
    >>> with Flask("shop").test_request_context():
    ...     get_flashed_messages()
    []
    """
    taken = request_ctx.flashes
    if taken is None:
        taken = request_ctx.flashes = session.pop("_flashes") if "_flashes" in session else []
    wanted = [pair for pair in taken if not category_filter or pair[0] in category_filter]
    return wanted if with_categories else [message for _, message in wanted]


def _prepare_send_file_kwargs(**kwargs: t.Any) -> dict[str, t.Any]:
    """Complete the arguments of Werkzeug's functions with the application's settings."""
    environ = request.environ
    app = current_app
    if kwargs.get("max_age") is None:
        kwargs["max_age"] = app.get_send_file_max_age
    kwargs.update(
        environ=environ,
        use_x_sendfile=app.config["USE_X_SENDFILE"],
        response_class=app.response_class,
        _root_path=app.root_path,
    )
    return kwargs


def send_file(
    path_or_file: os.PathLike[t.AnyStr] | str | t.IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: int | t.Callable[[str | None], int | None] | None = None,
) -> Response:
    """Return a response with a file's content. Never pass a path from user input.

    :param path_or_file: a path, relative to the application's root path, or a binary file
        object at the position to send from.
    :param mimetype: guessed from the name if not given.
    :param as_attachment: make browsers save the file instead of showing it.
    :param download_name: the file name that browsers use for saving.
    :param conditional: support conditional and range requests (:rfc:`9110`).
    :param etag: compute an ETag, or use this one.
    :param last_modified: seconds since the epoch or a datetime; by default the file's own.
    :param max_age: seconds that clients may cache the file, or a function of the path that
        returns them.

    >>> import io
    >>> from flask import Flask, send_file
    >>> with Flask("shop").test_request_context():
    ...     response = send_file(io.BytesIO(b"a,b"), "text/csv", download_name="books.csv")
    >>> response.headers["Content-Disposition"]
    'inline; filename=books.csv'
    """
    response = werkzeug.utils.send_file(
        **_prepare_send_file_kwargs(
            etag=etag,
            max_age=max_age,
            mimetype=mimetype,
            conditional=conditional,
            path_or_file=path_or_file,
            download_name=download_name,
            last_modified=last_modified,
            as_attachment=as_attachment,
        )
    )
    if isinstance(path_or_file, (str, os.PathLike)):
        close_when_dropped(getattr(response, "response", None))
    return t.cast(Response, response)


_CURRENT_APP = current_app


_REQUEST = request
_REQUEST_INIT = Request.__init__


def _environ() -> WSGIEnvironment:
    """Return the environment of the current request."""
    # PERF: without making a request object, if there is none and nobody could tell.
    context = _cv_request.get(None)
    if (
        context is not None
        and request is _REQUEST
        and context._request is None
        and "environ" in context.__dict__
        and context.app.request_class is Request
        and Request.__init__ is _REQUEST_INIT
    ):
        return context.environ
    return request.environ


def send_from_directory(
    directory: os.PathLike[str] | str,
    path: os.PathLike[str] | str,
    **kwargs: t.Any,
) -> Response:
    """Return a response with a file from inside a directory. The path may come from user input.

    :param directory: relative to the application's root path.
    :param path: relative to the directory.
    :param kwargs: as for :func:`send_file`.
    :raises ~werkzeug.exceptions.NotFound: if there is no such file in the directory.
    """
    context = _cv_app.get(None)
    # PERF: a proxy takes a call for each attribute.
    app = current_app if context is None or current_app is not _CURRENT_APP else context.app
    environ = _environ()
    max_age: t.Any = kwargs.get("max_age")
    if (
        kwargs.keys() <= {"max_age"}
        and app.response_class is Response
        and answers_as_built_in()
        and not app.config["USE_X_SENDFILE"]
        and is_plain_request(environ)
    ):
        if max_age is None:
            max_age = app.get_send_file_max_age
        return file_header_cache.send(
            os.fspath(directory), os.fspath(path), max_age, environ, app.root_path
        )
    response = werkzeug.utils.send_from_directory(
        directory, path, **_prepare_send_file_kwargs(**kwargs)
    )
    close_when_dropped(getattr(response, "response", None))
    return t.cast(Response, response)


def get_root_path(import_name: str) -> str:
    """Return the folder that contains a module or package.

    If there is no file, as in an interactive session, it is the current folder.

    :raises RuntimeError: if the name is a namespace package, which has no single folder.
    """
    module = sys.modules.get(import_name)
    file: str | None = getattr(module, "__file__", None)
    if file is not None:
        return os.path.dirname(os.path.abspath(file))
    file = _find_module_file(import_name, module is not None)
    return os.getcwd() if file is None else os.path.dirname(os.path.abspath(file))


def _find_module_file(import_name: str, imported: bool) -> str | None:
    try:
        spec = importlib.util.find_spec(import_name)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.loader is None:
        return None
    get_filename = getattr(spec.loader, "get_filename", None)
    file = None
    if get_filename is not None:
        file = get_filename(import_name)
    elif not imported:
        __import__(import_name)
        file = getattr(sys.modules[import_name], "__file__", None)
    if file is None:
        raise RuntimeError(
            f"No root path can be found for the module {import_name!r}: it has no file, as is"
            " the case of a namespace package. Pass 'root_path'."
        )
    return t.cast(str, file)
