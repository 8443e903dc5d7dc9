"""The compile step between an application's two lives: from what it declared to how it serves."""

from __future__ import annotations

import threading
import typing as t
import weakref

from werkzeug.exceptions import HTTPException

from ..helpers import is_async
from ..http.headers import full_content_type
from ..json.provider import DefaultJSONProvider
from ..routing.building import Build, compile_builder
from ..routing.table import RoutingTable
from ..routing.table import is_watched as is_watched_map
from ..routing.tree import Leaf
from ..sansio.registries import is_watched
from ..sessions import is_standard
from ..signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)
from ..wrappers import (
    Request,
    Response,
    blueprint_chain,
    emits_as_built_in,
)
from .overrides import REGISTRIES, STEPS, contexts_are_standard, is_built_in
from .plan import Hooks, Plan

if t.TYPE_CHECKING:
    from ..app import Flask

LIFECYCLE_SIGNALS = (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)

_MAX_HOSTS = 1024


class Compiled:
    """What one generation of an application's declarations was compiled to."""

    direct: bool
    """Whether requests may take the direct way: every step is built in, nobody listens to the
    signals around it, and every registry tells when it is written to.
    """

    door: t.Callable[..., t.Any]
    """Takes the application, environ and ``start_response``, as :meth:`.Flask.wsgi_app` does."""

    builds_urls: bool
    """Whether paths may be built without a URL adapter: nothing adds values to them."""

    paths: dict[str, Build | None]
    """What builds the paths, by endpoint, as far as it was compiled; ``None``: Werkzeug alone."""

    table: RoutingTable

    text_type: tuple[str, str] | None
    """The content type header of text, if responses are plain :class:`flask.Response` objects."""

    json_body: t.Callable[[t.Any], bytes] | None
    """Makes the body of a JSON response, if the provider is one that only has this to do."""

    lazy_session: bool
    """Whether the session may be opened when it is asked for."""

    lazy_request: bool
    """Whether the request may be made when it is asked for."""

    teardown_appcontext: Hooks
    """In the order that they are called in."""

    def __init__(self, app: Flask, base: type, table: RoutingTable) -> None:
        self.table = table
        self.paths = {}
        self.hosts: set[str] = set()
        self.sync = is_built_in(app, base, "ensure_sync")
        self.direct = (
            all(is_built_in(app, base, name) for name in STEPS)
            and all(is_watched(getattr(app, name)) for name in REGISTRIES - {"url_map"})
            and is_watched_map(app.url_map)
            and not app.subdomain_matching
            and not app.url_map.host_matching
            and not any(signal.receivers for signal in LIFECYCLE_SIGNALS)
            and contexts_are_standard()
        )
        self.builds_urls = (
            is_built_in(app, base, "create_url_adapter")
            and is_built_in(app, base, "inject_url_defaults")
            and is_watched(app.url_default_functions)
            and not any(app.url_default_functions.values())
            and is_watched_map(app.url_map)
            and not app.subdomain_matching
            and not app.url_map.host_matching
        )
        self.any_host = app.request_class.trusted_hosts is None
        self.text_type = _text_type(app)
        self.json_body = _json_body(app)
        self.lazy_session = is_standard(app.session_interface)
        self.lazy_request = app.request_class.__init__ is Request.__init__
        self.teardown_appcontext = self._callables(app, reversed(app.teardown_appcontext_funcs))
        self.plans: dict[str | None, Plan] = {}
        self.unmatched = self.plan(app, None)

    def plan(self, app: Flask, endpoint: str | None) -> Plan:
        """Return the plan of an endpoint; ``None`` is for requests that no rule matched."""
        plan = self.plans.get(endpoint)
        if plan is None:
            plan = self.plans[endpoint] = self._compile_plan(app, endpoint)
        return plan

    def plan_of(self, app: Flask, leaf: Leaf) -> Plan:
        """Return the plan of a rule's endpoint, and keep it with the rule."""
        plan = leaf.plan = self.plan(app, leaf.rule.endpoint)
        return plan

    def add_builder(self, app: Flask, endpoint: str) -> bool:
        """Compile what builds the endpoint's paths, unless that was done; return whether it was."""
        if not self.builds_urls or endpoint in self.paths:
            return False
        if endpoint not in app.view_functions:
            return False  # perhaps a name from a request, of which nothing may be kept
        self.paths[endpoint] = compile_builder(app.url_map, endpoint)
        return True

    def accepts_host(self, app: Flask, environ: dict[str, t.Any]) -> bool:
        """Whether a request for this host can be matched without asking what the host is."""
        host = environ.get("HTTP_HOST")
        if host is None or not self.any_host or app.config["TRUSTED_HOSTS"] is not None:
            return False
        if "xn--" in host.lower():
            return False  # an encoded domain, to be checked
        if "HTTP_UPGRADE" in environ or environ["wsgi.url_scheme"] not in {"http", "https"}:
            return False  # perhaps a web socket, for which there are other rules
        try:
            app.url_map.bind_to_environ(environ, subdomain=app.url_map.default_subdomain)
        except HTTPException:
            return False
        if len(self.hosts) < _MAX_HOSTS:
            self.hosts.add(host)
        return True

    def _compile_plan(self, app: Flask, endpoint: str | None) -> Plan:
        plan = Plan()
        plan.compiled = self
        plan.endpoint = endpoint
        chain = blueprint_chain(endpoint.rpartition(".")[0]) if endpoint and "." in endpoint else []
        inwards = (None, *reversed(chain))
        outwards = (*chain, None)
        view = None if endpoint is None else app.view_functions.get(endpoint)
        plan.view = None if view is None else self._callable(app, view)
        plan.preprocessors = tuple(
            f for name in inwards for f in app.url_value_preprocessors.get(name, ())
        )
        plan.before = self._callables(
            app, (f for name in inwards for f in app.before_request_funcs.get(name, ()))
        )
        plan.after = self._callables(
            app, (f for name in outwards for f in reversed(app.after_request_funcs.get(name, ())))
        )
        plan.teardown = self._callables(
            app,
            (f for name in outwards for f in reversed(app.teardown_request_funcs.get(name, ()))),
        )
        plan.bare = plan.view is not None and not (plan.preprocessors or plan.before)
        return plan

    def _callables(self, app: Flask, functions: t.Iterable[t.Any]) -> Hooks:
        return tuple(self._callable(app, function) for function in functions)

    def _callable(self, app: Flask, function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        """The function itself if calling it is all there is to it, or else with ``ensure_sync``."""
        if self.sync and not is_async(function):
            return function

        this = weakref.ref(app)

        def call_sync(*args: t.Any, **kwargs: t.Any) -> t.Any:
            return t.cast("Flask", this()).ensure_sync(function)(*args, **kwargs)

        return call_sync


def _text_type(app: Flask) -> tuple[str, str] | None:
    if app.response_class is not Response or not emits_as_built_in():
        return None
    mimetype = Response.default_mimetype
    return None if mimetype is None else ("Content-Type", full_content_type(mimetype))


def _json_body(app: Flask) -> t.Callable[[t.Any], bytes] | None:
    provider = app.json
    if not isinstance(provider, DefaultJSONProvider) or "response" in vars(provider):
        return None
    if type(provider).response is not DefaultJSONProvider.response:
        return None
    return provider.body


_lock = threading.Lock()


def compile_app(app: Flask, base: type, open_door: t.Callable[..., t.Any]) -> Compiled:
    """Return what the application serves by, compiled anew if it has changed."""
    generation = app._generation
    with _lock:
        compiled = generation.compiled
        while compiled is None:
            object.__setattr__(app, "_got_first_request", True)
            number = generation.number
            compiled = Compiled(app, base, _current_table(app))
            compiled.door = open_door(app, compiled)
            # Something may have been declared in the meantime, by another thread.
            if number == generation.number:
                paths = compiled.paths
                own = is_built_in(app, base, "url_for")
                generation.hold(compiled, paths, paths if own else {})
            else:
                compiled = None
    return t.cast(Compiled, compiled)


def _current_table(app: Flask) -> RoutingTable:
    """The routing table, made anew only if the map has changed."""
    url_map = app.url_map
    version = getattr(url_map, "version", None)
    kept = app.__dict__.get("_routing")
    if kept is not None and version is not None and kept[:2] == (url_map, version):
        return t.cast(RoutingTable, kept[2])
    table = RoutingTable(url_map)
    vars(app)["_routing"] = (url_map, version, table)
    return table
