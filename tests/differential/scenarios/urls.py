"""URLs: rules, converters, hosts and subdomains, prefixes, and building them back."""

from __future__ import annotations

import uuid

from werkzeug.routing import BaseConverter, BuildError, Map, RequestRedirect, Rule
from werkzeug.test import create_environ

import flask
from flask import Blueprint, request, url_for

from ..harness import Lab, family, scenario


def echo(**values):
    return f"{request.endpoint} {sorted(values.items())!r}"


def shop(lab: Lab, **options):
    app = lab.app(**options)
    for rule, endpoint in {
        "/": "index",
        "/item/<int:number>": "item",
        "/user/<name>": "user",
        "/user/<name>/posts/": "posts",
        "/file/<path:where>": "file",
        "/price/<float:amount>": "price",
        "/token/<uuid:key>": "token",
        "/any/<any(red, green):colour>": "colour",
        "/signed/<int(signed=True):number>": "signed",
        "/fixed/<int(fixed_digits=3):number>": "fixed",
        "/range/<int(min=2, max=5):number>": "range",
        "/sized/<string(length=3):word>": "sized",
        "/lengths/<string(minlength=2, maxlength=4):word>": "lengths",
        "/a/<x>-<y>": "pair",
        "/dir/": "directory",
        "/leaf": "leaf",
    }.items():
        app.add_url_rule(rule, endpoint, echo)
    app.add_url_rule("/page/", "page", echo, defaults={"number": 1})
    app.add_url_rule("/page/<int:number>", "page", echo)
    app.add_url_rule("/put/<name>", "put", echo, methods=["PUT"])
    app.add_url_rule("/multi/<a>", "multi", echo, methods=["GET"])
    app.add_url_rule("/multi/<a>/<b>", "multi", echo, methods=["POST"])
    return app


PATHS = {
    "root": "/",
    "int": "/item/7",
    "int_zero": "/item/007",
    "int_negative": "/item/-7",
    "int_text": "/item/x",
    "int_huge": "/item/99999999999999999999",
    "string": "/user/ann",
    "string_slash": "/user/a/b",
    "string_space": "/user/a%20b",
    "string_encoded_slash": "/user/a%2Fb",
    "string_umlaut": "/user/%C3%BC",
    "string_bad_utf8": "/user/%ff%fe",
    "string_plus": "/user/a+b",
    "string_empty": "/user/",
    "string_semicolon": "/user/a;b",
    "trailing": "/user/ann/",
    "branch": "/user/ann/posts",
    "branch_slash": "/user/ann/posts/",
    "path": "/file/a/b/c.txt",
    "path_slash": "/file/a/b/",
    "path_double": "/file//a",
    "path_dots": "/file/../x",
    "float": "/price/1.50",
    "float_int": "/price/2",
    "uuid": "/token/12345678-1234-5678-1234-567812345678",
    "uuid_upper": "/token/ABCDEFAB-1234-5678-1234-567812345678",
    "uuid_bad": "/token/1234",
    "any": "/any/green",
    "any_bad": "/any/blue",
    "signed": "/signed/-3",
    "fixed": "/fixed/012",
    "fixed_bad": "/fixed/12",
    "range_low": "/range/1",
    "range_in": "/range/5",
    "sized": "/sized/abc",
    "sized_bad": "/sized/abcd",
    "lengths": "/lengths/abcd",
    "lengths_bad": "/lengths/a",
    "pair": "/a/1-2",
    "pair_three": "/a/1-2-3",
    "dir": "/dir",
    "dir_slash": "/dir/",
    "leaf_slash": "/leaf/",
    "double": "//dir/",
    "inner_double": "/dir//",
    "defaults": "/page/",
    "defaults_one": "/page/1",
    "defaults_two": "/page/2",
    "query_kept": "/dir?a=1&b=%C3%BC",
    "query_odd": "/dir?a=%ff&;&=&&b",
    "upper": "/DIR/",
    "dot": "/./dir/",
    "percent": "/user/100%25",
    "null": "/user/a%00b",
    "newline": "/user/a%0Ab",
    "unicode": "/user/\u2603",
    "question": "/user/a%3Fb",
    "hash": "/user/a%23b",
    "missing": "/no/such/page",
    "static_missing": "/static/none.css",
    "star": "/user/*",
    "colon": "/user/a:b",
    "backslash": "/user/a\\b",
    "tilde": "/user/~ann",
}


