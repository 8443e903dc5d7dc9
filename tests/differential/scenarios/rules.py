"""Rules and converters of one's own, redirects, and the map itself."""

from __future__ import annotations

from werkzeug.routing import BaseConverter, Map, RequestRedirect, Rule

import flask
from flask import Blueprint, request, url_for

from ..harness import Lab, family, scenario
from .urls import build, echo, shop


class Reversed(BaseConverter):
    regex = "[a-z]+"

    def to_python(self, value):
        return value[::-1]

    def to_url(self, value):
        return value[::-1]


class Listed(BaseConverter):
    part_isolating = False
    regex = ".*?"

    def __init__(self, map_, separator="+"):
        super().__init__(map_)
        self.separator = separator

    def to_python(self, value):
        return value.split(self.separator)

    def to_url(self, values):
        return self.separator.join(super(Listed, self).to_url(v) for v in values)


class Refusing(BaseConverter):
    def to_python(self, value):
        from werkzeug.routing import ValidationError

        if value == "bad":
            raise ValidationError
        if value == "crash":
            raise RuntimeError("converter")
        return value


class Contextual(BaseConverter):
    def to_python(self, value):
        return f"{flask.current_app.name}:{value}"

    def to_url(self, value):
        return f"{flask.current_app.name}-{value}"


@scenario
def converters_of_ones_own(lab: Lab):
    app = lab.app()
    app.url_map.converters.update(back=Reversed, list=Listed, refuse=Refusing, ctx=Contextual)
    app.add_url_rule("/back/<back:word>", "back", echo)
    app.add_url_rule("/list/<list:parts>", "list", echo)
    app.add_url_rule("/semi/<list(separator=';'):parts>", "semi", echo)
    app.add_url_rule("/refuse/<refuse:word>", "refuse", echo)
    app.add_url_rule("/refuse/<int:word>", "int", echo)
    app.add_url_rule("/ctx/<ctx:word>", "ctx", echo)
    with app.test_request_context():
        urls = [
            url_for("back", word="abc"),
            url_for("list", parts=["a", "b c"]),
            url_for("semi", parts=["x", "y"]),
            url_for("ctx", word="w"),
        ]
    return [
        urls,
        lab.briefs(
            app,
            "/back/abc",
            "/back/ABC",
            "/list/a+b",
            "/list/a/b",
            "/semi/x;y",
            "/refuse/ok",
            "/refuse/bad",
            "/refuse/7",
            "/refuse/crash",
            "/ctx/w",
        ),
    ]


@scenario
def unknown_converter(lab: Lab):
    app = lab.app()
    return [
        lab.raises(app.add_url_rule, "/<nothing:x>", "x", echo),
        lab.raises(app.add_url_rule, "/<int:x", "y", echo),
        lab.raises(app.add_url_rule, "noslash", "z", echo),
        lab.raises(app.add_url_rule, "/<x>/<x>", "w", echo),
        lab.raises(app.add_url_rule, "", "v", echo),
    ]


@scenario
def strict_slashes(lab: Lab):
    app = lab.app()
    app.add_url_rule("/strict/", "strict", echo)
    app.add_url_rule("/loose/", "loose", echo, strict_slashes=False)
    app.add_url_rule("/loose_leaf", "loose_leaf", echo, strict_slashes=False)
    first = lab.codes(app, "/strict", "/loose", "/loose_leaf/", "/loose_leaf")
    other = lab.app()
    other.url_map.strict_slashes = False
    other.add_url_rule("/a/", "a", echo)
    other.add_url_rule("/b", "b", echo)
    return [first, lab.codes(other, "/a", "/b/")]


@scenario
def merge_slashes(lab: Lab):
    app = lab.app()
    app.add_url_rule("/a/b", "ab", echo)
    app.add_url_rule("/keep//it", "keep", echo, merge_slashes=False)
    app.add_url_rule("/p/<path:rest>", "p", echo)
    first = lab.codes(app, "/a//b", "/keep//it", "/keep/it", "/p//x", "/p/x//y", "///a/b")
    other = lab.app()
    other.url_map.merge_slashes = False
    other.add_url_rule("/a/b", "ab", echo)
    return [first, lab.codes(other, "/a//b", "/a/b")]


@scenario
def redirect_to_rules(lab: Lab):
    app = lab.app()
    app.add_url_rule("/old/<int:n>", "old", echo, redirect_to="/new/<n>")
    app.add_url_rule("/call/<n>", "call", echo, redirect_to=lambda adapter, n: f"called/{n}")
    app.add_url_rule("/new/<int:n>", "new", echo)
    app.add_url_rule("/alias/<int:n>", "new", echo, alias=True)
    return lab.codes(app, "/old/5", "/old/5?q=1", "/call/x", "/new/5", "/alias/5", "POST /old/5")


