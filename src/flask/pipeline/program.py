"""The request program: an application's declarations, compiled for serving."""

from __future__ import annotations

import sys
import threading
import typing as t
import weakref
from operator import attrgetter

from werkzeug.routing import IntegerConverter, MapAdapter, UnicodeConverter

from ..ctx import AppContext, RequestContext
from ..helpers import is_async
from ..http.headers import full_content_type
from ..http.pristine import IS_UNCHANGED
from ..json.provider import DefaultJSONProvider, is_json_body_all
from ..routing.building import Build, compile_builder
from ..routing.map import Map
from ..routing.table import RoutingTable
from ..routing.tree import converters_as_built_in
from ..sansio.app import App
from ..sansio.registries import observe
from ..sessions import SESSION_CLASSES, is_standard, make_touch, opens_lazily
from ..wrappers import (
    Request,
    Response,
    blueprint_chain,
    responds_as_built_in,
)
from .invalidation import NO_REVISION, ClassGuard, ClassWatch, Revision, freeze
from .plan import HOOKS, HookKind, Hooks, Plan
from .replaced import REGISTRIES, STEPS, Replaced

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask

_MAX_HOSTS = 1024
_NO_SUBDOMAIN = "<invalid>"
"""Werkzeug's subdomain for a host outside ``SERVER_NAME``, of which it warns each time."""

_REQUEST_NAMES = ("__init__", "blueprint", "blueprints", "close", "endpoint", "trusted_hosts")
_CONTEXT_NAMES = ("__init__", "match_request", "pop", "push")
_SETTING_NAMES = ("json", "request_class", "response_class", "session_interface")

# As they are before anyone replaces them.
_REQUEST = {name: getattr(Request, name) for name in _REQUEST_NAMES}
_CONTEXTS = {
    cls: {name: getattr(cls, name, None) for name in _CONTEXT_NAMES}
    for cls in (AppContext, RequestContext)
}

EMPTY_CLASSES: list[type] = [*SESSION_CLASSES, AppContext, Request, RequestContext]
"""Public classes that keep their methods in a base class; see :class:`.ClassGuard`.

:class:`flask.Flask` is added when it is defined.
"""

_EMPTY_SIZES: dict[type, int] = {cls: len(vars(cls)) for cls in EMPTY_CLASSES}

CLASSES = ClassWatch(
    *(App, AppContext, RequestContext, Request, SESSION_CLASSES[-1]),
    *(DefaultJSONProvider, UnicodeConverter, IntegerConverter),
)
"""Watches the empty classes, the provider and the converters that most applications use, and what
all of them are based on.
"""

_STEPS_OF_APP = attrgetter(*(name for name in STEPS if hasattr(App, name)))


def note_empty_class(cls: type) -> None:
    """Record the names in a class's own namespace before users can add to them."""
    EMPTY_CLASSES.append(cls)
    _EMPTY_SIZES[cls] = len(vars(cls))
    CLASSES.watch(cls)


def _patched_classes() -> list[type]:
    return [cls for cls, size in _EMPTY_SIZES.items() if len(vars(cls)) != size]


Door = t.Callable[..., t.Any]
Bind = t.Callable[["Flask", t.Callable[..., t.Any]], t.Callable[..., t.Any]]