@family(**PATHS)
def path(lab: Lab, path):
    return lab.brief(shop(lab), path) + " | " + lab.code(shop(lab), path)


BUILDS = {
    "index": ("index", {}),
    "item": ("item", {"number": 7}),
    "item_text": ("item", {"number": "7"}),
    "item_bad": ("item", {"number": "x"}),
    "item_none": ("item", {"number": None}),
    "item_float": ("item", {"number": 7.9}),
    "user": ("user", {"name": "ann"}),
    "user_int": ("user", {"name": 5}),
    "user_slash": ("user", {"name": "a/b"}),
    "user_space": ("user", {"name": "a b&c?d#e"}),
    "user_umlaut": ("user", {"name": "\u00fc\u2603"}),
    "user_empty": ("user", {"name": ""}),
    "user_percent": ("user", {"name": "100%"}),
    "user_bytes": ("user", {"name": b"raw"}),
    "path": ("file", {"where": "a/b c/\u00fc.txt"}),
    "path_leading": ("file", {"where": "/a"}),
    "float": ("price", {"amount": 1.5}),
    "any": ("colour", {"colour": "red"}),
    "any_bad": ("colour", {"colour": "blue"}),
    "uuid": ("token", {"key": uuid.UUID(int=5)}),
    "fixed": ("fixed", {"number": 7}),
    "range_out": ("range", {"number": 99}),
    "pair": ("pair", {"x": 1, "y": 2}),
    "pair_missing": ("pair", {"x": 1}),
    "signed": ("signed", {"number": -4}),
    "query": ("index", {"b": 2, "a": 1}),
    "query_list": ("index", {"a": [1, 2, 3]}),
    "query_none": ("index", {"a": None, "b": 1}),
    "query_empty": ("index", {"a": ""}),
    "query_odd": ("index", {"a": "x&y=z \u00fc+/"}),
    "query_bool": ("index", {"a": True}),
    "query_tuple": ("index", {"a": (1, 2)}),
    "query_empty_list": ("index", {"a": []}),
    "query_dict": ("index", {"a": {"b": 1}}),
    "missing_value": ("item", {}),
    "unknown": ("nothing", {}),
    "close": ("itme", {"number": 1}),
    "defaults": ("page", {}),
    "defaults_one": ("page", {"number": 1}),
    "defaults_two": ("page", {"number": 2}),
    "anchor": ("index", {"_anchor": "top"}),
    "anchor_odd": ("index", {"_anchor": "a b/\u00fc?#&%", "q": 1}),
    "anchor_empty": ("index", {"_anchor": ""}),
    "external": ("item", {"number": 1, "_external": True}),
    "scheme": ("item", {"number": 1, "_scheme": "https", "_external": True}),
    "scheme_alone": ("item", {"number": 1, "_scheme": "https"}),
    "scheme_empty": ("item", {"number": 1, "_scheme": "", "_external": True}),
    "scheme_not_external": ("item", {"number": 1, "_scheme": "https", "_external": False}),
    "method": ("put", {"name": "x", "_method": "PUT"}),
    "method_other": ("put", {"name": "x", "_method": "GET"}),
    "method_choice_get": ("multi", {"a": 1, "b": 2, "_method": "GET"}),
    "method_choice_post": ("multi", {"a": 1, "b": 2, "_method": "POST"}),
    "method_none": ("multi", {"a": 1, "b": 2}),
    "static": ("static", {"filename": "css/a b.css"}),
    "static_missing": ("static", {}),
    "relative_dot": (".index", {}),
    "everything": (
        "item",
        {"number": 1, "q": 2, "_anchor": "x", "_scheme": "ftp", "_external": True},
    ),
    "directory": ("directory", {}),
    "posts": ("posts", {"name": "ann"}),
    "endpoint_none": (None, {}),
    "endpoint_int": (5, {}),
    "unknown_underscore": ("index", {"_unknown": 1}),
}


