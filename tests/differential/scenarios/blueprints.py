"""Blueprints: names, prefixes, nesting, registering more than once, what belongs to them."""

from __future__ import annotations

from flask import Blueprint, request, url_for

from ..harness import Lab, family, scenario


def where(**values):
    return f"{request.endpoint} {request.blueprint} {request.blueprints} {sorted(values.items())}"


def shape(app):
    return [
        [r.rule, r.endpoint, r.subdomain or "", sorted((r.defaults or {}).items())]
        for r in app.url_map.iter_rules()
        if r.endpoint != "static"
    ]


NAMES = {
    "plain": "bp",
    "dot": "a.b",
    "empty": "",
    "space": "a b",
    "unicode": "\u00fc",
    "slash": "a/b",
    "colon": "a:b",
    "keyword": "class",
}


@family(**NAMES)
def name(lab: Lab, name_):
    app = lab.app()
    facts = lab.raises(Blueprint, name_, __name__)
    if "raised" in facts:
        return facts
    bp = Blueprint(name_, __name__)
    bp.add_url_rule("/", "x", where)
    app.register_blueprint(bp)
    return [sorted(app.blueprints), lab.brief(app)]


@family(plain="other", dot="a.b", empty="", none=None, same="bp")
def name_given_when_registering(lab: Lab, name_):
    app = lab.app()
    bp = Blueprint("bp", __name__)
    bp.add_url_rule("/", "x", where)
    facts = lab.raises(app.register_blueprint, bp, name=name_)
    return [facts, sorted(app.blueprints), lab.brief(app)]


PREFIXES = {
    "none": (None, None, "/x"),
    "plain": ("/p", None, "/x"),
    "slash": ("/p/", None, "/x"),
    "no_slash": ("p", None, "/x"),
    "empty_rule": ("/p", None, ""),
    "root_rule": ("/p", None, "/"),
    "rule_no_slash": ("/p", None, "x"),
    "given": (None, "/g", "/x"),
    "given_over_own": ("/p", "/g", "/x"),
    "given_empty": ("/p", "", "/x"),
    "slash_only": ("/", None, "/x"),
    "variable": ("/<a>", None, "/<b>"),
    "empty_prefix_empty_rule": ("", None, ""),
    "double": ("/p//", None, "//x"),
    "empty": ("", None, "/x"),
    "none_empty_rule": (None, None, ""),
    "none_no_slash": (None, None, "x"),
}


@family(**PREFIXES)
def prefix(lab: Lab, case):
    own, given, rule = case
    app = lab.app()

    def use():
        bp = Blueprint("bp", __name__, url_prefix=own)
        bp.add_url_rule(rule, "x", where)
        app.register_blueprint(bp, **({} if given is None else {"url_prefix": given}))

    facts = lab.raises(use)
    return [facts, shape(app), lab.codes(app, "/x", "/p/x", "/p", "/p/", "/g/x", "/1/2")]


NESTED = {
    "both": ("/outer", "/inner", None, None),
    "outer_only": ("/outer", None, None, None),
    "inner_only": (None, "/inner", None, None),
    "neither": (None, None, None, None),
    "given_outer": ("/outer", "/inner", "/go", None),
    "given_inner": ("/outer", "/inner", None, "/gi"),
    "given_both": ("/outer", "/inner", "/go", "/gi"),
    "variables": ("/<a>", "/<b>", None, None),
    "slashes": ("/outer/", "/inner/", None, None),
    "given_inner_empty": ("/outer", "/inner", None, ""),
}


@family(**NESTED)
def nested_prefixes(lab: Lab, case):
    outer_prefix, inner_prefix, given_outer, given_inner = case
    app = lab.app()
    outer, inner = (
        Blueprint("outer", __name__, url_prefix=outer_prefix),
        Blueprint("inner", __name__, url_prefix=inner_prefix),
    )
    outer.add_url_rule("/o", "o", where)
    inner.add_url_rule("/i", "i", where)
    outer.register_blueprint(inner, **({} if given_inner is None else {"url_prefix": given_inner}))
    app.register_blueprint(outer, **({} if given_outer is None else {"url_prefix": given_outer}))
    return [shape(app), sorted(app.blueprints)]


