"""Odd things that programs do after, or around, their first requests."""

from __future__ import annotations

import copy
import mimetypes
import pickle

import werkzeug.test
from werkzeug.routing import BaseConverter

import flask
from flask import current_app, g, request, session

from ..harness import Lab, family, scenario


def serving(lab: Lab, **options):
    app = lab.app(**options)
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/user/<name>", "user", lambda name: f"user {name}")
    app.add_url_rule("/plain", "plain", lambda **kw: f"plain {kw}")
    app.add_url_rule("/url", "url", lambda: flask.url_for("plain"))
    return app


KEYS = {
    "integer": 12345,
    "bytes": b"k",
    "text": "k",
    "zero": 0,
    "list": ["a"],
    "float": 1.5,
    "none": None,
}


@family(**KEYS)
def kinds_of_secret_key(lab: Lab, key):
    lab.freeze()
    app = serving(lab)
    app.secret_key = key
    app.add_url_rule("/read", "read", lambda: repr(session.get("n")))
    app.add_url_rule("/write", "write", lambda: repr(session.setdefault("n", 1)))
    client = app.test_client()
    return [lab.hit(client, path) for path in ("/read", "/write", "/read", "/write")], lab.hit(
        app, "/read", cookie="session=e30.x.y"
    )


@family("integer", "list", "none")
def kinds_of_fallback(lab: Lab, kind):
    app = serving(lab, SECRET_KEY="k")
    app.config["SECRET_KEY_FALLBACKS"] = {"integer": [1], "list": ["old"], "none": None}[kind]
    app.add_url_rule("/write", "write", lambda: repr(session.setdefault("n", 1)))
    return lab.hit(app.test_client(), "/write")


@scenario
def a_type_added_after_a_file_was_sent(lab: Lab):
    app = serving(lab)
    lab.file("static/a.own", "x")
    before = lab.hit(app, "/static/a.own")
    mimetypes.add_type("application/x-own", ".own")
    lab.exit.callback(mimetypes._db.types_map[True].pop, ".own", None)
    return before["headers"], lab.hit(app, "/static/a.own")["headers"]


@scenario
def a_guess_that_is_patched(lab: Lab):
    app = serving(lab)
    lab.file("static/a.txt", "x")
    before = lab.hit(app, "/static/a.txt")
    lab.patch(mimetypes, "guess_type", lambda name, *a, **k: ("application/x-own", None))
    return before["headers"], lab.hit(app, "/static/a.txt")["headers"]


@scenario
def a_view_that_leaves_a_context(lab: Lab):
    app = serving(lab)
    other = lab.app("shop.other")
    app.add_url_rule("/leave", "leave", lambda: (other.app_context().push(), "left")[1])
    app.teardown_appcontext(lambda error: lab.say("down", current_app.name))
    seen = [lab.raises(lab.hit, app, "/leave"), lab.state()]
    while flask.has_app_context():
        flask.globals.app_ctx.pop()
    return [*seen, lab.brief(app, "/")]


@scenario
def a_view_that_leaves_its_own_context(lab: Lab):
    app = serving(lab)
    app.add_url_rule("/leave", "leave", lambda: (app.app_context().push(), "left")[1])
    seen = [lab.raises(lab.hit, app, "/leave"), lab.state()]
    while flask.has_app_context():
        flask.globals.app_ctx.pop()
    return [*seen, lab.brief(app, "/")]


PROXIES = {"current_app": current_app, "g": g, "request": request, "session": session}


@family(**PROXIES)
def copies_of_a_proxy(lab: Lab, proxy):
    app = serving(lab, SECRET_KEY="k")
    outside = [
        lab.raises(lambda: type(pickle.loads(pickle.dumps(proxy))).__name__),
        lab.raises(lambda: type(copy.copy(proxy)).__name__),
        lab.raises(lambda: type(copy.deepcopy(proxy)).__name__),
    ]
    with app.test_request_context():
        inside = [
            lab.raises(lambda: type(copy.copy(proxy)).__name__),
            lab.raises(lambda: bool(pickle.dumps(proxy))) if proxy is session else None,
        ]
    return outside, inside