def build(lab: Lab, endpoint, values):
    try:
        return url_for(endpoint, **values)
    except Exception as error:
        facts = lab.facts(error)
        if isinstance(error, BuildError):
            facts["suggested"] = getattr(error.suggested, "endpoint", None)
            facts["values"] = sorted(error.values)
            facts["method"] = error.method
        return facts


@family(**BUILDS)
def build_in_a_request(lab: Lab, case):
    app = shop(lab)
    with app.test_request_context("/item/3?x=1", base_url="http://host.example:5000/"):
        return build(lab, *case)


@family(**BUILDS)
def build_without_a_request(lab: Lab, case):
    app = shop(
        lab, SERVER_NAME="shop.example", APPLICATION_ROOT="/root", PREFERRED_URL_SCHEME="https"
    )
    with app.app_context():
        return build(lab, *case)


@family(
    "index",
    "item",
    "external",
    "scheme",
    "anchor",
    "unknown",
    "query_list",
    "method_choice_post",
    "scheme_not_external",
)
def build_with_the_method_of_the_app(lab: Lab, name):
    endpoint, values = BUILDS[name]
    app = shop(lab, SERVER_NAME="shop.example")
    seen = [lab.raises(app.url_for, endpoint, **values)]
    with app.app_context():
        seen.append(lab.raises(app.url_for, endpoint, **values))
    with app.test_request_context("/", base_url="https://other.example/sub/"):
        seen.append(lab.raises(app.url_for, endpoint, **values))
    return seen


SERVERS = {
    "bare": {},
    "name": {"SERVER_NAME": "shop.example"},
    "name_port": {"SERVER_NAME": "shop.example:8443"},
    "name_default_port": {"SERVER_NAME": "shop.example:443", "PREFERRED_URL_SCHEME": "https"},
    "root": {"APPLICATION_ROOT": "/root"},
    "root_slash": {"APPLICATION_ROOT": "/root/", "SERVER_NAME": "shop.example"},
    "root_no_slash": {"APPLICATION_ROOT": "root", "SERVER_NAME": "shop.example"},
    "scheme": {"PREFERRED_URL_SCHEME": "https"},
    "all": {
        "SERVER_NAME": "shop.example:8080",
        "APPLICATION_ROOT": "/r",
        "PREFERRED_URL_SCHEME": "https",
    },
}


@family(**SERVERS)
def server_settings(lab: Lab, settings):
    app = shop(lab, **settings)
    seen = {}
    with app.app_context():
        seen["app"] = [
            lab.raises(url_for, "index"),
            lab.raises(url_for, "index", _external=False),
            lab.raises(url_for, "item", number=1, _scheme="wss"),
        ]
    with app.test_request_context("/item/2"):
        seen["request"] = [
            request.url,
            request.host,
            request.root_path,
            url_for("index"),
            url_for("index", _external=True),
            request.endpoint,
        ]
    client = app.test_client()
    seen["client"] = [
        lab.code(client, "/item/2"),
        lab.code(client, "/dir"),
        lab.code(client, "/root/item/2"),
        lab.code(client, "http://else.example/item/2"),
        lab.code(client, "http://shop.example/item/2"),
    ]
    return seen


