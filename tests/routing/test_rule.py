"""Rules whose builders are compiled late are Werkzeug's rules in all that can be observed."""

from __future__ import annotations

import copy
import operator
import pickle
import typing as t
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.routing import (
    BaseConverter,
    BuildError,
    EndpointPrefix,
    IntegerConverter,
    Map,
    RuleTemplate,
    Subdomain,
    Submount,
    UnicodeConverter,
)
from werkzeug.routing import Rule as WerkzeugRule

from flask import Flask
from flask.routing.map import Map as WatchedMap
from flask.routing.rule import PostponedBuilder, Rule

RULES = [
    "/",
    "/a",
    "/slash/",
    "/é/<name>",
    "/a//b/<name>",
    "/<name>",
    "/<name>.<ext>",
    "/<string:name>/<int:number>/x/<float:ratio>/<uuid:self>/",
    "/a>b/<name>/c|d",
    "/<default:name>//<int:number>",
    "/x/<name>y",
    "/<int(min=2):number>/<name>",
    "/<regex('a/b'):name>",
    "/<int:number>/<int:number>",
    "/<int(fixed_digits=3):number>/<float:ratio>",
    "/<path:rest>",
    "/<path:rest>/",
    "/<any(about, help):page>",
    "/<uuid:self>/<kwargs>",
    "/<lambda>/<class>",
    # Each of these fails somewhere.
    "a",
    "/<name>/<name>",
    "/<None>",
    "/<__debug__>",
    "/<unknown:name>",
    "/<int(:name>",
    "/<",
    "/\udc80",
    "/\udc80/<name>",
]
NAMES = ["name", "ext", "number", "ratio", "rest", "page", "self", "kwargs", "lambda", "class", "q"]
SUBDOMAINS = [None, "", "www", "<name>", "<user>.api", "é"]

any_value = st.one_of(
    st.text(max_size=5),
    st.integers(-3, 3000),
    st.floats(0, 9),
    st.none(),
    st.lists(st.text(max_size=3), max_size=2),
    st.sampled_from(["about", "a/b", "12345678-1234-5678-1234-567812345678"]),
)
any_values = st.dictionaries(st.sampled_from(NAMES), any_value, max_size=5)
any_options = st.fixed_dictionaries(
    {},
    optional={
        "subdomain": st.sampled_from(SUBDOMAINS),
        "host": st.sampled_from(SUBDOMAINS),
        "defaults": st.dictionaries(st.sampled_from(NAMES[:5]), any_value, max_size=2),
        "methods": st.sampled_from([["GET"], ["POST"], ["get", "PUT"]]),
        "build_only": st.booleans(),
        "merge_slashes": st.booleans(),
        "strict_slashes": st.booleans(),
    },
)