@scenario
def three_levels(lab: Lab):
    app = lab.app()
    a, b, c = (Blueprint(n, __name__, url_prefix=f"/{n}") for n in "abc")
    for place in (a, b, c):
        place.add_url_rule("/", "view", where)
    b.register_blueprint(c)
    a.register_blueprint(b)
    app.register_blueprint(a)
    return [lab.briefs(app, "/a/", "/a/b/", "/a/b/c/"), sorted(app.blueprints), shape(app)]


@scenario
def nested_with_another_name(lab: Lab):
    app = lab.app()
    outer, inner = (
        Blueprint("outer", __name__, url_prefix="/o"),
        Blueprint("inner", __name__, url_prefix="/i"),
    )
    inner.add_url_rule("/", "view", where)
    outer.register_blueprint(inner, name="renamed")
    outer.register_blueprint(inner, url_prefix="/i2")
    app.register_blueprint(outer, name="big")
    return [sorted(app.blueprints), lab.briefs(app, "/o/i/", "/o/i2/")]


@scenario
def registered_twice(lab: Lab):
    app = lab.app()
    bp = Blueprint("bp", __name__, url_prefix="/1")
    bp.add_url_rule("/", "view", where)
    bp.before_request(lambda: lab.say("before", request.blueprint))
    bp.app_context_processor(dict)
    bp.record(
        lambda state: lab.say("record", state.name, state.url_prefix, state.first_registration)
    )
    bp.record_once(lambda state: lab.say("once", state.name))
    app.register_blueprint(bp)
    same = lab.raises(app.register_blueprint, bp, url_prefix="/2")
    app.register_blueprint(bp, name="again", url_prefix="/3")
    return [same, sorted(app.blueprints), lab.briefs(app, "/1/", "/2/", "/3/"), shape(app)]


@scenario
def two_blueprints_of_one_name(lab: Lab):
    app = lab.app()
    app.register_blueprint(Blueprint("bp", __name__))
    other = Blueprint("bp", __name__)
    return [
        lab.raises(app.register_blueprint, other),
        lab.raises(app.register_blueprint, other, name="other"),
        sorted(app.blueprints),
    ]


@scenario
def nested_blueprints_of_one_name(lab: Lab):
    app = lab.app()
    outer = Blueprint("bp", __name__, url_prefix="/outer")
    inner = Blueprint("bp", __name__, url_prefix="/inner")
    inner.add_url_rule("/", "view", where)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return [sorted(app.blueprints), lab.brief(app, "/outer/inner/")]


@scenario
def registered_on_two_apps(lab: Lab):
    bp = Blueprint("bp", __name__)
    bp.add_url_rule("/", "view", where)
    bp.record_once(lambda state: lab.say("once", state.app.name))
    one, two = lab.app("one"), lab.app("two")
    one.register_blueprint(bp)
    two.register_blueprint(bp, url_prefix="/two")
    return [lab.brief(one), lab.brief(two, "/two/")]


@scenario
def registered_into_itself(lab: Lab):
    bp = Blueprint("bp", __name__)
    return lab.raises(bp.register_blueprint, bp)


@scenario
def iter_blueprints(lab: Lab):
    app = lab.app()
    one, two = Blueprint("one", __name__), Blueprint("two", __name__)
    two.register_blueprint(Blueprint("deep", __name__))
    app.register_blueprint(two)
    app.register_blueprint(one)
    return [[bp.name for bp in app.iter_blueprints()], list(app.blueprints)]


