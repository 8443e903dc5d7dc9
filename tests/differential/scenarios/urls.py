"""URLs: rules, converters, hosts and subdomains, prefixes, and building them back."""

from __future__ import annotations

import uuid

from werkzeug.routing import BuildError

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


@family(empty="", slash="/a", two="//a.example/b", backslash="\\a", encoded="%2F%2Fa")
def a_value_in_front(lab: Lab, value: str):
    """A URL whose path begins with a value never begins like one with a host."""
    app = lab.app()
    app.add_url_rule("/<path:rest>", "whole", echo)
    app.add_url_rule("/<path:rest>/end", "begun", echo)
    app.add_url_rule("/<name>/<path:rest>", "named", echo)
    found = []
    for root in ("http://localhost", "http://localhost/mounted"):
        for _ in range(2):  # before and after the first request
            with app.test_request_context("/", base_url=root):
                found += [
                    lab.raises(url_for, "whole", rest=value),
                    lab.raises(url_for, "whole", rest=value, q="x"),
                    lab.raises(url_for, "whole", rest=value, _external=True),
                    lab.raises(url_for, "begun", rest=value),
                    lab.raises(url_for, "named", name=value, rest=value),
                    lab.raises(
                        flask.render_template_string, "{{ url_for('whole', rest=v) }}", v=value
                    ),
                ]
            app.test_client().get("/x")
    return found