@family(
    "shop.example",
    "admin.shop.example",
    "shop.example:80",
    "else.example",
    "localhost",
    "www.shop.example",
    "SHOP.example",
    "a.b.shop.example",
    "shop.example.",
)
def subdomains(lab: Lab, host):
    app = lab.app(SERVER_NAME="shop.example", subdomain_matching=True)
    app.add_url_rule("/", "index", echo)
    app.add_url_rule("/", "admin", echo, subdomain="admin")
    app.add_url_rule("/", "user", echo, subdomain="<user>.users")
    app.add_url_rule("/", "any", echo, subdomain="<sub>")
    client = app.test_client()
    return [
        lab.brief(client, "/", base_url=f"http://{host}/"),
        lab.code(client, "/x", base_url=f"http://{host}/"),
    ]


@scenario
def subdomain_rules_without_matching(lab: Lab):
    app = lab.app(SERVER_NAME="shop.example")
    app.add_url_rule("/", "index", echo)
    app.add_url_rule("/admin", "admin", echo, subdomain="admin")
    with app.app_context():
        urls = [url_for("index"), url_for("admin")]
    return [
        urls,
        lab.codes(app, "/", "/admin"),
        lab.code(app, "/admin", base_url="http://admin.shop.example"),
        lab.code(app, "/admin", subdomain="admin"),
    ]


@scenario
def subdomain_urls(lab: Lab):
    app = lab.app(SERVER_NAME="shop.example:5000", subdomain_matching=True)
    app.add_url_rule("/", "index", echo)
    app.add_url_rule("/a", "admin", echo, subdomain="admin")
    app.add_url_rule("/u", "user", echo, subdomain="<user>")
    bp = Blueprint("bp", __name__, subdomain="bp")
    bp.add_url_rule("/b", "b", echo)
    bp.add_url_rule("/own", "own", echo, subdomain="other")
    app.register_blueprint(bp)
    app.register_blueprint(bp, name="again", subdomain="moved")
    seen = {}
    with app.app_context():
        seen["app"] = [
            url_for(e, **v)
            for e, v in (
                ("index", {}),
                ("admin", {}),
                ("user", {"user": "ann"}),
                ("bp.b", {}),
                ("bp.own", {}),
                ("again.b", {}),
                ("again.own", {}),
            )
        ]
    with app.test_request_context("/a", subdomain="admin"):
        seen["admin"] = [
            request.endpoint,
            url_for("admin"),
            url_for("index"),
            url_for("user", user="x"),
            url_for("admin", _external=True),
        ]
    with app.test_request_context("/"):
        seen["main"] = [request.endpoint, url_for("admin"), url_for("index"), url_for("bp.b")]
    return seen


@scenario
def default_subdomain(lab: Lab):
    app = lab.app(SERVER_NAME="shop.example", subdomain_matching=True)
    app.url_map.default_subdomain = "www"
    app.add_url_rule("/", "index", echo)
    app.add_url_rule("/bare", "bare", echo, subdomain="")
    return [
        lab.code(app, path, base_url=f"http://{host}")
        for path in ("/", "/bare")
        for host in ("shop.example", "www.shop.example")
    ]


@scenario
def subdomain_matching_without_server_name(lab: Lab):
    app = lab.app(subdomain_matching=True)
    app.add_url_rule("/", "index", echo)
    app.add_url_rule("/", "admin", echo, subdomain="admin")
    return [
        lab.brief(app, "/", base_url=f"http://{host}")
        for host in ("localhost", "admin.localhost", "x.example")
    ]


@family(
    "one.example",
    "two.example",
    "none.example",
    "ann.users.example",
    "one.example:8080",
    "two.example:99",
)
def host_matching(lab: Lab, host):
    app = lab.app(host_matching=True, static_host="static.example")
    app.add_url_rule("/", "one", echo, host="one.example")
    app.add_url_rule("/", "two", echo, host="two.example:99")
    app.add_url_rule("/", "user", echo, host="<user>.users.example")
    app.add_url_rule("/w", "wild", echo, host="<anything>")
    client = app.test_client()
    with app.test_request_context("/", base_url=f"http://{host}"):
        urls = [
            lab.raises(url_for, "one"),
            lab.raises(url_for, "two"),
            lab.raises(url_for, "user", user="b"),
            lab.raises(url_for, "static", filename="a"),
        ]
    return [
        lab.brief(client, "/", base_url=f"http://{host}"),
        lab.brief(client, "/w", base_url=f"http://{host}"),
        urls,
    ]