@scenario
def build_only_rules(lab: Lab):
    app = lab.app()
    app.add_url_rule("/files/<name>", "download", build_only=True)
    app.add_url_rule("/x", "x", echo)
    with app.test_request_context("/x"):
        urls = url_for("download", name="a.txt")
    return [urls, lab.code(app, "/files/a.txt")]


@scenario
def websocket_rules(lab: Lab):
    app = lab.app()
    app.add_url_rule("/ws", "ws", echo, websocket=True)
    app.add_url_rule("/http", "http", echo)
    with app.test_request_context("/http", base_url="https://h.example"):
        urls = [url_for("ws"), url_for("ws", _external=True), url_for("http")]
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    return [urls, lab.codes(app, "/ws", "/http"), lab.codes(app, "/ws", "/http", headers=upgrade)]


@scenario
def rule_defaults(lab: Lab):
    app = lab.app()
    app.add_url_rule("/a", "d", echo, defaults={"x": 1, "y": "two"})
    app.add_url_rule("/b/<x>", "d", echo, defaults={"y": "three"})
    app.add_url_rule("/c/<x>", "c", echo, defaults={"x": "shadow"})
    with app.test_request_context("/a"):
        urls = [
            build(lab, "d", {"x": 1, "y": "two"}),
            build(lab, "d", {"x": 9, "y": "three"}),
            build(lab, "d", {"x": 9}),
            build(lab, "c", {"x": "z"}),
            build(lab, "d", {"x": 1, "y": "other"}),
        ]
    return [urls, lab.briefs(app, "/a", "/b/7", "/c/v")]


@scenario
def rules_with_equal_weight_keep_their_order(lab: Lab):
    app = lab.app()
    app.add_url_rule("/<a>/<b>", "first", echo)
    app.add_url_rule("/<c>/<d>", "second", echo)
    app.add_url_rule("/x/<b>", "static_first", echo)
    app.add_url_rule("/<a>/y", "static_last", echo)
    app.add_url_rule("/<int:n>/<b>", "number", echo)
    app.add_url_rule("/<path:p>", "path", echo)
    return lab.briefs(app, "/1/2", "/x/y", "/x/z", "/a/y", "/a/b", "/a/b/c", "/5/y")


@scenario
def url_map_and_rule_classes_of_ones_own(lab: Lab):
    class OwnRule(Rule):
        def get_converter(self, name, *args, **options):
            lab.say("converter", name)
            return super().get_converter(name, *args, **options)

    class OwnMap(Map):
        pass

    class Shop(flask.Flask):
        url_rule_class = OwnRule
        url_map_class = OwnMap

    app = lab.app(cls=Shop)
    app.add_url_rule("/<int:n>", "n", echo)
    return [
        type(app.url_map).__name__,
        sorted(type(r).__name__ for r in app.url_map.iter_rules()),
        lab.brief(app, "/5"),
    ]


@scenario
def rules_added_to_the_map_directly(lab: Lab):
    app = lab.app()
    app.url_map.add(Rule("/direct/<x>", endpoint="direct"))
    app.view_functions["direct"] = echo
    first = lab.briefs(app, "/direct/1", "/late")
    app.url_map.add(Rule("/late", endpoint="direct"))
    return [first, lab.briefs(app, "/direct/1", "/late")]


@scenario
def endpoint_decorator(lab: Lab):
    app = lab.app()
    app.url_map.add(Rule("/later", endpoint="later"))
    app.add_url_rule("/also", endpoint="also")

    @app.endpoint("later")
    def anything():
        return "later view"

    return [anything.__name__, lab.codes(app, "/later", "/also")]


@scenario
def url_map_replaced_whole(lab: Lab):
    app = shop(lab)
    first = lab.code(app, "/item/1")
    app.url_map = Map([Rule("/only/<x>", endpoint="item")])
    with app.test_request_context("/only/2"):
        url = url_for("item", x=5)
    return [first, lab.briefs(app, "/item/1", "/only/2"), url]


@scenario
def create_url_adapter(lab: Lab):
    app = shop(lab, SERVER_NAME="shop.example:81", APPLICATION_ROOT="/r")
    without = shop(lab)
    seen = [without.create_url_adapter(None)]
    adapter = app.create_url_adapter(None)
    seen.append([adapter.server_name, adapter.script_name, adapter.url_scheme, adapter.subdomain])
    with app.test_request_context("/item/1", base_url="https://shop.example:81/m"):
        adapter = app.create_url_adapter(request)
        seen.append(
            [
                adapter.server_name,
                adapter.script_name,
                adapter.url_scheme,
                adapter.subdomain,
                adapter.path_info,
                adapter.default_method,
            ]
        )
    return seen


@scenario
def create_url_adapter_overridden(lab: Lab):
    class Shop(flask.Flask):
        def create_url_adapter(self, request):
            lab.say("adapter", request is not None)
            adapter = super().create_url_adapter(request)
            if request is not None and request.headers.get("X-Rewrite"):
                adapter.path_info = request.headers["X-Rewrite"]
            return adapter

    app = shop(lab, cls=Shop)
    return [
        lab.brief(app, "/item/1"),
        lab.brief(app, "/item/1", headers={"X-Rewrite": "/user/rewritten"}),
    ]


