"""The URL map worked on as Werkzeug offers: factories, options, subclasses, adapters."""

from __future__ import annotations

from werkzeug.routing import (
    BaseConverter,
    EndpointPrefix,
    Map,
    MapAdapter,
    Rule,
    RuleTemplate,
    Subdomain,
    Submount,
)

import flask
from flask import request, url_for

from ..harness import Lab, family, scenario


def told(**values):
    return f"{request.endpoint} {request.url_rule} {sorted(values.items())}"


def with_rules(lab: Lab, *factories, **options):
    app = lab.app(**options)
    for factory in factories:
        app.url_map.add(factory)
    for rule in app.url_map.iter_rules():
        app.view_functions.setdefault(rule.endpoint, told)
    return app


FACTORIES = {
    "submount": lambda: Submount("/sub", [Rule("/", endpoint="i"), Rule("/<x>", endpoint="x")]),
    "prefix": lambda: EndpointPrefix("pre.", [Rule("/a", endpoint="a"), Rule("/b", endpoint="b")]),
    "nested": lambda: Submount("/out", [EndpointPrefix("in.", [Rule("/<int:n>", endpoint="n")])]),
    "template": lambda: RuleTemplate(
        [Rule("/$name/", endpoint="$name.i"), Rule("/$name/<x>", endpoint="$name.x")]
    )(name="thing"),
    "subdomain": lambda: Subdomain("sub", [Rule("/s", endpoint="s")]),
}


@family(**FACTORIES)
def rule_factories(lab: Lab, make):
    app = with_rules(lab, make())
    with app.test_request_context("/"):
        urls = [
            lab.raises(url_for, rule.endpoint, x="v", n=5)
            for rule in app.url_map.iter_rules()
            if rule.endpoint != "static"
        ]
    return [
        [[rule.rule, rule.endpoint] for rule in app.url_map.iter_rules()],
        urls,
        lab.briefs(app, "/sub/", "/sub/v", "/a", "/out/5", "/thing/", "/thing/v", "/s"),
    ]


OPTIONS = {
    "sort_parameters": True,
    "sort_key": lambda item: item[1],
    "redirect_defaults": False,
    "strict_slashes": False,
    "merge_slashes": False,
    "default_subdomain": "www",
    "host_matching": True,
}


@family(*OPTIONS)
def option_of_the_map(lab: Lab, name):
    app = lab.app(static_folder=None)
    if name == "sort_key":
        app.url_map.sort_parameters = True
    setattr(app.url_map, name, OPTIONS[name])
    app.add_url_rule("/", "index", told)
    app.add_url_rule("/d/", "d", told, defaults={"n": 1})
    app.add_url_rule("/d/<int:n>", "d", told)
    app.add_url_rule("/leaf", "leaf", told)
    with app.test_request_context("/"):
        urls = [
            lab.raises(url_for, "index", b=1, a=2, c=0),
            lab.raises(url_for, "d", n=1),
            lab.raises(url_for, "leaf", _external=True),
        ]
    return [urls, lab.codes(app, "/", "/d", "/d/1", "/d/", "/leaf/", "//leaf")]


class Loud(Rule):
    def __init__(self, string, *args, **kwargs):
        self.tag = kwargs.pop("tag", "untagged")
        super().__init__(string, *args, **kwargs)

    def build(self, values, append_unknown=True):
        built = super().build(values, append_unknown)
        return built and (built[0], "/built" + built[1])

    def get_empty_kwargs(self):
        return {**super().get_empty_kwargs(), "tag": self.tag}


@scenario
def rule_class_that_builds_otherwise(lab: Lab):
    class Shop(flask.Flask):
        url_rule_class = Loud

    app = lab.app(cls=Shop)
    app.add_url_rule("/<x>", "x", lambda x: f"{request.url_rule.tag} {x}", tag="own tag")
    with app.test_request_context("/v"):
        url = url_for("x", x="v")
    return [lab.brief(app, "/v"), url, next(app.url_map.iter_rules("x")).empty().tag]


