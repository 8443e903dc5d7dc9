"""Sessions: data of a client that survives requests, by default in a signed cookie."""

from __future__ import annotations

import collections.abc as c
import hashlib
import re
import typing as t
from collections.abc import MutableMapping as MutableMapping
from datetime import UTC, datetime
from datetime import timezone as timezone
from functools import lru_cache

from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import CallbackDict, ImmutableMultiDict
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response as ResponseBase

from .http.pristine import Unpatched, pristine
from .http.signing import SessionSerializer
from .json.tag import TaggedJSONSerializer
from .pipeline.invalidation import Observable, keep_methods_in_base
from .wrappers import Request

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask
    from .wrappers import Response


_Cookie = tuple[str, dict[str, t.Any]]


class SessionMixin(c.MutableMapping[str, t.Any]):
    """Attributes of a session besides those of a dict."""

    @property
    def permanent(self) -> bool:
        """True to keep the session when the browser is closed; stored as ``_permanent``."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)

    accessed = False
    """True if the request used the session, so that the response varies by cookie."""

    modified = True
    """True if the session must be saved; set it after changing a mutable value inside."""

    new = False
    """True if the session was just created; not every interface sets it."""


class SecureCookieSession(  # pyright: ignore[reportIncompatibleMethodOverride]
    CallbackDict[str, t.Any], SessionMixin
):
    """A session in a signed cookie. It tracks changes to itself, not to values inside.

    >>> session = SecureCookieSession({"cart": [1]})
    >>> session["cart"].append(2)
    >>> session.modified
    False
    >>> session["user"] = "ada"
    >>> session.modified
    True
    """

    modified = False
    accessed = False

    def __init__(
        self, initial: c.Mapping[str, t.Any] | c.Iterable[tuple[str, t.Any]] | None = None
    ) -> None:
        super().__init__(initial, _mark_modified)


def _mark_modified(session: t.Any) -> None:
    session.modified = True


def _refuse_write(self: NullSession, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
    """Raise :exc:`RuntimeError`: without a secret key, nothing can be saved."""
    raise RuntimeError(
        "The session is unavailable because no secret key is known. Sessions are signed: set"
        " 'app.secret_key', or SECRET_KEY in the configuration, to a long random value that"
        " stays the same."
    )


class NullSession(SecureCookieSession):
    """Session without a secret key: it reads as empty, and writing raises an error."""

    if not t.TYPE_CHECKING:
        __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _refuse_write


@keep_methods_in_base
class SessionInterface:
    """Base of session interfaces; assign an instance to ``Flask.session_interface``.

    Implement :meth:`open_session` and :meth:`save_session`; the other methods read the
    configuration. A session is a dict with :class:`SessionMixin`.
    """

    null_session_class = NullSession
    """Class of the null session."""

    pickle_based = False
    """True if values are pickled, so that any object can be saved."""

    def make_null_session(self, app: Flask) -> NullSession:
        """Return the session to use if :meth:`open_session` returns ``None``."""
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Return whether the session is a null session, which is not saved."""
        return isinstance(obj, self.null_session_class)

    def get_cookie_name(self, app: Flask) -> str:
        """Return the cookie's name: ``SESSION_COOKIE_NAME``."""
        value: str = app.config["SESSION_COOKIE_NAME"]
        return value

    def get_cookie_domain(self, app: Flask) -> str | None:
        """Return the cookie's domain, ``SESSION_COOKIE_DOMAIN``; ``None`` for this host
        only.
        """
        value: str | None = app.config["SESSION_COOKIE_DOMAIN"]
        return value

    def get_cookie_path(self, app: Flask) -> str:
        """Return the cookie's path: ``SESSION_COOKIE_PATH``, else
        ``APPLICATION_ROOT``.
        """
        config = app.config
        value: str = config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"]
        return value

    def get_cookie_httponly(self, app: Flask) -> bool:
        """Return whether to hide the cookie from scripts: ``SESSION_COOKIE_HTTPONLY``."""
        value: bool = app.config["SESSION_COOKIE_HTTPONLY"]
        return value

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether to send the cookie by HTTPS only: ``SESSION_COOKIE_SECURE``."""
        value: bool = app.config["SESSION_COOKIE_SECURE"]
        return value

    def get_cookie_samesite(self, app: Flask) -> str | None:
        """Return the policy for requests from other sites: ``SESSION_COOKIE_SAMESITE``."""
        value: str | None = app.config["SESSION_COOKIE_SAMESITE"]
        return value

    def get_cookie_partitioned(self, app: Flask) -> bool:
        """Return whether to partition it by embedding site: ``SESSION_COOKIE_PARTITIONED``."""
        value: bool = app.config["SESSION_COOKIE_PARTITIONED"]
        return value

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """Return the expiry time in UTC, or ``None`` for the end of the browser session."""
        if not session.permanent:
            return None
        return datetime.now(UTC) + app.permanent_session_lifetime

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Return whether to set the cookie: the session changed or is refreshed."""
        if session.modified:
            return True
        return session.permanent and bool(app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """Return the request's session, an empty one, or ``None`` if sessions do not work here.

        Called before the URL is matched. It must not raise an exception for any client input.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement 'open_session'")

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the session and set its cookie on the response.

        Called at the end of each request, except with a null session.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement 'save_session'")


session_json_serializer = TaggedJSONSerializer()


def _lazy_sha1(string: bytes = b"") -> t.Any:
    # Looked up on each call, as a system in FIPS mode may have no SHA-1.
    # In an HMAC it holds; the cookie format that is shared with the original has it.
    return hashlib.sha1(string)  # nosec B324


@keep_methods_in_base
class SecureCookieSessionInterface(Observable, SessionInterface):
    """Sessions in a signed cookie, which clients can read but not change."""

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        if name != "_observers":
            self._changed()

    session_class = SecureCookieSession
    """Class of the sessions."""

    serializer = session_json_serializer
    """Serializer of the cookie's content."""

    key_derivation = "hmac"
    """Method by which itsdangerous derives the signing key from secret key and salt."""

    digest_method = staticmethod(_lazy_sha1)
    """Hash function of the signature."""

    salt = "cookie-session"
    """Salt of the key, which separates session signatures from others."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return the serializer, which signs with ``SECRET_KEY``, or ``None`` without a key.

        It also accepts signatures of ``SECRET_KEY_FALLBACKS``.
        """
        key = app.secret_key
        if not key:
            return None
        # itsdangerous signs with the last key.
        keys = (*(app.config["SECRET_KEY_FALLBACKS"] or ()), key)
        settings = (keys, self.salt, self.serializer, self.key_derivation, self.digest_method)
        kept = app.__dict__.get("_session_serializer")
        if kept is None or kept[0] != settings:
            is_sha1 = self.digest_method is _lazy_sha1
            kept = (settings, SessionSerializer(*settings, sha1=is_sha1))
            vars(app)["_session_serializer"] = kept
        value: URLSafeTimedSerializer = kept[1]
        return value

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session in the cookie, or ``None`` if there is no secret key. The session is
        empty if the cookie is missing, expired or not signed by the application.
        """
        signer = self.get_signing_serializer(app)
        if signer is None:
            return None
        value = request.cookies.get(self.get_cookie_name(app))
        return _session_of(app, self, signer, value)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if needed, or delete it if the session was emptied. Add ``Vary: Cookie``
        if the session was used.
        """
        self._save(app, session, response, self._describe_cookie(app))

    def save_where_needed(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Equal to :meth:`save_session` of an interface that replaces none of the methods."""
        # PERF: nobody can tell that the other methods were not asked about a cookie that is not
        # set, which is what most requests end with.
        if not isinstance(session, NullSession):
            self._save(app, session, response, None)

    def _save(
        self, app: Flask, session: SessionMixin, response: Response, cookie: _Cookie | None
    ) -> None:
        varies = session.accessed
        if varies:
            _vary_by_cookie(response)
        if not session:
            if session.modified:
                name, scope = cookie or self._describe_cookie(app)
                response.delete_cookie(name, **scope)
                _vary_by_cookie(response)
            return
        if not self.should_set_cookie(app, session):
            return
        signer: t.Any = self.get_signing_serializer(app)
        value = signer.dumps(dict(session))
        expires = self.get_expiration_time(app, session)
        _set_cookie(response, value, expires, cookie or self._describe_cookie(app))
        if not varies:  # PERF: to look for the header derives all headers
            _vary_by_cookie(response)

    def _describe_cookie(self, app: Flask) -> _Cookie:
        """Return the cookie's name and scope."""
        return self.get_cookie_name(app), {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "partitioned": self.get_cookie_partitioned(app),
            "samesite": self.get_cookie_samesite(app),
            "httponly": self.get_cookie_httponly(app),
        }


def _vary_by_cookie(response: Response) -> None:
    if _put_first(response, "Vary", "Cookie"):
        return
    # PERF: 'response.vary' is parsed from the header, and written back, on each use.
    vary = response.headers.get("Vary")
    if vary is None:
        response.headers["Vary"] = "Cookie"
    elif vary != "Cookie":
        response.vary.add("Cookie")


def _put_first(response: t.Any, name: str, value: str) -> bool:
    put = getattr(response, "_put_first", None)  # which Werkzeug's own response has not
    return put is not None and put(name, value)


def _set_cookie(response: Response, value: str, expires: datetime | None, cookie: _Cookie) -> None:
    name, scope = cookie
    # PERF: for the same settings, all cookies end alike. The value is one that needs no quoting.
    if (
        expires is None
        and type(response).set_cookie is _SET_COOKIE
        and "set_cookie" not in response.__dict__
    ):
        header = f"{name}={value}{cookie_attributes(name, **scope)}"
        max_size = response.max_cookie_size
        if not max_size or len(header) <= max_size:
            if not _put_first(response, "Set-Cookie", header):
                response.headers.add("Set-Cookie", header)
            return
    response.set_cookie(name, value, expires=expires, **scope)


_SET_COOKIE = pristine(ResponseBase, "set_cookie")


@lru_cache(maxsize=64)
def cookie_attributes(
    name: str,
    domain: str | None,
    path: str | None,
    secure: bool,
    partitioned: bool,
    samesite: str | None,
    httponly: bool,
) -> str:
    """Return the attributes of a cookie in Werkzeug's format."""
    empty = dump_cookie(
        name,
        "",
        domain=domain,
        path=path,
        secure=secure,
        httponly=httponly,
        samesite=samesite,
        partitioned=partitioned,
    )
    return empty.removeprefix(f"{name}=")


_READERS = {
    (cls, name): getattr(cls, name)
    for cls, names in (
        (Request, ("__init__", "cookies")),
        (
            SecureCookieSessionInterface,
            ("get_cookie_name", "get_signing_serializer", "open_session"),
        ),
    )
    for name in names
}
_reads_as_built_in = Unpatched(
    lambda: (
        Request.dict_storage_class is ImmutableMultiDict
        and all(getattr(cls, name, None) is value for (cls, name), value in _READERS.items())
    ),
    SecureCookieSessionInterface,
    Request,
)


def open_from_environ(
    app: Flask, interface: SessionInterface, environ: WSGIEnvironment
) -> SecureCookieSession | None:
    """Return what :meth:`SecureCookieSessionInterface.open_session` returns for a request with
    this environment; ``None`` means: ask it.
    """
    # PERF: half of opening a session is to make a request, and to read all of its cookies.
    if (
        type(interface) is not SecureCookieSessionInterface
        or app.request_class is not Request
        or not vars(interface).keys() <= _OBSERVERS
        or not _reads_as_built_in.holds()
    ):
        return None
    value: str | None = None
    header = environ.get("HTTP_COOKIE")
    if header:
        name = app.config.get("SESSION_COOKIE_NAME")
        # A quote may hide semicolons; of several cookies of that name, the first counts.
        if type(name) is not str or '"' in header or header.count(name) != 1:
            return None
        found = _plain_cookie(name)(header)
        if found is None:
            return None
        value = found[1]
    signer = interface.get_signing_serializer(app)
    return None if signer is None else _session_of(app, interface, signer, value)


def _session_of(
    app: Flask, interface: t.Any, signer: URLSafeTimedSerializer, value: str | None
) -> SecureCookieSession:
    """Return the session in a cookie's value."""
    session: SecureCookieSession
    if value:
        max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            session = interface.session_class(signer.loads(value, max_age=max_age))
            return session
        except BadSignature:
            pass
    session = interface.session_class()
    return session


_OBSERVERS = {"_observers"}


@lru_cache(maxsize=64)
def _plain_cookie(name: str) -> t.Callable[[str], t.Any]:
    """Return a function that finds a cookie whose value is as the session interface writes it."""
    value = rf"(?:^|; ){re.escape(name)}=([\w.-]*)(?:; |\Z)"
    is_token = re.fullmatch(r"[\w.-]+", name, re.ASCII)
    return re.compile(value if is_token else r"(?!)", re.ASCII).search


SESSION_CLASSES = (SessionInterface, SecureCookieSessionInterface)
_SIZES = [len(vars(cls)) for cls in SESSION_CLASSES]


def is_standard(interface: SessionInterface) -> bool:
    """Return whether the interface's class is :class:`SecureCookieSessionInterface` itself."""
    return type(interface) is SecureCookieSessionInterface


def opens_lazily(interface: SessionInterface) -> bool:
    """Return whether sessions can be opened on first use without an observable difference.

    This requires the methods of :class:`SecureCookieSessionInterface`, except those that describe
    the cookie. Such an interface ignores requests that don't use the session, unless the session is
    permanent.
    """
    built_in = SecureCookieSessionInterface
    cls = type(interface)
    if built_in not in cls.__mro__ or type(cls) is not type:
        return False
    if [len(vars(c)) for c in SESSION_CLASSES] != _SIZES:
        return False
    if any(name != "_observers" and hasattr(built_in, name) for name in vars(interface)):
        return False
    return all(
        name in _FREE_NAMES or not (hasattr(built_in, name) or name.startswith("__"))
        for base in cls.__mro__[: cls.__mro__.index(built_in)]
        for name in vars(base)
    )


_SCOPE_GETTERS = (
    "get_cookie_domain",
    "get_cookie_path",
    "get_cookie_secure",
    "get_cookie_partitioned",
    "get_cookie_samesite",
    "get_cookie_httponly",
)
"""Methods that describe a session's cookie, in the order of their calls."""

_FREE_NAMES = {
    *_SCOPE_GETTERS,
    *("get_expiration_time", "should_set_cookie"),
    *("__doc__", "__module__", "__qualname__", "__annotations__"),
    *("__firstlineno__", "__static_attributes__"),
}


def make_touch(interface: SessionInterface) -> t.Callable[[Flask], None] | None:
    """Return a function that saves an untouched session: it calls the getters that a subclass has
    replaced, for their side effects. ``None`` if none is replaced.
    """
    cls = type(interface)
    names = [n for n in _SCOPE_GETTERS if getattr(cls, n) is not getattr(_BUILT_IN, n)]
    if not names:
        return None

    def touch(app: Flask) -> None:
        for name in names:
            getattr(interface, name)(app)

    return touch


_BUILT_IN = SecureCookieSessionInterface