@family(
    both={"host_matching": True, "static_host": "s.example"},
    no_host={"host_matching": True},
    no_static={"host_matching": True, "static_folder": None},
    static_host_alone={"static_host": "s.example"},
    with_subdomains={"host_matching": True, "subdomain_matching": True, "static_folder": None},
)
def static_host_arguments(lab: Lab, options):
    facts = lab.raises(lab.app, **options)
    if "raised" in facts:
        return facts
    app = lab.app(**options)
    return [[rule.rule, rule.host, rule.endpoint] for rule in app.url_map.iter_rules()]


TRUSTED = {
    "none": None,
    "exact": ["shop.example"],
    "dot": [".shop.example"],
    "port": ["shop.example:8080"],
    "several": ["a.example", ".b.example"],
    "empty": [],
    "localhost": ["localhost"],
    "text": "shop.example",
}


@family(**TRUSTED)
def trusted_hosts(lab: Lab, hosts):
    app = shop(lab, TRUSTED_HOSTS=hosts)
    seen = {}
    for host in (
        "shop.example",
        "shop.example:8080",
        "x.shop.example",
        "a.example",
        "q.b.example",
        "evil.example",
        "localhost",
        "",
    ):
        environ = create_environ("/item/1", "http://localhost/")
        environ["HTTP_HOST"] = host
        seen[host] = lab.wsgi(app, environ)["status"]
    lab.events.clear()
    return seen


@scenario
def trusted_hosts_set_on_the_request(lab: Lab):
    class Picky(flask.Request):
        trusted_hosts = ["only.example"]

    app = shop(lab)
    app.request_class = Picky
    return [lab.code(app, "/", base_url=f"http://{host}") for host in ("only.example", "localhost")]


@family(
    "shop.example",
    "bad host",
    "a b",
    "under_score.example",
    "[::1]",
    "[::1]:80",
    "host:notaport",
    "host:99999",
    "..",
    "-x.example",
    "ex\u00e4mple",
    "a/b",
    "a@b",
    "user:pw@host",
)
def odd_host_header(lab: Lab, host):
    app = shop(lab)
    app.add_url_rule("/host", "host", lambda: request.host)
    environ = create_environ("/host", "http://localhost/")
    environ["HTTP_HOST"] = host
    answer = lab.wsgi(app, environ)
    lab.events.clear()
    return [answer.get("status"), answer.get("raised"), answer["chunks"]]


@scenario
def url_defaults_and_preprocessors(lab: Lab):
    app = lab.app()

    @app.url_defaults
    def add_language(endpoint, values):
        lab.say("defaults", endpoint, sorted(values.items()))
        if app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values.setdefault("lang", flask.g.get("lang", "en"))

    @app.url_value_preprocessor
    def pull_language(endpoint, values):
        lab.say("pull", endpoint, sorted((values or {}).items()))
        flask.g.lang = (values or {}).pop("lang", None)

    @app.get("/<lang>/about")
    def about():
        return flask.g.lang

    @app.get("/<lang>/")
    def home():
        return url_for("about") + " " + url_for("about", lang="fr") + " " + url_for("plain")

    @app.get("/plain/deep/page")
    def plain():
        return "plain"

    return lab.briefs(app, "/de/", "/fr/about", "/none/of/them/x")