@scenario
def rule_that_refuses_to_be_suitable(lab: Lab):
    class Picky(Rule):
        def suitable_for(self, values, method=None):
            return values.get("x") != "refused" and super().suitable_for(values, method)

    class Shop(flask.Flask):
        url_rule_class = Picky

    app = lab.app(cls=Shop)
    app.add_url_rule("/one/<x>", "x", told)
    with app.test_request_context("/"):
        return [lab.raises(url_for, "x", x="v"), lab.raises(url_for, "x", x="refused")]


@scenario
def map_subclass_with_its_own_bind(lab: Lab):
    class OwnAdapter(MapAdapter):
        def match(self, path_info=None, *args, **kwargs):
            lab.say("match", path_info, sorted(kwargs))
            return super().match(path_info, *args, **kwargs)

        def build(self, endpoint, *args, **kwargs):
            lab.say("build", endpoint)
            return super().build(endpoint, *args, **kwargs) + "#own"

    class OwnMap(Map):
        def bind(self, *args, **kwargs):
            adapter = super().bind(*args, **kwargs)
            adapter.__class__ = OwnAdapter
            return adapter

    class Shop(flask.Flask):
        url_map_class = OwnMap

    app = lab.app(cls=Shop)
    app.add_url_rule("/<x>", "x", lambda x: url_for("x", x=x))
    return [lab.brief(app, "/v"), lab.brief(app, "/none/at/all")]


@family("match", "build")
def adapter_method_patched(lab: Lab, name):
    app = lab.app()
    app.add_url_rule("/<x>", "x", lambda x: url_for("x", x=x))
    app.add_url_rule("/slash/", "slash", told)
    lab.codes(app, "/v")
    original = getattr(MapAdapter, name)

    def method(self, *args, **kwargs):
        lab.say(name)
        return original(self, *args, **kwargs)

    lab.patch(MapAdapter, name, method)
    return lab.briefs(app, "/v", "/no/ne", "OPTIONS /v", "POST /v")


@family("bind_to_environ", "iter_rules", "add")
def map_method_patched(lab: Lab, name):
    app = lab.app()
    app.add_url_rule("/<x>", "x", told)
    lab.codes(app, "/v")
    original = getattr(Map, name)

    def method(self, *args, **kwargs):
        lab.say(name)
        return original(self, *args, **kwargs)

    lab.patch(Map, name, method)
    return [lab.brief(app, "/v"), lab.raises(app.add_url_rule, "/late", "late", told)]


@scenario
def adapter_of_the_request_used_by_hand(lab: Lab):
    from flask.globals import request_ctx

    app = lab.app()
    app.add_url_rule("/<int:n>", "n", told)
    with app.test_request_context("/5?a=b", base_url="http://h.example/m"):
        adapter = request_ctx.url_adapter
        return [
            type(adapter).__name__,
            adapter.map is app.url_map,
            adapter.match("/7"),
            adapter.match("/7", return_rule=True)[0].rule,
            adapter.test("/x"),
            adapter.build("n", {"n": 3}),
            adapter.build("n", {"n": 3}, force_external=True),
            sorted(adapter.allowed_methods("/7")),
            lab.raises(adapter.match, "/x"),
            adapter.get_host(None),
            adapter.query_args,
        ]


@scenario
def adapter_replaced_on_the_context(lab: Lab):
    from flask.globals import request_ctx

    app = lab.app()
    other = Map([Rule("/elsewhere/<x>", endpoint="x")])

    @app.get("/<x>")
    def x(x):
        request_ctx.url_adapter = other.bind("other.example")
        return url_for("x", x=x)

    return lab.brief(app, "/v")