@family(200, 900, 2000, 100_000)
def deeply_nested_json(lab: Lab, depth):
    app = serving(lab)
    app.add_url_rule("/read", "read", lambda: str(len(request.get_json())), methods=["POST"])
    data = "[" * depth + "]" * depth
    return lab.brief(app, "POST /read", data=data, content_type="application/json")


def rule_of(app, endpoint):
    return next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)


CHANGES = {
    "methods": lambda app: rule_of(app, "plain").methods.add("PUT"),
    "methods_replaced": lambda app: setattr(rule_of(app, "plain"), "methods", {"PATCH"}),
    "methods_none": lambda app: setattr(rule_of(app, "plain"), "methods", None),
    "methods_discarded": lambda app: rule_of(app, "plain").methods.discard("GET"),
    "endpoint": lambda app: setattr(rule_of(app, "plain"), "endpoint", "index"),
    "endpoint_unknown": lambda app: setattr(rule_of(app, "plain"), "endpoint", "unknown"),
    "defaults": lambda app: setattr(rule_of(app, "plain"), "defaults", {"a": 1}),
    "defaults_of_user": lambda app: setattr(rule_of(app, "user"), "defaults", {"name": "d"}),
    "options": lambda app: setattr(rule_of(app, "plain"), "provide_automatic_options", False),
    "strict_slashes": lambda app: setattr(rule_of(app, "plain"), "strict_slashes", False),
    "view": lambda app: app.view_functions.__setitem__("plain", lambda **kw: "late view"),
}


def closing(lab: Lab):
    class Closing(flask.Request):
        def close(self):
            lab.say("close", self.path)
            super().close()

    return Closing


@family("subclass", "patch", "instance")
def blueprints_overridden(lab: Lab, way):
    app = serving(lab)
    bp = flask.Blueprint("bp", __name__)
    bp.before_request(lambda: lab.say("bp before"))
    bp.after_request(lambda response: (lab.say("bp after"), response)[1])
    bp.teardown_request(lambda error: lab.say("bp teardown"))
    bp.register_error_handler(404, lambda error: ("bp 404", 404))
    bp.url_value_preprocessor(lambda endpoint, values: lab.say("bp values"))
    app.register_blueprint(bp)
    own = property(lambda self: ["bp"])
    lab.say(lab.brief(app, "/"))
    if way == "subclass":
        app.request_class = type("Own", (flask.Request,), {"blueprints": own})
    elif way == "patch":
        lab.patch(flask.Request, "blueprints", own)
    else:
        app.before_request(lambda: lab.say(request.blueprints))
        app.request_class = type("Own", (flask.Request,), {"blueprint": "bp"})
    return lab.hits(app, "/", "/plain", "/none")


@family(**CHANGES)
def rule_changed_after_a_request(lab: Lab, change):
    app = serving(lab)
    app.add_url_rule("/url_user", "url_user", lambda: flask.url_for("user", name="abc"))
    paths = ("/plain", "PUT /plain", "PATCH /plain", "OPTIONS /plain", "/user/abc", "/url")
    before = lab.briefs(app, *paths, "/url_user")
    change(app)
    seen = {path: lab.hit(app, path) for path in paths}
    return (
        before,
        {p: s.get("status", s.get("raised")) for p, s in seen.items()},
        lab.briefs(app, "/plain", "/user/abc", "/url", "/url_user"),
    )


@family("options", "get", "Post", "oPtIoNs", "head", "GET ", "")
def method_in_other_letters(lab: Lab, method):
    app = serving(lab)
    app.add_url_rule("/post", "post", lambda: request.method, methods=["POST"])
    environ = werkzeug.test.create_environ("/plain")
    environ["REQUEST_METHOD"] = method
    other = dict(environ, PATH_INFO="/post")
    return [lab.wsgi(app, dict(environ)), lab.wsgi(app, other)]