@scenario
def url_defaults_of_blueprints(lab: Lab):
    app = lab.app()
    outer = Blueprint("outer", __name__, url_prefix="/<a>")
    inner = Blueprint("inner", __name__, url_prefix="/<b>")
    app.url_defaults(lambda endpoint, values: values.setdefault("from_app", 1) and None)
    outer.url_defaults(
        lambda endpoint, values: (lab.say("outer", endpoint), values.setdefault("a", "A"))[0]
    )
    inner.url_defaults(
        lambda endpoint, values: (lab.say("inner", endpoint), values.setdefault("b", "B"))[0]
    )
    outer.app_url_defaults(lambda endpoint, values: lab.say("app_url_defaults", endpoint))
    inner.add_url_rule("/x", "x", echo)
    outer.add_url_rule("/y", "y", echo)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.add_url_rule("/z", "z", echo)
    with app.test_request_context("/z"):
        return [url_for("z"), url_for("outer.y"), url_for("outer.inner.x")]


@scenario
def preprocessors_of_blueprints(lab: Lab):
    app = lab.app()
    outer = Blueprint("outer", __name__, url_prefix="/<a>")
    inner = Blueprint("inner", __name__, url_prefix="/<b>")
    for name, place in (("app", app), ("outer", outer), ("inner", inner)):
        place.url_value_preprocessor(
            lambda endpoint, values, name=name: lab.say(name, endpoint, sorted(values or {}))
        )
    inner.app_url_value_preprocessor(lambda endpoint, values: lab.say("inner for app", endpoint))
    inner.add_url_rule("/x", "x", echo)
    outer.add_url_rule("/y", "y", echo)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.add_url_rule("/z", "z", echo)
    return lab.briefs(app, "/z", "/1/y", "/1/2/x", "/nowhere")


@scenario
def relative_endpoints(lab: Lab):
    app = lab.app()
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    for place in (app, outer, inner):
        place.add_url_rule("/page", "page", echo)
        place.add_url_rule("/", "home", echo)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    seen = {}
    for path_ in ("/page", "/outer/page", "/outer/inner/page", "/missing"):
        with app.test_request_context(path_):
            seen[path_] = [
                build(lab, endpoint, {})
                for endpoint in (
                    ".home",
                    "home",
                    ".page",
                    "outer.home",
                    ".inner.home",
                    "inner.home",
                    "outer.inner.home",
                    "..home",
                    ".",
                )
            ]
    return seen


@scenario
def build_error_handlers(lab: Lab):
    app = shop(lab)
    seen = []
    app.url_build_error_handlers.append(
        lambda error, endpoint, values: lab.say(
            "first", type(error).__name__, endpoint, sorted(values)
        )
    )

    @app.url_build_error_handlers.append
    def second(error, endpoint, values):
        lab.say("second")
        if endpoint == "external":
            return "http://outside.example/" + values["path"]
        if endpoint == "raise":
            raise LookupError("own")
        if endpoint == "other_build_error":
            raise BuildError("x", {}, None)
        if endpoint == "again":
            raise error

    with app.test_request_context("/"):
        for endpoint in ("external", "raise", "other_build_error", "again", "nobody"):
            seen.append(lab.raises(url_for, endpoint, path="p"))
    return seen


@scenario
def handle_url_build_error_by_hand(lab: Lab):
    app = shop(lab)
    error = BuildError("x", {"a": 1}, "GET")
    first = lab.raises(app.handle_url_build_error, error, "x", {"a": 1})
    app.url_build_error_handlers.append(lambda *args: "handled")
    return [first, app.handle_url_build_error(error, "x", {"a": 1})]


@scenario
def build_error_text_names_the_endpoint(lab: Lab):
    app = shop(lab)
    with app.test_request_context("/"):
        try:
            url_for("itme", number=1)
        except BuildError as error:
            return ["itme" in str(error), "item" in str(error)]


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
        return f"{url_for('item', number=1)} {url_for('index', _external=True)} {request.root_path} {request.path} {request.script_root}"

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