@scenario
def app_context_adapter(lab: Lab):
    from flask.globals import app_ctx

    app = lab.app()
    app.add_url_rule("/x", "x", told)
    with app.app_context():
        bare = app_ctx.url_adapter
    app.config["SERVER_NAME"] = "s.example"
    with app.app_context():
        named = app_ctx.url_adapter.build("x")
        app_ctx.url_adapter = app.url_map.bind("by.hand")
        by_hand = url_for("x")
    return [bare, named, by_hand]


class Weighty(BaseConverter):
    weight = 50
    regex = "[a-z]+"


class Light(BaseConverter):
    weight = 300
    regex = "[a-z0-9]+"


@scenario
def converter_weights_decide(lab: Lab):
    app = lab.app()
    app.url_map.converters.update(weighty=Weighty, light=Light)
    app.add_url_rule("/<light:x>", "light", told)
    app.add_url_rule("/<weighty:x>", "weighty", told)
    app.add_url_rule("/<x>", "plain", told)
    return lab.briefs(app, "/abc", "/abc1", "/A-b")


@scenario
def converter_with_a_group_or_a_slash(lab: Lab):
    class Grouped(BaseConverter):
        regex = "(?:a|b)+"

    class Slashed(BaseConverter):
        part_isolating = False
        regex = "[a-z]+/[a-z]+"

    app = lab.app()
    app.url_map.converters.update(grouped=Grouped, slashed=Slashed)
    app.add_url_rule("/g/<grouped:x>", "g", told)
    app.add_url_rule("/s/<slashed:x>", "s", told)
    app.add_url_rule("/s/<slashed:x>/end", "e", told)
    app.add_url_rule("/s/<x>/<y>", "two", told)
    return lab.briefs(app, "/g/abab", "/g/abc", "/s/a/b", "/s/a/b/end", "/s/1/2", "/s/a")


@scenario
def converter_seeing_the_map_and_arguments(lab: Lab):
    class Seeing(BaseConverter):
        def __init__(self, map_, *args, **kwargs):
            super().__init__(map_)
            lab.say(map_ is app.url_map, list(args), sorted(kwargs.items()))

    app = lab.app()
    app.url_map.converters["see"] = Seeing
    app.add_url_rule("/<see:x>", "a", told)
    app.add_url_rule("/b/<see(1, 'two', three=4.5, four=True, five=None, six=word):x>", "b", told)
    return lab.brief(app, "/v")


@scenario
def converter_that_raises_in_to_url(lab: Lab):
    class Raising(BaseConverter):
        def to_url(self, value):
            if value == "bad":
                raise LookupError("to_url")
            return super().to_url(value)

    app = lab.app()
    app.url_map.converters["raising"] = Raising
    app.add_url_rule("/<raising:x>", "x", told)
    with app.test_request_context("/"):
        return [lab.raises(url_for, "x", x="good"), lab.raises(url_for, "x", x="bad")]


@scenario
def rules_that_share_a_path(lab: Lab):
    app = lab.app()
    app.add_url_rule("/r", "get", told, methods=["GET"])
    app.add_url_rule("/r", "post", told, methods=["POST"])
    app.add_url_rule("/r", "get_again", told, methods=["GET"])
    app.add_url_rule("/r/", "branch", told, methods=["PUT"])
    app.add_url_rule("/<any('r', q):x>", "any", told, methods=["DELETE", "GET"])
    return lab.briefs(
        app, "/r", "POST /r", "PUT /r", "PUT /r/", "/r/", "DELETE /r", "PATCH /r", "/q", "POST /q"
    )


@scenario
def rule_objects_cannot_be_shared(lab: Lab):
    rule = Rule("/x", endpoint="x")
    one, two = lab.app("one"), lab.app("two")
    one.url_map.add(rule)
    return [lab.raises(two.url_map.add, rule), lab.raises(two.url_map.add, rule.empty())]


@scenario
def endpoints_that_are_not_text(lab: Lab):
    app = lab.app()
    key = ("tuple", 1)
    app.url_map.add(Rule("/t", endpoint=key))
    app.view_functions[key] = lambda: "tuple endpoint"
    return lab.code(app, "/t")