@family("/", "/plain", "/none", "/stream", "/empty", "/json")
def next_of_the_response(lab: Lab, path):
    app = serving(lab)
    app.add_url_rule("/stream", "stream", lambda: iter(["a", "b"]))
    app.add_url_rule("/empty", "empty", lambda: "")
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    environ = werkzeug.test.create_environ(path)
    iterable = app(environ, lambda status, headers, exc_info=None: lambda data: None)
    first = lab.raises(lambda: next(iterable))
    rest = lab.raises(lambda: list(iterable))
    return [first, rest, iter(iterable) is iterable]


@family("/", "/plain", "/none", "/json")
def closing_the_response(lab: Lab, path):
    app = serving(lab)
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    environ = werkzeug.test.create_environ(path, method="HEAD")
    iterable = app(environ, lambda status, headers, exc_info=None: lambda data: None)
    return [len(list(iterable)), callable(getattr(iterable, "__next__", None))]


@scenario
def after_request_functions_are_a_list(lab: Lab):
    app = serving(lab)

    @app.before_request
    def before():
        functions = flask.globals.request_ctx._after_request_functions
        lab.say(type(functions).__name__, len(functions))
        functions.append(lambda response: (lab.say("appended"), response)[1])

    return lab.hits(app, "/", "/none")


@family("/", "/plain", "/none", "/touch", "/fail")
def request_close_overridden(lab: Lab, path):
    app = serving(lab)
    app.request_class = closing(lab)
    app.add_url_rule("/touch", "touch", lambda: request.path)
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    return [lab.brief(app, path), lab.brief(app, path, method="POST", data={"a": "1"})]


CONVERTER_CHANGES = {
    "to_url": lambda converter: setattr(converter, "to_url", lambda value: "late"),
    "to_python": lambda converter: setattr(converter, "to_python", lambda text: "late"),
    "class": lambda converter: setattr(converter, "__class__", Shouting),
}


class Shouting(BaseConverter):
    def to_python(self, value):
        return value.upper()

    def to_url(self, value):
        return value.upper()


class Plain(BaseConverter):
    pass


class Spelled(BaseConverter):
    def to_python(self, value):
        return value[::-1]

    def to_url(self, value):
        return value[::-1]


def change_converters(lab: Lab, kind, change):
    app = lab.app()
    app.url_map.converters.update(plain=Plain, spelled=Spelled)
    rule = f"/<{kind}:value>" if kind else "/<value>"
    app.add_url_rule(rule, "view", lambda value: f"{value} {flask.url_for('view', value=value)}")
    app.add_url_rule("/other", "other", lambda: flask.url_for("view", value="other"))
    before = [lab.brief(app, path) for path in ("/word", "/other") * 2]
    for each in app.url_map.iter_rules("view"):
        CONVERTER_CHANGES[change](each._converters["value"])
    return [*before, *[lab.brief(app, path) for path in ("/word", "/other") * 2]]


@family(*CONVERTER_CHANGES)
def built_in_converter_object_changed(lab: Lab, change):
    return change_converters(lab, "", change)


@family(*CONVERTER_CHANGES)
def converter_object_of_an_own_class_changed(lab: Lab, change):
    return change_converters(lab, "spelled", change)


@family(*CONVERTER_CHANGES)
def converter_object_of_a_class_without_methods_changed(lab: Lab, change):
    return change_converters(lab, "plain", change)


@scenario
def setup_after_a_session_that_failed_to_open(lab: Lab):
    app = serving(lab)
    works = app.session_interface

    class Failing(type(works)):
        def open_session(self, app, request):
            raise LookupError("no session")

    app.session_interface = Failing()
    lab.raises(lab.hit, app, "/")
    lab.say(app._got_first_request)
    lab.say(lab.raises(lambda: app.add_url_rule("/late", "late", lambda: "late")))
    app.session_interface = works
    lab.say(lab.brief(app, "/late"), app._got_first_request)
    return lab.raises(lambda: app.add_url_rule("/later", "later", lambda: "later"))