class RequestProgram:
    """The result of compiling one revision of an application's declarations.

    :param built_in: the application class whose methods are the built-in steps.
    """

    door: Door
    """WSGI handler of requests, called with application, environ and ``start_response``."""

    url_builders: dict[str, Build | None]
    """Builders of paths by endpoint, filled on demand; ``None`` if only Werkzeug builds."""

    matches_by_table: bool
    """True if rules can be found without a URL adapter."""

    has_standard_contexts: bool
    """True if the built-in methods push and pop contexts."""

    is_inlined: bool
    """True if the entry point can match requests and push their contexts itself."""

    is_plain: bool
    """True if the entry point alone can handle a request without hooks."""

    lazy_request: bool
    """True if the request object can be created on first use."""

    lazy_session: bool
    """True if the session can be opened on first use."""

    has_standard_session: bool
    """True if the session interface is the built-in one."""

    touch_session: t.Callable[[Flask], None] | None
    """Function to call for a session that was not used, or ``None``."""

    names_blueprints: bool
    """True if the blueprints of a request follow from its endpoint alone."""

    session_waits: bool
    """True if a session without use and cookie needs no work."""

    response_class: t.Any
    """Class of the responses; ``None`` if it may differ each time."""

    text_type: tuple[str, str] | None
    """Content type header of text, if responses behave like :class:`flask.Response`."""

    json_body: t.Callable[[t.Any], bytes] | None
    """Encoder of JSON bodies, if the provider needs nothing else."""

    teardown_appcontext: Hooks
    """``teardown_appcontext`` functions in the order of their calls."""

    replaced_class = Replaced

    def __init__(
        self, app: Flask, built_in: type, revision: Revision, bind: Bind | None = None
    ) -> None:
        self.revision = revision
        # Before anything is read: what is written to while this is compiled is noticed after.
        self.generation = CLASSES.look()
        self._classes_size = CLASSES.size()
        self._steps_of_app = _STEPS_OF_APP(App)
        self._has_built_in_converters = converters_as_built_in()
        self.flask_namespace = vars(built_in)
        self.flask_size = len(self.flask_namespace)
        self.mro = type(app).__mro__
        self.plans: dict[tuple[str | None, tuple[str, ...]], Plan] = {}
        self.by_endpoint: dict[str | None, Plan] = {}
        self.url_builders = {}
        self._bind = bind
        self._polled: list[tuple[t.Any, t.Any]] = []
        self._mros: list[tuple[type, tuple[type, ...]]] = []
        self._sizes: list[tuple[t.Mapping[str, t.Any], int]] = []
        self._readers: list[tuple[ClassGuard, type]] = []
        # Guards first: what is written to a class while it is being read is noticed by them.
        guard: ClassGuard | None = None
        if type(app) is not built_in:
            guard = ClassGuard(type(app), (*STEPS, *_SETTING_NAMES), {built_in})
        for cls in _patched_classes():
            self._watch_class(cls, list(vars(cls)))
        self.replaced = replaced = self.replaced_class(app, built_in)
        self._observe(app)
        self._compile_classes(app)
        self._compile_urls(app)
        self.teardown_appcontext = self._callables(
            app, reversed(list(app.teardown_appcontext_funcs))
        )
        self.is_inlined = (
            self.matches_by_table and self.names_blueprints and not replaced.app_context
        )
        self.session_waits = self.lazy_session and self.touch_session is None
        self.answers_plainly = (
            self.lazy_session
            and self.text_type is not None
            and not (replaced.make_response or replaced.finalize_request)
            and not (replaced.process_response or replaced.full_dispatch_request)
        )
        self.ends_plainly = not (
            self.teardown_appcontext
            or replaced.do_teardown_appcontext
            or replaced.do_teardown_request
        )
        self.is_plain = (
            self.is_inlined
            and self.answers_plainly
            and self.ends_plainly
            and self.lazy_request
            and self.touch_session is None
            and not replaced.any()
        )
        if guard is not None:
            # A replaced step is called by its name, so it may be replaced again.
            guard.forget({name for name in STEPS if getattr(replaced, name)})
            self._rely_on(guard, type(app))
        self.needs_check = bool(self._polled or self._mros or self._readers)

    # What it depends on

    def _observe(self, app: Flask) -> None:
        own = vars(app)
        for name in REGISTRIES:
            registry = getattr(app, name)
            if not observe(registry, self.revision):
                self._polled.append((registry, freeze(registry)))
        if isinstance(app.url_map, Map):
            app.url_map._observe(self.revision)
        if type(app).__setattr__ is not _app_setattr(app):
            # A class that handles assignments itself may not tell of them.
            names = [n for n in (*REGISTRIES, *_SETTING_NAMES, *STEPS, "url_map") if n in own]
            self._polled.append((own, _Attributes(own, names)))

    def _watch_class(
        self, cls: type, names: t.Iterable[str], empty: t.Container[type] = ()
    ) -> None:
        """Depend on a class as it is now, unless it is built in: all programs check those."""
        if cls not in empty or cls not in _EMPTY_SIZES:
            self._rely_on(ClassGuard(cls, names, empty), cls)

    def _rely_on(self, guard: ClassGuard, cls: type) -> None:
        self._mros.append((cls, guard.mro))
        self._sizes += guard.sizes
        if guard.reads_values:
            self._readers.append((guard, cls))

    def holds(self, app: Flask) -> bool:
        """Return whether everything that can't notify is unchanged: classes, plain containers."""
        return type(app).__mro__ is self.mro and self.classes_hold() and self.unobserved_hold()

    def classes_hold(self) -> bool:
        """Return whether the built-in classes are unchanged: contexts, requests, sessions."""
        is_unchanged = CLASSES.canary.__flags__ & IS_UNCHANGED
        if is_unchanged and CLASSES.generation == self.generation:
            return True
        generation = CLASSES.look()
        request_class = self.request_class
        json_body: t.Any = self.json_body
        if (
            CLASSES.size() != self._classes_size
            or _STEPS_OF_APP(App) != self._steps_of_app
            or converters_as_built_in() != self._has_built_in_converters
            or (json_body is not None and not is_json_body_all(json_body.__self__))
            or (request_class is not None and request_class.trusted_hosts != self._trusted_hosts)
        ):
            return False
        self.generation = generation
        return True

    def unobserved_hold(self) -> bool:
        """Return the result of :meth:`holds`, given that the built-in classes are unchanged."""
        # PERF: asked at every request to an application with a subclass of its own.
        for cls, mro in self._mros:
            if cls.__mro__ is not mro:
                return False
        for namespace, size in self._sizes:
            if len(namespace) != size:
                return False
        for guard, cls in self._readers:
            if not guard.holds(cls):
                return False
        # PERF: a generator expression for 'all' is made even where there is nothing to go over.
        return not self._polled or all(container == before for container, before in self._polled)

    # What it does

    def _compile_classes(self, app: Flask) -> None:
        request_class: t.Any = static_setting(app, "request_class")
        if request_class is not None:
            self._watch_class(request_class, _REQUEST_NAMES, {Request})
        self.request_class: t.Any = request_class
        self._trusted_hosts = getattr(request_class, "trusted_hosts", None)
        same = {
            name: request_class is not None and getattr(request_class, name) is _REQUEST[name]
            for name in _REQUEST_NAMES
        }
        self.lazy_request = same["__init__"] and same["close"]
        self.names_blueprints = same["blueprint"] and same["blueprints"] and same["endpoint"]
        self.has_standard_contexts = all(
            getattr(cls, name, None) is value
            for cls, known in _CONTEXTS.items()
            for name, value in known.items()
        )
        self._compile_session(static_setting(app, "session_interface"))
        self._compile_responses(app, static_setting(app, "response_class"))

    def _compile_session(self, interface: t.Any) -> None:
        self.lazy_session = self.has_standard_session = False
        self.touch_session = None
        if interface is None or not opens_lazily(interface):
            return
        interface._observe(self.revision)
        self._watch_class(type(interface), (), SESSION_CLASSES)
        if opens_lazily(interface):  # still: what changes from here on is noticed
            self.lazy_session = True
            self.has_standard_session = is_standard(interface)
            self.touch_session = make_touch(interface)

    def _compile_responses(self, app: Flask, response_class: t.Any) -> None:
        self.response_class = response_class
        self.text_type = self.json_body = None
        if response_class is None:
            return
        if response_class is not Response:
            self._watch_class(response_class, ("default_mimetype",), (Response,))
        if not responds_as_built_in(response_class):
            return
        mimetype = response_class.default_mimetype
        self.text_type = ("Content-Type", full_content_type(mimetype)) if mimetype else None
        self.json_body = _json_body(app)

    def _compile_urls(self, app: Flask) -> None:
        url_map = app.url_map
        replaced = self.replaced
        is_own_map = isinstance(url_map, Map)
        self.matches_by_table = (
            is_own_map
            and self._has_built_in_converters
            and not replaced.create_url_adapter
            and not replaced.request_context
            and self.has_standard_contexts
            and not (app.subdomain_matching and url_map.host_matching)
        )
        self.one_domain = not (app.subdomain_matching or url_map.host_matching)
        self.builds_urls = (
            is_own_map
            and self.one_domain
            and not replaced.create_url_adapter
            and not replaced.inject_url_defaults
            and not any(app.url_default_functions.values())
            and not self._polled
        )
        self.hosts: dict[str, dict[str, RoutingTable]] = {"http": {}, "https": {}}
        self.tables = _current_tables(app) if is_own_map else {}

    def table_of(self, url_map: t.Any, domain: str) -> RoutingTable:
        """Return the routing table of a subdomain, or of a host where rules have one."""
        table = self.tables.get(domain)
        if table is None:
            if len(self.tables) >= _MAX_HOSTS:
                self.tables.clear()
            table = self.tables[domain] = RoutingTable(url_map, domain)
        return table

    def find_table(self, app: Flask, environ: WSGIEnvironment) -> RoutingTable | None:
        """Return the table of a request's host, or ``None`` to ask Werkzeug's matcher."""
        hosts = self._known_hosts(app, environ)
        return None if hosts is None else hosts.get(environ["HTTP_HOST"])

    def learn_host(
        self, app: Flask, environ: WSGIEnvironment, adapter: MapAdapter
    ) -> RoutingTable | None:
        """Remember the domain of a request's host, and return its table."""
        hosts = self._known_hosts(app, environ)
        domain = adapter.server_name if app.url_map.host_matching else adapter.subdomain
        if hosts is None or domain is None or domain == _NO_SUBDOMAIN:
            return None
        host = environ["HTTP_HOST"]
        if "xn--" in host.lower():
            return None  # an encoded domain, to be checked
        if len(hosts) >= _MAX_HOSTS:
            hosts.clear()
        table = hosts[host] = self.table_of(app.url_map, domain)
        return table

    def learn_plain_host(self, app: Flask, environ: WSGIEnvironment) -> RoutingTable | None:
        """Return the result of :meth:`learn_host` for a host that any adapter accepts as it is, or
        ``None``: bind an adapter.
        """
        # PERF: binding takes a tenth of the time of an application's first request.
        if not self.one_domain or not _is_plain_host(environ.get("HTTP_HOST", "")):
            return None
        hosts = self._known_hosts(app, environ)
        if hosts is None:
            return None
        if len(hosts) >= _MAX_HOSTS:
            hosts.clear()
        table = self.table_of(app.url_map, app.url_map.default_subdomain or "")
        hosts[environ["HTTP_HOST"]] = table
        return table

    def _known_hosts(self, app: Flask, environ: WSGIEnvironment) -> dict[str, RoutingTable] | None:
        """Return the tables by host, or ``None`` if matching depends on more than the host."""
        request_class = self.request_class
        if (
            not self.matches_by_table
            or "HTTP_UPGRADE" in environ  # perhaps a web socket, for which there are other rules
            or "HTTP_HOST" not in environ
            or app.config["TRUSTED_HOSTS"] is not None
            or request_class is None
            or request_class.trusted_hosts is not None
        ):
            return None
        return self.hosts.get(environ["wsgi.url_scheme"])

    def plan(self, app: Flask, endpoint: str | None) -> Plan:
        """Return the plan of an endpoint; ``None`` is for requests that no rule matched."""
        plan = self.by_endpoint.get(endpoint)
        if plan is None:
            names: tuple[str, ...] = ()
            if endpoint and "." in endpoint:
                names = tuple(blueprint_chain(endpoint.rpartition(".")[0]))
            plan = self.by_endpoint[endpoint] = self.plan_for(app, endpoint, names)
        return plan

    def plan_for(self, app: Flask, endpoint: str | None, blueprints: tuple[str, ...]) -> Plan:
        """Return the plan of an endpoint with the hooks and handlers of these blueprints."""
        plan = self.plans.get((endpoint, blueprints))
        if plan is None:
            plan = self._compile_plan(app, endpoint, blueprints)
            if len(self.plans) >= _MAX_PLANS:
                self.plans.clear()
            self.plans[endpoint, blueprints] = plan
        return plan

    def add_builder(self, app: Flask, endpoint: str) -> bool:
        """Compile the builder of the endpoint's paths if needed; return whether there is one.

        Unknown endpoints are not stored, because they may come from requests.
        """
        if not self.builds_urls or endpoint in self.url_builders:
            return False
        if endpoint not in app.url_map._rules_by_endpoint:
            return False
        build = compile_builder(app.url_map, endpoint)
        if build is not None and "STATIC_HASHED" in app.config:
            from ..http.hashed_files import HashedBuilder, static_folder_of

            if static_folder_of(app, endpoint) is not None:
                build = HashedBuilder(app, endpoint, build)
        self.url_builders[endpoint] = build
        return True

    def bind(self, app: Flask, function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        """Return the callable for a function of the application: the function itself, or the result
        of ``ensure_sync``.
        """
        if self._bind is not None:
            return self._bind(app, function)
        if not self.replaced.ensure_sync and not is_async(function):
            return function
        this = weakref.ref(app)

        def call_sync(*args: t.Any, **kwargs: t.Any) -> t.Any:
            return t.cast("Flask", this()).ensure_sync(function)(*args, **kwargs)

        return call_sync

    def _compile_plan(self, app: Flask, endpoint: str | None, blueprints: tuple[str, ...]) -> Plan:
        plan = Plan()
        plan.program = self
        # A plan of no revision is never taken for granted.
        plan.revision = self.revision if self.names_blueprints else NO_REVISION
        plan.endpoint = endpoint
        plan.blueprints = blueprints
        plan.handlers = {}
        view = None if endpoint is None else app.view_functions.get(endpoint)
        plan.view = None if view is None else self.bind(app, view)
        runs = dict.fromkeys(("before", "after", "end"), False)
        for name, kind in HOOKS.items():
            functions = self._hooks(app, kind, blueprints)
            setattr(plan, name, functions)
            runs[kind.when] |= bool(functions)
        plan.has_no_pre_hooks = not runs["before"]
        replaced = self.replaced
        plan.is_direct = (
            plan.view is not None
            and plan.has_no_pre_hooks
            and not (replaced.preprocess_request or replaced.dispatch_request)
            and not replaced.full_dispatch_request
        )
        plan.has_plain_answer = self.answers_plainly and not runs["after"]
        plan.has_plain_end = self.ends_plainly and not runs["end"]
        plan.is_plain = (
            self.is_plain and plan.is_direct and plan.has_plain_answer and plan.has_plain_end
        )
        return plan

    def _hooks(self, app: Flask, kind: HookKind, blueprints: tuple[str, ...]) -> Hooks:
        """Return the functions of one kind for requests of these blueprints, in their order."""
        registry = getattr(app, kind.registry)
        inwards = (None, *reversed(blueprints))
        functions = [f for name in inwards for f in list(registry.get(name, ()))]
        if kind.when != "before":
            functions.reverse()
        return self._callables(app, functions) if kind.may_be_async else tuple(functions)

    def _callables(self, app: Flask, functions: t.Iterable[t.Any]) -> Hooks:
        return tuple(self.bind(app, function) for function in functions)


_MAX_PLANS = 10_000


def _is_plain_host(host: str) -> bool:
    """Return whether a host consists of short labels of letters, digits and hyphens."""
    name, colon, port = host.partition(":")
    return (
        host.isascii()
        and len(name) < 64
        and all(map(str.isalnum, name.replace("-", "0").split(".")))
        and "xn--" not in name.lower()
        and port.isdecimal() == bool(colon)
    )


class _Attributes:
    """A snapshot of some attributes in a namespace."""

    def __init__(self, namespace: dict[str, t.Any], names: list[str]) -> None:
        self.values = {name: namespace[name] for name in names}

    def __eq__(self, namespace: object) -> bool:
        now = t.cast("dict[str, t.Any]", namespace)
        return all(now.get(name, self) is value for name, value in self.values.items()) and not any(
            name in now and name not in self.values for name in (*STEPS, *_SETTING_NAMES)
        )

    __hash__ = None  # type: ignore[assignment]


def _app_setattr(app: t.Any) -> t.Any:
    """Return the class's ``__setattr__`` that notifies of assignments."""
    for cls in type(app).__mro__:
        if "watched_names" in vars(cls) and "__setattr__" in vars(cls):
            return vars(cls)["__setattr__"]
    return None


def static_setting(app: t.Any, name: str) -> t.Any:
    """Return an attribute of the application, or ``None`` if it may change with each access.

    Properties are not read here, because they may need a current request.
    """
    for cls in type(app).__mro__:
        if name in vars(cls):
            kind = type(vars(cls)[name])
            if hasattr(kind, "__get__") and not getattr(kind, "is_made_once", False):
                return None
            break
    return getattr(app, name)


def _json_body(app: Flask) -> t.Callable[[t.Any], bytes] | None:
    provider = static_setting(app, "json")
    return provider.body if is_json_body_all(provider) else None


def _current_tables(app: Flask) -> dict[str, RoutingTable]:
    """Return the routing tables by domain, rebuilt only if the map has changed."""
    url_map = app.url_map
    version = getattr(url_map, "version", None)
    kept = app.__dict__.get("_routing_tables")
    if kept is not None and kept[0] is url_map and kept[1] == version:
        return t.cast("dict[str, RoutingTable]", kept[2])
    tables: dict[str, RoutingTable] = {}
    vars(app)["_routing_tables"] = (url_map, version, tables)
    return tables


_lock = threading.RLock()

_MOST_TRIES = 8


def compile_program(app: Flask, built_in: type, open_door: Door) -> RequestProgram:
    """Return the application's program, compiled again if it has changed.

    :param open_door: the handler of the first request to a new program.
    """
    params = sys.modules.get("flask.params")  # which a view with declared parameters imports
    if params is not None:
        params.compile_views(app.view_functions)
    with _lock:
        revision = app._revision
        if "_revision" not in vars(app):
            revision = vars(app)["_revision"] = Revision()
        program: RequestProgram | None = None
        for _ in range(_MOST_TRIES):
            number = revision.number
            program = revision.program
            if program is not None and program.holds(app):
                return program
            program = RequestProgram(app, built_in, revision)
            program.door = open_door
            # Something may have been declared in the meantime, by another thread.
            if revision.publish(number, program):
                break
    return t.cast(RequestProgram, program)