@scenario
def url_defaults_of_a_blueprint(lab: Lab):
    app = lab.app()
    bp = Blueprint("bp", __name__, url_defaults={"a": 1, "b": 2})
    bp.add_url_rule("/<c>", "view", where)
    bp.add_url_rule("/own/<c>", "own", where, defaults={"b": 3})
    app.register_blueprint(bp)
    app.register_blueprint(bp, name="given", url_prefix="/g", url_defaults={"b": 9})
    return [lab.briefs(app, "/x", "/own/x", "/g/x", "/g/own/x"), shape(app)]


@scenario
def nested_url_defaults_and_subdomains(lab: Lab):
    app = lab.app(SERVER_NAME="s.example", subdomain_matching=True)
    outer = Blueprint("outer", __name__, subdomain="out", url_defaults={"a": 1})
    inner = Blueprint("inner", __name__, subdomain="in", url_defaults={"b": 2})
    bare = Blueprint("bare", __name__)
    for bp in (outer, inner, bare):
        bp.add_url_rule("/" + bp.name, "view", where)
    outer.register_blueprint(inner)
    outer.register_blueprint(bare)
    app.register_blueprint(outer)
    app.register_blueprint(bare, subdomain="alone")
    return [
        shape(app),
        lab.brief(app, "/inner", base_url="http://in.out.s.example"),
        lab.brief(app, "/bare", base_url="http://out.s.example"),
    ]


@scenario
def options_of_nested_registration(lab: Lab):
    app = lab.app(SERVER_NAME="s.example", subdomain_matching=True)
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    inner.add_url_rule("/i", "view", where)
    outer.register_blueprint(inner, subdomain="given", url_defaults={"x": 1}, url_prefix="/gi")
    app.register_blueprint(outer, subdomain="top", url_prefix="/top")
    return shape(app)


@scenario
def registries_of_nested_blueprints(lab: Lab):
    app = lab.app()
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    for bp in (outer, inner):
        bp.before_request(lambda: None)
        bp.after_request(lambda response: response)
        bp.teardown_request(lambda error: None)
        bp.url_defaults(lambda endpoint, values: None)
        bp.url_value_preprocessor(lambda endpoint, values: None)
        bp.context_processor(dict)
        bp.register_error_handler(404, lambda error: "x")
        bp.add_url_rule("/" + bp.name, "view", where)
        bp.before_app_request(lambda: None)
        bp.after_app_request(lambda response: response)
        bp.teardown_app_request(lambda error: None)
        bp.app_url_defaults(lambda endpoint, values: None)
        bp.app_url_value_preprocessor(lambda endpoint, values: None)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return {
        name: {str(key): len(value) for key, value in getattr(app, name).items()}
        for name in (
            "before_request_funcs",
            "after_request_funcs",
            "teardown_request_funcs",
            "url_default_functions",
            "url_value_preprocessors",
            "template_context_processors",
            "error_handler_spec",
        )
    } | {"views": sorted(app.view_functions)}


@scenario
def app_hooks_of_a_nested_blueprint(lab: Lab):
    app = lab.app()
    outer, inner = (
        Blueprint("outer", __name__, url_prefix="/outer"),
        Blueprint("inner", __name__, url_prefix="/inner"),
    )
    inner.before_app_request(lambda: lab.say("inner before_app"))
    inner.after_app_request(lambda response: (lab.say("inner after_app"), response)[1])
    inner.teardown_app_request(lambda error: lab.say("inner teardown_app"))
    app.add_url_rule("/", "index", where)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return lab.brief(app)


@scenario
def blueprint_attributes(lab: Lab):
    bp = Blueprint(
        "bp",
        __name__,
        static_folder="s",
        static_url_path="/st",
        template_folder="t",
        url_prefix="/p",
        subdomain="sub",
        url_defaults={"a": 1},
        root_path=str(lab.tmp),
        cli_group="group",
    )
    return [
        bp.name,
        bp.import_name == __name__,
        bp.url_prefix,
        bp.subdomain,
        bp.url_values_defaults,
        bp.template_folder,
        bp.static_url_path,
        bp.static_folder,
        bp.has_static_folder,
        bp.cli_group,
        bp.root_path,
        repr(bp),
        bp.jinja_loader is not None,
    ]


