"""``Request`` and ``Response``: Werkzeug's classes with attributes computed on first use."""

from __future__ import annotations

import io
import typing as t
from types import GeneratorType

from werkzeug.datastructures import (
    Authorization,
    EnvironHeaders,
    ImmutableMultiDict,
    MultiDict,
)
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.sansio.http import parse_cookie
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as RequestBase
from werkzeug.wrappers import Response as ResponseBase
from werkzeug.wsgi import ClosingIterator

from . import json
from .diagnostics.explanations import attach_enctype_error_multidict
from .doors.scope import environ_of
from .globals import _cv_app, current_app
from .http.emission import (
    METHODS_THAT_SEND,
    fast_wsgi_parts,
    makes_as_built_in,
    sends_as_built_in,
)
from .http.forms import MULTIPART, boundary_of, load_form, parse_query
from .http.headers import Headers, full_content_type, make_headers
from .http.pristine import Unpatched
from .http.streams import AT_ONCE, AsyncBody, BodyStream, plain_length
from .pipeline.invalidation import keep_methods_in_base

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.routing import Rule

    from .config import Config

T = t.TypeVar("T")


class lazy_attribute(t.Generic[T]):
    """Attribute that is computed on first access and is an ordinary attribute afterwards."""

    # PERF: werkzeug's and functools' cached_property go through the instance's __dict__, which
    # makes CPython build it; setattr keeps attributes where the interpreter reads them fastest.

    def __init__(self, compute: t.Callable[[t.Any], T]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @t.overload
    def __get__(self, instance: None, owner: type) -> lazy_attribute[T]: ...

    @t.overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> lazy_attribute[T] | T:
        if instance is None:
            return self
        value = self.compute(instance)
        setattr(instance, self.name, value)
        return value


def decode_wsgi(value: str) -> str:
    """Decode a WSGI string (:pep:`3333`: bytes as Latin-1) as UTF-8."""
    return value if value.isascii() else value.encode("latin1").decode(errors="replace")


def current_config() -> Config | None:
    """Return the current application's configuration, or ``None``."""
    if current_app is _CURRENT_APP:  # PERF: a proxy takes four calls to say what it is of
        context = _cv_app.get(None)
        return None if context is None else context.app.config
    return current_app.config if current_app else None  # in a test, something else


_CURRENT_APP = current_app


@keep_methods_in_base
class Request(RequestBase):
    """The request that an application handles, with the result of routing.

    Attributes are computed from :attr:`environ` on first use.

    >>> from flask import Flask, request
    >>> with Flask("shop").test_request_context("/books?page=2", json={"title": "Emma"}):
    ...     request.method, request.path, request.args.get("page", type=int), request.json
    ('GET', '/books', 2, {'title': 'Emma'})
    """

    _was_parsed = False
    _read_ahead = 0
    """Number of bytes of the body that were read before the stream was created."""

    _max_form_parts: int | None = None
    _max_form_memory_size: int | None = None
    _max_content_length: int | None = None

    routing_exception: HTTPException | None = None
    """Routing error if no rule matched; raised in place of the view."""

    view_args: dict[str, t.Any] | None = None
    """URL variables by name, or ``None`` if no rule matched."""

    url_rule: Rule | None = None
    """The rule that matched, or ``None`` if none did."""

    json_module: t.Any = json

    _scope: t.Any = None
    """The ASGI scope, of a request whose environ is not made yet; see :func:`request_of_scope`."""

    _body = b""
    """The whole body of such a request."""

    _has_json = False
    """True if that body has a JSON content type."""

    def __init__(
        self,
        environ: WSGIEnvironment,
        populate_request: bool = True,
        shallow: bool = False,
    ) -> None:
        # PERF: the base class computes nine attributes here, most of which most views never
        # ask for. They are derived below, by the same rules.
        self.environ = environ
        self.shallow = shallow
        if populate_request and not shallow:
            environ["werkzeug.request"] = self

    # Typed as plain attributes, as the base class declares them.
    if not t.TYPE_CHECKING:

        @lazy_attribute
        def environ(self) -> WSGIEnvironment:
            if self._scope is None:
                raise AttributeError("'environ' is set by '__init__', which was not called.")
            environ = environ_with_body(self._scope, self._body)
            environ["wsgi.input"].read(self._read_ahead)
            environ["werkzeug.request"] = self
            return environ

        @lazy_attribute
        def method(self) -> str:
            return self.environ.get("REQUEST_METHOD", "GET").upper()

        @lazy_attribute
        def scheme(self) -> str:
            return self.environ.get("wsgi.url_scheme", "http")

        @lazy_attribute
        def server(self) -> tuple[str, int | None] | None:
            name = self.environ.get("SERVER_NAME")
            if not name:
                return None
            try:
                return name, int(self.environ.get("SERVER_PORT"))
            except (TypeError, ValueError):
                return name, None

        @lazy_attribute
        def root_path(self) -> str:
            return decode_wsgi(self.environ.get("SCRIPT_NAME") or "").rstrip("/")

        @lazy_attribute
        def path(self) -> str:
            return "/" + decode_wsgi(self.environ.get("PATH_INFO") or "").lstrip("/")

        @lazy_attribute
        def query_string(self) -> bytes:
            return self.environ.get("QUERY_STRING", "").encode("latin1")

        @lazy_attribute
        def headers(self) -> EnvironHeaders:
            return EnvironHeaders(self.environ)

        @cached_property
        def stream(self) -> t.IO[bytes]:
            environ = self.environ
            # PERF: the base class parses the length twice, by way of all headers.
            length = self._known_length()
            if length is not None:
                return BodyStream(environ["wsgi.input"], length, self._read_ahead)
            stream = RequestBase.stream.fget(self)
            length = self.content_length
            if length is None or "wsgi.input_terminated" not in environ:
                return stream
            # The input of such a server ends where the client went away, too. Reading less than
            # was announced is an error, as with other servers.
            return BodyStream(stream, length)

        @lazy_attribute
        def remote_addr(self) -> str | None:
            return self.environ.get("REMOTE_ADDR")

    @property
    def max_content_length(self) -> int | None:
        """Maximum length of the body in bytes, or ``None`` for no limit.

        By default ``MAX_CONTENT_LENGTH``. Reading a larger body raises
        :exc:`~werkzeug.exceptions.RequestEntityTooLarge`.
        """
        if self._max_content_length is not None:
            return self._max_content_length
        config = current_config()
        if config is None:
            return super().max_content_length
        limit: int | None = config["MAX_CONTENT_LENGTH"]
        return limit

    # The base class has a plain attribute, which a property stands in for.
    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:  # pyright: ignore
        self._max_content_length = value

    @property
    def max_form_memory_size(self) -> int | None:
        """Maximum size in bytes of a non-file field in a multipart form.

        By default ``MAX_FORM_MEMORY_SIZE``.
        """
        if self._max_form_memory_size is not None:
            return self._max_form_memory_size
        config = current_config()
        if config is None:
            return super().max_form_memory_size
        limit: int | None = config["MAX_FORM_MEMORY_SIZE"]
        return limit

    @max_form_memory_size.setter
    def max_form_memory_size(self, value: int | None) -> None:  # pyright: ignore
        self._max_form_memory_size = value

    @property  # type: ignore[override]
    def max_form_parts(self) -> int | None:
        """Maximum number of fields and files in a multipart form.

        By default ``MAX_FORM_PARTS``.
        """
        if self._max_form_parts is not None:
            return self._max_form_parts
        config = current_config()
        if config is None:
            return super().max_form_parts
        limit: int | None = config["MAX_FORM_PARTS"]
        return limit

    @max_form_parts.setter
    def max_form_parts(self, value: int | None) -> None:
        self._max_form_parts = value

    @property
    def endpoint(self) -> str | None:
        """The endpoint of the rule that matched, or ``None``."""
        rule = self.url_rule
        endpoint: str | None = None if rule is None else rule.endpoint
        return endpoint

    @property
    def blueprint(self) -> str | None:
        """The registered name of the blueprint that the endpoint belongs to, or ``None``."""
        endpoint = self.endpoint
        return None if endpoint is None else endpoint.rpartition(".")[0] or None

    @property
    def blueprints(self) -> list[str]:
        """Registered names of the endpoint's blueprint and of its parents, innermost
        first.
        """
        name = self.blueprint
        return [] if name is None else blueprint_chain(name)

    if not t.TYPE_CHECKING:

        @cached_property
        def args(self) -> MultiDict[str, str]:
            """Query parameters by name."""
            # PERF: as for cookies, below; most queries have nothing to unquote, either.
            if self.parameter_storage_class is ImmutableMultiDict:
                try:
                    return parse_query(self.query_string.decode())
                except UnicodeDecodeError:
                    pass  # for the base class to tell of
            return super().args

        @cached_property
        def cookies(self) -> ImmutableMultiDict[str, str]:
            """Cookies sent by the client."""
            # PERF: the base class goes over all headers for those named Cookie; and a
            # multidict finds out what it is made from.
            kind = self.dict_storage_class
            if kind is not ImmutableMultiDict:
                return parse_cookie(self.environ.get("HTTP_COOKIE"), kind)
            cookies = ImmutableMultiDict.__new__(ImmutableMultiDict)
            for name, value in parse_cookie(self.environ.get("HTTP_COOKIE"), list):
                dict.setdefault(cookies, name, []).append(value)
            return cookies

    def _known_length(self) -> int | None:
        """Return the body's length if it is declared, within the limit, and readable here."""
        length = plain_length(self.environ)
        if length is not None and not self.shallow:
            most = self.max_content_length
            if most is None or length <= most:
                return length
        return None

    if not t.TYPE_CHECKING:  # the base class says what is returned for which arguments

        def get_data(
            self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
        ) -> t.Any:
            """Return the body, as bytes or as text; see Werkzeug's documentation.

            :raises ~werkzeug.exceptions.RequestEntityTooLarge: if it is longer than allowed.
            :raises ~werkzeug.exceptions.ClientDisconnected: if the client disconnects early.
            """
            # PERF: most bodies are small and read once, as a whole, for which no stream is made.
            own = self.__dict__
            if cache and not parse_form_data and "_cached_data" not in own and "stream" not in own:
                length = self._known_length()
                if (
                    length is not None
                    and 0 < length <= AT_ONCE
                    and type(self).stream is Request.stream
                ):
                    self._cached_data = self._read_small(length)
            return super().get_data(cache, as_text, parse_form_data)

        def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> t.Any:
            """Return the body parsed as JSON; see Werkzeug's documentation.

            :raises ~werkzeug.exceptions.UnsupportedMediaType: for another content type.
            :raises ~werkzeug.exceptions.BadRequest: if it is not JSON.
            """
            # PERF: most bodies have the very content type, are small and read once. Whatever
            # goes wrong goes wrong again below.
            if (
                cache
                and not force
                and self._cached_json is _NO_JSON
                and type(self) is Request
                and reads_json_as_built_in()
                and _READS_OTHERWISE.isdisjoint(self.__dict__)
            ):
                data = self._take_json()
                if data is not None:
                    self._cached_data = data
                    try:
                        value = self.json_module.loads(data)
                    except ValueError:
                        pass
                    else:
                        self._cached_json = value, value
                        return value
            return super().get_json(force, silent, cache)

    def _take_json(self) -> bytes | None:
        """Return the body if it is small and has a JSON content type."""
        if self._scope is not None and "environ" not in self.__dict__:
            most = self.max_content_length
            if not self._has_json or (most is not None and len(self._body) > most):
                return None
            self._read_ahead = len(self._body)
            return self._body
        if self.environ.get("CONTENT_TYPE") != "application/json":
            return None
        length = self._known_length()
        if length is None or not 0 < length <= AT_ONCE:
            return None
        return self._read_small(length)

    def _read_small(self, length: int) -> bytes:
        try:
            data: bytes = self.environ["wsgi.input"].read(length)
        except (OSError, ValueError) as error:
            t.cast(BodyStream, self.stream).on_disconnect(error=error)
            raise
        self._read_ahead = len(data)
        return data if len(data) == length else data + self.stream.read()

    def _parse_content_type(self) -> None:
        # PERF: most bodies have one of these types, to the letter.
        if "_parsed_content_type" in self.__dict__:
            return
        content_type = self.environ.get("CONTENT_TYPE", "")
        mimetype = _BARE_MIMETYPES.get(content_type)
        if mimetype is not None:
            self._parsed_content_type = (mimetype, {})
        elif (boundary := boundary_of(content_type)) is not None:
            self._parsed_content_type = (MULTIPART, {"boundary": boundary})
        else:
            super()._parse_content_type()

    @cached_property
    def authorization(self) -> Authorization | None:
        """The parsed ``Authorization`` header; ``None`` if it is missing or malformed."""
        try:
            return super().authorization
        except ValueError:  # credentials that are not UTF-8
            return None

    def close(self) -> None:
        """Close the uploaded files."""
        # PERF: most requests never had any; the base class looks for them.
        if self._was_parsed and self.__dict__.get("files"):
            super().close()

    def _load_form_data(self) -> None:
        self._was_parsed = True
        has_own_stream = type(self).stream is not Request.stream
        if "form" not in self.__dict__ and (has_own_stream or not load_form(self)):
            super()._load_form_data()
        if (
            current_app
            and current_app.debug
            and self.mimetype != "multipart/form-data"
            and not self.files
        ):
            attach_enctype_error_multidict(self)

    def on_json_loading_failed(self, e: ValueError | None) -> t.Any:
        """Handle a body that is not JSON, for :meth:`get_json`.

        :raises BadRequest: with the parser's message only in debug mode, as it may quote data.
        :raises UnsupportedMediaType: if the content type is not JSON's.
        """
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as detailed:
            if current_app and current_app.debug:
                raise
            raise BadRequest() from detailed


_NO_JSON = RequestBase._cached_json
_READS_OTHERWISE = frozenset({"_cached_data", "_parsed_content_type", "get_data", "stream"})
"""Attributes of a request whose body was asked for, or is read in a way of somebody's own."""

_READERS = {
    name: getattr(Request, name)
    for name in (
        *("_known_length", "_parse_content_type", "_read_small", "_take_json", "content_length"),
        *("get_data", "is_json", "max_content_length", "mimetype", "stream"),
    )
}


def _is_json_read_as_built_in() -> bool:
    return all(getattr(Request, name, None) is value for name, value in _READERS.items())


reads_json_as_built_in = Unpatched(_is_json_read_as_built_in, Request).holds
"""Returns whether nobody has replaced how :class:`Request` reads JSON."""


def environ_with_body(scope: t.Any, body: bytes) -> WSGIEnvironment:
    """Return the environ of an ASGI request whose body is there."""
    environ = environ_of(scope)
    if body:
        environ["wsgi.input"] = io.BytesIO(body)
        environ["wsgi.input_terminated"] = True
    return environ


def request_of_scope(scope: t.Any, body: bytes, has_json: bool) -> Request:
    """Return a request whose environ is made when somebody asks for it.

    :param has_json: whether the content type is exactly ``application/json``.
    """
    request: Request = Request.__new__(Request)
    request.shallow = False
    request._scope = scope
    if body:
        request._body, request._has_json = body, has_json
    return request


_BARE_MIMETYPES = {
    mimetype: mimetype for mimetype in ("", "application/json", "application/x-www-form-urlencoded")
}


def blueprint_chain(name: str) -> list[str]:
    """Return the names of a blueprint and its parents: ``a.b`` gives ``["a.b", "a"]``."""
    chain = [name]
    while "." in name:
        name = name.rpartition(".")[0]
        chain.append(name)
    return chain


_split_blueprint_path = blueprint_chain

_HTML_TYPE = ("Content-Type", full_content_type("text/html"))

_STATUS_LINES: dict[int, str] = {
    code: f"{code} {phrase.upper()}" for code, phrase in HTTP_STATUS_CODES.items()
}


class Response(ResponseBase):
    """The response that an application sends, by default HTML.

    The :class:`~werkzeug.datastructures.Headers` object is created on first use; an untouched
    response is sent without one.

    >>> response = Response("a,b", status=201, mimetype="text/csv")
    >>> response.status, response.content_type
    ('201 CREATED', 'text/csv; charset=utf-8')
    """

    default_mimetype: str | None = "text/html"
    json_module = json
    autocorrect_location_header = False

    _first_headers: tuple[tuple[str, str], ...] = ()
    """Initial content of :attr:`headers`."""

    def __init__(
        self,
        response: t.Any = None,
        status: t.Any = None,
        headers: t.Any = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        # PERF: the usual response is text or bytes with a mimetype and perhaps a status. Its
        # two headers are kept as a tuple. Everything else is made by the base class.
        cls = type(self)
        kind = type(response)
        if (
            kind is str
            and cls is Response
            and headers is status is mimetype is content_type is None
            and not direct_passthrough
            and emits_as_built_in()
        ):
            body = response.encode()
            self._first_headers = _HTML_TYPE, ("Content-Length", str(len(body)))
            self.response = [body]
            self.direct_passthrough = False
            self._on_close = []
            self._status, self._status_code = "200 OK", 200
        elif headers is None and (
            emits_as_built_in() if cls is Response else _is_made_as_built_in(self, cls)
        ):
            if kind is str:
                body = response.encode()
            elif kind is bytes:
                body = response
            elif response is None or kind is GeneratorType:
                body = None
            else:
                if hasattr(response, "__aiter__"):
                    response = AsyncBody(response)
                super().__init__(
                    response, status, headers, mimetype, content_type, direct_passthrough
                )
                return
            if content_type is None:
                if mimetype is None:
                    mimetype = self.default_mimetype
                if mimetype is not None:
                    content_type = full_content_type(mimetype)
            elif not content_type.isprintable():
                raise ValueError(f"The content type {content_type!r} is no header value.")
            typed = () if content_type is None else (("Content-Type", content_type),)
            if body is None:
                self._first_headers = typed
                self.response = [] if response is None else response
            else:
                self._first_headers = (*typed, ("Content-Length", str(len(body))))
                self.response = [body]
            self.direct_passthrough = direct_passthrough
            self._on_close = []
            if status is None:
                status = self.default_status
            line = _STATUS_LINES.get(status) if type(status) is int else None
            if line is None:
                self.status = status
            else:
                self._status, self._status_code = line, status
        else:
            if hasattr(response, "__aiter__"):
                response = AsyncBody(response)
            super().__init__(response, status, headers, mimetype, content_type, direct_passthrough)

    if not t.TYPE_CHECKING:  # declared by the base class as a plain attribute

        @lazy_attribute
        def headers(self) -> Headers:
            return make_headers(self._first_headers)

    def _put_first(self, name: str, value: str) -> bool:
        """Put a good header among the first ones; ``False`` if headers were derived already, or
        if there is one like it.
        """
        # PERF: so that the headers of a session's response need not be derived.
        first = self._first_headers
        header = (name, value)
        if (
            not first
            or header in first
            or self.direct_passthrough  # a file, which may have such a header
            or "headers" in self.__dict__
            or not emits_as_built_in()
        ):
            return False
        self._first_headers = (*first, header)
        return True

    def __getstate__(self) -> dict[str, t.Any]:
        # A cache may be shared with servers that run another implementation.
        self.headers  # noqa: B018 - derived when asked for
        state = self.__dict__.copy()
        state.pop("_first_headers", None)
        return state

    def start_with(self, headers: t.Iterable[tuple[str, str]]) -> None:
        """Initialise as a successful response with an unchanged body.

        :param headers: checked before, as those of an earlier response are.
        """
        self._first_headers = tuple(headers)
        self._status, self._status_code = "200 OK", 200
        self._on_close = []
        self.direct_passthrough = True

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        """Size in bytes from which on a cookie causes a warning, because browsers may drop it.

        It is ``MAX_COOKIE_SIZE``; 0 disables the warning.
        """
        config = current_config()
        if config is None:
            return super().max_cookie_size
        size: int = config["MAX_COOKIE_SIZE"]
        return size

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> t.Iterable[bytes]:
        """Send the response by WSGI: announce status and headers, return the body's iterable."""
        cls = type(self)
        own = self.__dict__
        if METHODS_THAT_SEND.isdisjoint(own) and (
            emits_as_built_in() if cls is Response else sends_as_built_in(cls)
        ):
            # PERF: most responses are text whose headers nobody looked at.
            if (
                "headers" not in own
                and ((code := self._status_code) == 200 or code >= 400)
                and len(first := self._first_headers) > 1
                and first[1][0] == "Content-Length"
                and type(body := self.response) is list
                and len(body) == 1
                and type(body[0]) is bytes
                and not self._on_close
                and not self.direct_passthrough
                and environ["REQUEST_METHOD"] != "HEAD"
            ):
                start_response(self._status, list(first))
                return iter(body)
            ready = fast_wsgi_parts(self, environ)
            if ready is not None:
                start_response(self._status, ready[0])
                return ready[1]
        return super().__call__(environ, start_response)


def _is_made_as_built_in(response: Response, cls: type[Response]) -> bool:
    attribute: t.Any = cls.headers  # of the class, a descriptor
    return (
        response.automatically_set_content_length
        and attribute is _HEADERS
        and cls.__setattr__ is object.__setattr__
        and makes_as_built_in(cls)
    )


_CALL = Response.__call__
_INIT = Response.__init__
_HEADERS = vars(Response)["headers"]


def _is_response_as_built_in() -> bool:
    return (
        Response.__init__ is _INIT
        and Response.__call__ is _CALL
        and vars(Response)["headers"] is _HEADERS
        and Response.automatically_set_content_length is True
        and Response.default_status == 200
        and Response.default_mimetype == "text/html"
        and makes_as_built_in(Response)
        and sends_as_built_in(Response)
    )


emission = Unpatched(_is_response_as_built_in, Response, ClosingIterator)
emits_as_built_in = emission.holds
"""Returns whether nobody has replaced, on :class:`Response` or below, what makes and sends text."""


def responds_as_built_in(cls: type) -> bool:
    """Return whether a class creates and sends responses as :class:`Response` does.

    A subclass may have names of its own, and another default type of text.
    """
    if Response not in cls.__mro__ or type(cls) is not type:
        return False
    return all(
        name in _FREE_NAMES or not (hasattr(Response, name) or name.startswith("__"))
        for base in cls.__mro__[: cls.__mro__.index(Response)]
        for name in vars(base)
    )


_FREE_NAMES = {
    *("default_mimetype", "__doc__", "__module__", "__qualname__", "__annotations__"),
    *("__firstlineno__", "__static_attributes__"),
}
