"""What a program may override: the classes, their members, and how each is put to use."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """A member, and what an override may do beside calling the one below it.

    ``change`` is an expression of ``result``; ``replace`` one of the arguments.
    """

    name: str
    change: str = ""
    replace: str = ""
    kind: str = "method"
    quiet: bool = False
    """Don't note each call: how often it is asked is nobody's business."""


@dataclass(frozen=True)
class Target:
    base: str
    """The class that is overridden, as an expression."""

    use: str = ""
    """The statement that has ``app`` use the class ``{cls}``."""

    instance: str = ""
    """The expression of the object in use."""

    early: bool = False
    """Whether the class must be in use before anything is registered."""

    parts: tuple[Part, ...] = field(default=())


def method(name: str, change: str = "", replace: str = "", quiet: bool = False) -> Part:
    return Part(name, change, replace, quiet=quiet)


def attribute(name: str, change: str) -> Part:
    return Part(name, change, kind="property", quiet=True)


def value(name: str, expression: str) -> Part:
    return Part(name, expression, kind="value")


HEADER = "(result.headers.__setitem__('X-{name}', '1'), result)[1]"

APP = Target(
    "flask.Flask",
    use="app.__class__ = {cls}",
    instance="app",
    parts=(
        method("__call__", "[b'<', *result, b'>']"),
        method("wsgi_app", "[b'<', *result, b'>']"),
        method("full_dispatch_request", HEADER),
        method("dispatch_request", "'changed'", "'replaced'"),
        method("preprocess_request", "result", "'early'"),
        method("make_response", HEADER, "self.response_class('made')"),
        method("process_response", HEADER),
        method("finalize_request", HEADER),
        method("handle_user_exception", "result", "('handled', 400)"),
        method("handle_http_exception", "result", "('http', 400)"),
        method("handle_exception", "result", "self.response_class('oops', 500)"),
        method("log_exception", "result", "None"),
        method("do_teardown_request"),
        method("do_teardown_appcontext"),
        method("ensure_sync"),
        method("async_to_sync"),
        method("create_url_adapter"),
        method("inject_url_defaults", "(args[1].setdefault('q', 'd'), None)[1]"),
        method("url_for", "result + '#own'", "'/replaced'"),
        method("update_template_context", "(args[0].update(name='own'), None)[1]"),
        method("raise_routing_exception"),
        method("make_default_options_response", HEADER),
        method("trap_http_exception", "True", "True"),
        method("should_ignore_error", "True"),
        method("request_context"),
        method("app_context"),
        method("select_jinja_autoescape", quiet=True),
        method("get_send_file_max_age", "77", "78"),
        method("send_static_file", HEADER),
        method("redirect", HEADER),
        method("create_jinja_environment"),
        method("_find_error_handler", quiet=True),
    ),
)
REQUEST = Target(
    "flask.Request",
    use="app.request_class = {cls}",
    instance="flask.request._get_current_object()",
    parts=(
        method("__init__"),
        method("get_json", "{'own': result}", "{'r': 1}"),
        method("on_json_loading_failed", "result", "{'failed': True}"),
        method("get_data", "result"),
        method("close"),
        method("_load_form_data"),
        method("make_form_data_parser"),
        method("_get_file_stream"),
        attribute("full_path", "result + '!'"),
        attribute("url", "result + '!'"),
        attribute("endpoint", "result"),
        attribute("blueprint", "'bp'"),
        attribute("blueprints", "['bp']"),
        attribute("is_json", "True"),
        attribute("mimetype", "result"),
        attribute("max_content_length", "3"),
        attribute("max_form_parts", "1"),
        attribute("cookies", "result"),
        attribute("want_form_data_parsed", "False"),
        value("trusted_hosts", "['other.example']"),
        value("dict_storage_class", "werkzeug.datastructures.MultiDict"),
        value("parameter_storage_class", "werkzeug.datastructures.MultiDict"),
        value("json_module", "json"),
        value("routing_exception", "None"),
    ),
)
RESPONSE = Target(
    "flask.Response",
    use="app.response_class = {cls}",
    instance="response",
    parts=(
        method("__init__"),
        Part("force_type", HEADER, kind="classmethod"),
        method("set_data"),
        method("get_data", "result", quiet=True),
        method("iter_encoded", "(piece.upper() for piece in result)"),
        method("get_wsgi_headers", "(result.__setitem__('X-W', '1'), result)[1]"),
        method("get_app_iter", "[b'(', *result, b')']", "[b'own']"),
        method("get_wsgi_response", "(result[0], '299 OWN', result[2])"),
        method("__call__", "[b'<', *result, b'>']"),
        method("close"),
        method("set_cookie"),
        method("delete_cookie"),
        method("calculate_content_length"),
        method("make_conditional"),
        attribute("is_streamed", "True"),
        attribute("is_sequence", "False"),
        attribute("max_cookie_size", "10"),
        value("default_mimetype", "'text/x-own'"),
        value("default_status", "298"),
        value("autocorrect_location_header", "True"),
        value("automatically_set_content_length", "False"),
    ),
)
BLUEPRINT = Target(
    "flask.Blueprint",
    early=True,
    parts=(
        method("register"),
        method("make_setup_state"),
        method("add_url_rule"),
        method("before_request"),
        method("register_error_handler"),
        method("register_blueprint"),
    ),
)
SESSIONS = Target(
    "flask.sessions.SecureCookieSessionInterface",
    use="app.session_interface = {cls}()",
    instance="app.session_interface",
    parts=(
        method("open_session", "(result.setdefault('own', 1), result)[1]", "self.session_class()"),
        method("save_session"),
        method("get_signing_serializer", "result", "None"),
        method("make_null_session"),
        method("is_null_session", "result", "True"),
        method("get_cookie_name", "'own'", quiet=True),
        method("get_cookie_domain", "'own.example'", quiet=True),
        method("get_cookie_path", "'/own'", quiet=True),
        method("get_cookie_httponly", "False", quiet=True),
        method("get_cookie_secure", "True", quiet=True),
        method("get_cookie_samesite", "'Lax'", quiet=True),
        method("get_cookie_partitioned", "False", quiet=True),
        method("get_expiration_time", "result", quiet=True),
        method("should_set_cookie", "False", "True"),
        value("salt", "'own'"),
        value("key_derivation", "'concat'"),
        value("pickle_based", "True"),
        value("digest_method", "staticmethod(hashlib.sha256)"),
        value("session_class", "type('Own', (flask.sessions.SecureCookieSession,), dict())"),
    ),
)
JSON = Target(
    "flask.json.provider.DefaultJSONProvider",
    use="app.json = {cls}(app)",
    instance="app.json",
    parts=(
        method("dumps", "result.upper()", "'\"own\"'", quiet=True),
        method("loads", "{'own': result}", "['own']", quiet=True),
        method("response", HEADER),
        method("_prepare_response_obj", "[result]"),
        value("mimetype", "'application/x-own'"),
        value("compact", "False"),
        value("sort_keys", "False"),
        value("ensure_ascii", "False"),
        value("default", "staticmethod(lambda o: 'own')"),
    ),
)
ENVIRONMENT = Target(
    "flask.templating.Environment",
    use="app.jinja_environment = {cls}",
    instance="app.jinja_env",
    early=True,
    parts=(
        method("getattr", "'own'"),
        method("getitem", "'own'"),
        method("get_template"),
        method("from_string"),
        method("make_globals", "result"),
        method("join_path"),
        method("get_or_select_template"),
        value("context_class", "type('Own', (jinja2.runtime.Context,), dict())"),
    ),
)
INTEGER = Target(
    "werkzeug.routing.IntegerConverter",
    use="app.url_map.converters['int'] = {cls}",
    early=True,
    parts=(
        method("to_python", "-result", "5"),
        method("to_url", "result + '0'", "'9'"),
        value("regex", "'[0-7]+'"),
    ),
)
WORD = Target(
    "werkzeug.routing.UnicodeConverter",
    use="app.url_map.converters['default'] = {cls}",
    early=True,
    parts=(
        method("to_python", "result.upper()", "'own'"),
        method("to_url", "result.lower() + '0'", "'own'"),
    ),
)
ERROR = Target(
    "werkzeug.exceptions.HTTPException",
    parts=(
        method("get_response"),
        method("get_body", "result + '!'", "'own'"),
        method("get_headers", "[*result, ('X-E', '1')]"),
        method("get_description", "result", "'own'"),
        method("__call__", "[*result, b'!']"),
    ),
)
CONTEXT = Target(
    "flask.ctx.RequestContext",
    parts=(method("push"), method("pop"), method("match_request"), method("__init__")),
)
APP_CONTEXT = Target(
    "flask.ctx.AppContext", parts=(method("push"), method("pop"), method("__init__"))
)
PLAIN_RESPONSE = Target("werkzeug.wrappers.Response", parts=RESPONSE.parts)

TARGETS = {
    "App": APP,
    "Request": REQUEST,
    "Response": RESPONSE,
    "Blueprint": BLUEPRINT,
    "Sessions": SESSIONS,
    "Json": JSON,
    "Environment": ENVIRONMENT,
    "Integer": INTEGER,
    "Word": WORD,
    "HttpError": ERROR,
    "Context": CONTEXT,
    "AppContext": APP_CONTEXT,
    "PlainResponse": PLAIN_RESPONSE,
}