def outcome(do: t.Callable[..., t.Any], *arguments: t.Any) -> t.Any:
    """What a call returns, or how it fails."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return do(*arguments)
    except Exception as error:
        return type(error), str(error)


def declare(
    kind: type[WerkzeugRule], text: str, options: dict[str, t.Any], host_matching: bool
) -> tuple[t.Any, Map]:
    """The outcome of a declaration, which is ``None``, and the map that has the rule or not."""
    url_map = Map(host_matching=host_matching)
    return outcome(lambda: url_map.add(kind(text, endpoint="one", **options))), url_map


def parsed(rule: WerkzeugRule) -> t.Any:
    """What the matcher and the map read of a rule."""
    kinds = [(name, type(converter)) for name, converter in rule._converters.items()]
    return rule._parts, rule._trace, kinds, rule.arguments


@given(st.sampled_from(RULES), any_options, st.booleans(), st.lists(any_values, max_size=3))
@settings(max_examples=600, deadline=None)
def test_declares_and_builds_as_werkzeugs(
    text: str, options: dict[str, t.Any], host_matching: bool, many: list[dict[str, t.Any]]
) -> None:
    expected, plain = declare(WerkzeugRule, text, options, host_matching)
    declared, ours = declare(Rule, text, options, host_matching)
    assert declared == expected
    if expected is not None:
        return
    (rule,), (other,) = ours.iter_rules(), plain.iter_rules()
    assert repr(rule) == repr(other)
    assert rule == other
    assert other == rule
    assert parsed(rule) == parsed(other)
    for values in many * 2:  # the first call compiles
        for append_unknown in (True, False):
            assert outcome(rule.build, values, append_unknown) == outcome(
                other.build, values, append_unknown
            )
        assert (
            outcome(ours.bind("example.org").build, "one", values)
            == outcome(plain.bind("example.org").build, "one", values)
            or host_matching
        )


class Special(IntegerConverter):
    regex = "[0-9a-f/]+"


class WithGetConverter(Rule):
    def get_converter(self, *arguments: t.Any) -> BaseConverter:
        return Special(self.map)


@pytest.mark.parametrize("text", ["/<name>/<int:number>", "/a/<int:number>"])
def test_converters_of_the_applications_own_are_parsed_by_werkzeug(text: str) -> None:
    for converters in (
        {"int": Special},
        {"default": Special},
        {"int": lambda url_map: Special(None)},
    ):
        ours, plain = (
            Map([kind(text, endpoint="one")], converters=t.cast(t.Any, converters))
            for kind in (Rule, WerkzeugRule)
        )
        assert parsed(*ours.iter_rules()) == parsed(*plain.iter_rules())


def test_a_rules_own_choice_of_converters_is_asked_for() -> None:
    assert type(bound(WithGetConverter, "/<name>")._converters["name"]) is Special
    rule = Rule("/<name>", endpoint="one")
    rule.get_converter = lambda *arguments: Special(rule.map)  # type: ignore[method-assign]
    Map([rule])
    assert not rule._parts[-1].static
    assert rule._parts[-1].final


def test_built_in_converters_that_were_changed_count_as_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(UnicodeConverter, "part_isolating", False)
    assert parsed(bound(Rule, "/<name>")) == parsed(bound(WerkzeugRule, "/<name>"))
    monkeypatch.undo()
    monkeypatch.setattr(IntegerConverter, "weight", 7)
    monkeypatch.setattr(IntegerConverter, "regex", "[1-9]+")
    assert parsed(bound(Rule, "/<int:name>")) == parsed(bound(WerkzeugRule, "/<int:name>"))


def test_a_parser_that_was_patched_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    parse = WerkzeugRule._parse_rule

    def patched(self: WerkzeugRule, rule: str) -> t.Any:
        called.append(rule)
        return parse(self, rule)

    monkeypatch.setattr(WerkzeugRule, "_parse_rule", patched)
    bound(Rule, "/<name>")
    assert called == ["/<name>"]


@pytest.mark.parametrize("text", ["/", "/a/b/", "/a/<name>", "/<int:number>/<uuid:id>/x"])
def test_usual_rules_are_parsed_segment_by_segment(text: str) -> None:
    first, second = bound(Rule, text), bound(Rule, text)
    # Parts are shared, which Werkzeug's parser does not do.
    assert all(map(operator.is_, first._parts[1:], second._parts[1:]))


def bound(kind: type[WerkzeugRule], text: str, **options: t.Any) -> WerkzeugRule:
    rule = kind(text, endpoint="one", **options)
    Map([rule])
    return rule


def test_nothing_is_compiled_until_a_url_is_built() -> None:
    rule = bound(Rule, "/<name>")
    assert isinstance(t.cast(t.Any, rule._build).__func__, PostponedBuilder)
    assert isinstance(t.cast(t.Any, rule._build_unknown).__func__, PostponedBuilder)
    assert rule.build({"name": "x", "q": 1}) == ("", "/x?q=1")
    assert rule.build({"name": "x"}, append_unknown=False) == ("", "/x")
    for name in ("_build", "_build_unknown"):
        # Werkzeug's own function from here on, under the name that it gives it.
        assert getattr(rule, name).__name__ == bound(WerkzeugRule, "/<name>")._build.__name__


def test_the_application_declares_such_rules() -> None:
    app = Flask("late")
    app.add_url_rule("/<name>", "one")
    assert all(type(rule) is Rule for rule in app.url_map.iter_rules())
    assert issubclass(app.url_rule_class, WerkzeugRule)


@pytest.mark.parametrize("text", ["/<name>/<name>", "/<None>", "/\udc80", "/<unknown:name>"])
def test_what_cannot_be_compiled_fails_where_it_is_declared(text: str) -> None:
    app = Flask("late")
    with pytest.raises((SyntaxError, ValueError, LookupError)):
        app.add_url_rule(text, "one")


def test_a_default_that_its_converter_refuses_fails_where_it_is_declared() -> None:
    app = Flask("late")
    with pytest.raises(ValueError, match="'x'"):
        app.add_url_rule("/<int:number>", "one", defaults={"number": "x"})


def test_rules_keep_building_what_they_declared_until_they_are_refreshed() -> None:
    for kind in (Rule, WerkzeugRule):
        rule = bound(kind, "/<name>")
        rule.rule = "/other/<name>"
        rule._trace.append((False, "/more"))
        rule.defaults = {"name": "x"}
        assert rule.build({"name": "a"}) == ("", "/a")
        rule.defaults = None
        rule.refresh()
        assert rule.build({"name": "a"}) == ("", "/other/a")


def test_a_converter_that_is_exchanged_is_used() -> None:
    class Loud(BaseConverter):
        def to_url(self, value: t.Any) -> str:
            return super().to_url(value).upper()

    for kind in (Rule, WerkzeugRule):
        rule = bound(kind, "/<name>")
        rule._converters["name"] = Loud(rule.map)
        assert rule.build({"name": "a"}) == ("", "/A")


@pytest.mark.parametrize("kind", [Rule, WerkzeugRule])
def test_a_builder_that_was_replaced_stays(kind: type[WerkzeugRule]) -> None:
    rule = bound(kind, "/<name>")
    before = rule._build_unknown
    rule._build_unknown = lambda **values: ("", before(**values)[1] + "!")
    assert rule.build({"name": "a"}) == ("", "/a!")
    assert rule.build({"name": "a"}) == ("", "/a!")


def test_copies_build_alike() -> None:
    for kind in (Rule, WerkzeugRule):
        rule = bound(kind, "/<name>", subdomain="www")
        copied = copy.copy(rule)
        assert copied.build({"name": "a"}) == ("www", "/a")
        assert rule.build({"name": "b"}) == ("www", "/b")
        assert copied == rule


def test_unbound_rules_are_pickled_and_copied() -> None:
    for kind in (Rule, WerkzeugRule):
        for make in (copy.deepcopy, lambda rule: pickle.loads(pickle.dumps(rule)), kind.empty):
            made = make(kind("/<name>", endpoint="one", methods=["GET"]))
            assert type(made) is kind
            assert repr(made) == "<Rule (unbound)>"
            Map([made])
            assert made.build({"name": "a"}) == ("", "/a")


def test_bound_rules_are_not_pickled() -> None:
    # Their map holds a lock.
    for kind in (Rule, WerkzeugRule):
        assert outcome(pickle.dumps, bound(kind, "/<name>"))[0] is TypeError
        assert outcome(copy.deepcopy, bound(kind, "/<name>"))[0] is TypeError


def test_rules_are_unhashable_and_equal_by_their_path() -> None:
    assert Rule.__hash__ is None
    assert bound(Rule, "/<name>") == bound(WerkzeugRule, "/<name>", subdomain="")
    assert bound(WerkzeugRule, "/<name>") == bound(Rule, "/<name>")
    assert bound(Rule, "/<name>") != bound(Rule, "/<other>")
    assert bound(Rule, "/<name>") != "/<name>"


def test_subclasses_are_equal_to_none_but_their_own() -> None:
    for base in (Rule, WerkzeugRule):
        kind = type("Special", (base,), {})
        assert bound(kind, "/a") == bound(kind, "/a")
        assert bound(kind, "/a") != bound(base, "/a")
        assert bound(base, "/a") != bound(kind, "/a")


@pytest.mark.parametrize("base", [Rule, WerkzeugRule])
def test_subclasses_may_wrap_the_builders(base: t.Any) -> None:
    class Wrapping(base):  # type: ignore[misc]
        def _compile_builder(self, append_unknown: bool = True) -> t.Any:
            build = super()._compile_builder(append_unknown)

            def wrapper(rule: t.Any, **values: t.Any) -> tuple[str, str]:
                domain, path = build(rule, **values)
                return domain, path.upper()

            return wrapper

        def compile(self) -> None:
            super().compile()
            inner = self._build
            self._build = lambda **values: (inner(**values)[0], inner(**values)[1] + "#")

    rule = bound(Wrapping, "/a/<name>")
    for _ in range(2):
        assert rule.build({"name": "x"}) == ("", "/A/X")
        assert rule.build({"name": "x"}, append_unknown=False) == ("", "/A/X#")


def test_factories_and_plain_rules_go_into_an_applications_map() -> None:
    app = Flask("late")
    app.url_map.add(Submount("/shop", [Rule("/<name>", endpoint="ours")]))
    app.url_map.add(EndpointPrefix("x.", [Subdomain("www", [Rule("/<name>", endpoint="sub")])]))
    app.url_map.add(RuleTemplate([Rule("/$kind/<name>", endpoint="$kind")])(kind="tree"))
    app.url_map.add(WerkzeugRule("/plain/<name>", endpoint="plain"))
    adapter = app.url_map.bind("example.org")
    assert adapter.build("ours", {"name": "a"}) == "/shop/a"
    assert adapter.build("x.sub", {"name": "a"}) == "http://www.example.org/a"
    assert adapter.build("tree", {"name": "a"}) == "/tree/a"
    assert adapter.build("plain", {"name": "a"}) == "/plain/a"
    assert "ours" in {rule.endpoint for rule in app.url_map.iter_rules()}


def test_a_rule_class_of_the_applications_own_is_used() -> None:
    class Special(WerkzeugRule):
        pass

    class App(Flask):
        url_rule_class = Special

    app = App("late")
    app.add_url_rule("/<name>", "one", lambda name: name)
    assert {type(rule) for rule in app.url_map.iter_rules()} == {Special}
    assert app.test_client().get("/x").text == "x"


def test_failures_to_build_name_the_same_rules() -> None:
    messages = []
    for kind in (Rule, WerkzeugRule):
        url_map = WatchedMap([kind("/a/<name>", endpoint="one"), kind("/b", endpoint="other")])
        for endpoint in ("one", "othr"):
            with pytest.raises(BuildError) as caught:
                url_map.bind("example.org").build(endpoint, {})
            messages.append(str(caught.value))
    assert messages[:2] == messages[2:]