@scenario
def blueprint_without_folders(lab: Lab):
    bp = Blueprint("bp", __name__)
    return [
        bp.static_folder,
        bp.static_url_path,
        bp.has_static_folder,
        bp.template_folder,
        bp.jinja_loader,
        bp.url_prefix,
        bp.subdomain,
        bp.url_values_defaults,
        bp.root_path.endswith("scenarios"),
        bp.cli.name,
        bp.cli_group is not None,
    ]


STATIC = {
    "folder": {"static_folder": "s"},
    "folder_prefix": {"static_folder": "s", "url_prefix": "/p"},
    "url": {"static_folder": "s", "static_url_path": "/assets"},
    "url_prefix": {"static_folder": "s", "static_url_path": "/assets", "url_prefix": "/p"},
    "url_no_slash": {"static_folder": "s", "static_url_path": "assets", "url_prefix": "/p"},
    "nothing": {},
    "deep": {"static_folder": "deep/s"},
    "url_only": {"static_url_path": "/assets"},
    "url_empty": {"static_folder": "s", "static_url_path": "", "url_prefix": "/p"},
}


@family(**STATIC)
def static_files_of_a_blueprint(lab: Lab, options):
    lab.file("s/a.txt", "from s")
    lab.file("deep/s/a.txt", "from deep")
    app = lab.app(static_folder=None)
    facts = lab.raises(Blueprint, "bp", __name__, root_path=str(lab.tmp), **options)
    if "raised" in facts:
        return facts
    bp = Blueprint("bp", __name__, root_path=str(lab.tmp), **options)
    again = lab.raises(app.register_blueprint, bp)
    with app.test_request_context("/"):
        url = lab.raises(url_for, "bp.static", filename="a.txt")
    return [again, shape(app), url, lab.brief(app, url.get("returned", "/none"))]


@scenario
def static_endpoints_of_nested_blueprints(lab: Lab):
    lab.file("so/a.txt", "outer")
    lab.file("si/a.txt", "inner")
    app = lab.app()
    outer = Blueprint(
        "outer", __name__, root_path=str(lab.tmp), static_folder="so", url_prefix="/outer"
    )
    inner = Blueprint(
        "inner", __name__, root_path=str(lab.tmp), static_folder="si", url_prefix="/inner"
    )
    inner.add_url_rule(
        "/",
        "view",
        lambda: " ".join(
            [
                url_for(".static", filename="a.txt"),
                url_for("outer.static", filename="a.txt"),
                url_for("static", filename="a.txt"),
            ]
        ),
    )
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return lab.briefs(app, "/outer/inner/", "/outer/static/a.txt", "/outer/inner/static/a.txt")


@scenario
def send_static_file_of_a_blueprint(lab: Lab):
    lab.file("s/a.txt", "content")
    app = lab.app()
    bp = Blueprint("bp", __name__, root_path=str(lab.tmp), static_folder="s")
    none = Blueprint("none", __name__)
    with app.test_request_context("/"):
        response = bp.send_static_file("a.txt")
        response.direct_passthrough = False
        return [
            response.get_data(),
            lab.raises(bp.send_static_file, "b.txt"),
            lab.raises(none.send_static_file, "a.txt"),
        ]


@scenario
def get_send_file_max_age_of_a_blueprint(lab: Lab):
    class Own(Blueprint):
        def get_send_file_max_age(self, filename):
            return 100 if filename.endswith("js") else super().get_send_file_max_age(filename)

    lab.file("s/a.js", "js")
    lab.file("s/a.css", "css")
    app = lab.app(SEND_FILE_MAX_AGE_DEFAULT=7)
    app.register_blueprint(
        Own("bp", __name__, root_path=str(lab.tmp), static_folder="s", url_prefix="/p")
    )
    return [
        [h for h in lab.hit(app, f"/p/s/{n}")["headers"] if "ache" in h] for n in ("a.js", "a.css")
    ]