@scenario
def match_request_overridden(lab: Lab):
    class Context(flask.ctx.RequestContext):
        def match_request(self):
            lab.say("match", self.request.path)
            super().match_request()

    class Shop(flask.Flask):
        def request_context(self, environ):
            return Context(self, environ)

    app = shop(lab, cls=Shop)
    return lab.briefs(app, "/item/1", "/nowhere")


@scenario
def script_name_and_mounting(lab: Lab):
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    app = shop(lab)

    @app.get("/urls")
    def urls():
        urls = [url_for("item", number=1), url_for("index", _external=True)]
        return f"{urls} {request.root_path} {request.path} {request.script_root}"

    outer = lab.app("outer")
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/mount": app})
    return [
        lab.brief(outer, "/mount/urls"),
        lab.code(outer, "/mount/dir"),
        lab.code(outer, "/mount"),
    ]


@scenario
def proxied(lab: Lab):
    from werkzeug.middleware.proxy_fix import ProxyFix

    app = shop(lab)

    @app.get("/where")
    def where():
        return f"{request.url} {request.remote_addr} {url_for('index', _external=True)}"

    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
    headers = {
        "X-Forwarded-For": "9.9.9.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "front.example",
        "X-Forwarded-Prefix": "/pre",
    }
    return lab.brief(app, "/where", headers=headers)


REDIRECTS = {
    "plain": ("/x",),
    "301": ("/x", 301),
    "308": ("/x", 308),
    "absolute": ("http://e.example/a?b=c",),
    "odd": ("/\u00fc b?q=\u2603#f",),
    "script": ("javascript:alert(1)",),
    "html": ("/<b>&\"'",),
    "empty": ("",),
    "wrong_code": ("/x", 200),
    "404": ("/x", 404),
    "relative": ("x/y",),
    "dots": ("../x",),
}


@family(**REDIRECTS)
def redirect(lab: Lab, arguments):
    app = lab.app()
    app.add_url_rule("/here/", "here", lambda: flask.redirect(*arguments))
    return lab.hit(app, "/here/")


@scenario
def redirect_method_overridden(lab: Lab):
    class Shop(flask.Flask):
        def redirect(self, location, code=302):
            lab.say("redirect", location, code)
            return super().redirect(location + "?by=app", 303)

    app = lab.app(cls=Shop)
    app.add_url_rule("/", "index", lambda: flask.redirect("/to"))
    return [lab.code(app), flask.redirect("/outside").headers["Location"]]


@scenario
def redirect_with_a_response_class(lab: Lab):
    class Own(flask.Response):
        pass

    app = lab.app()
    with app.app_context():
        return [
            type(flask.redirect("/x", Response=Own)).__name__,
            type(flask.redirect("/x")).__name__,
        ]


@scenario
def autocorrect_location_header(lab: Lab):
    class Absolute(flask.Response):
        autocorrect_location_header = True

    app = lab.app()
    app.response_class = Absolute
    app.add_url_rule("/a/b", "ab", lambda: flask.redirect("c"))
    return lab.code(app, "/a/b")


@scenario
def routing_exception_kept_on_the_request(lab: Lab):
    app = shop(lab)
    seen = []

    @app.before_request
    def look():
        error = request.routing_exception
        seen.append(
            [
                type(error).__name__,
                isinstance(error, RequestRedirect),
                request.url_rule is None,
                request.view_args,
            ]
        )

    lab.codes(app, "/", "/dir", "/nowhere", "DELETE /leaf")
    return seen


@scenario
def inject_url_defaults_by_hand(lab: Lab):
    app = lab.app()
    bp = Blueprint("bp", __name__)
    app.url_defaults(lambda endpoint, values: values.update(a=1))
    bp.url_defaults(lambda endpoint, values: values.update(b=2))
    app.register_blueprint(bp)
    one, two = {}, {}
    app.inject_url_defaults("x", one)
    app.inject_url_defaults("bp.x", two)
    return [one, two]


@scenario
def url_for_is_the_apps_method(lab: Lab):
    class Shop(flask.Flask):
        def url_for(self, endpoint, **values):
            lab.say("url_for", endpoint, sorted(values))
            return super().url_for(endpoint, **values) + "!"

    app = lab.app(cls=Shop)
    app.add_url_rule(
        "/",
        "index",
        lambda: (
            flask.render_template_string("{{ url_for('index') }}") + url_for("index", _anchor="a")
        ),
    )
    return lab.brief(app)


@scenario
def iterating_rules(lab: Lab):
    app = shop(lab)
    return [
        [
            rule.rule,
            rule.endpoint,
            sorted(rule.methods),
            sorted(rule.arguments),
            rule.provide_automatic_options,
        ]
        for rule in app.url_map.iter_rules()
    ]
