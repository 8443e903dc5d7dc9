"""Random templates and variables, and what rendering them does: by this package, and by Jinja."""

from __future__ import annotations

import re
import traceback
import typing as t
from dataclasses import dataclass
from unittest import mock

import jinja2
from hypothesis import strategies as st
from jinja2 import ChainableUndefined, DebugUndefined, StrictUndefined, Undefined
from markupsafe import Markup

from flask import Flask
from flask.rendering import pending

# Variables


class Spy:
    """Writes down what is asked of it."""

    def __init__(self, log: list[str], name: str) -> None:
        self._log = log
        self._name = name

    def __getattr__(self, name: str) -> t.Any:
        if name[:1] == "_" or len(self._name) > 12:
            raise AttributeError(name)
        self._log.append(f"{self._name}.{name}")
        return Spy(self._log, f"{self._name}.{name}")

    def __getitem__(self, key: t.Any) -> t.Any:
        self._log.append(f"{self._name}[{key!r}]")
        raise KeyError(key)

    def __call__(self, *args: t.Any, **kwargs: t.Any) -> str:
        self._log.append(f"{self._name}({args!r}, {kwargs!r})")
        return f"<{self._name}>"

    def __repr__(self) -> str:
        return self._name

    def __str__(self) -> str:
        self._log.append(f"str({self._name})")
        return self._name

    def __iter__(self) -> t.Iterator[int]:
        for number in range(2):
            self._log.append(f"next({self._name})")
            yield number


class Row:
    """Has attributes and items; some fail."""

    name = "<row>"
    items = "no method"

    def __getitem__(self, key: str) -> str:
        if key == "bad":
            raise ValueError("bad item")
        return {"price": "12", "name": "never"}[key]

    @property
    def lost(self) -> str:
        raise AttributeError("lost inside")

    @property
    def broken(self) -> str:
        raise RuntimeError("broken property")

    def method(self, *args: t.Any, **kwargs: t.Any) -> str:
        return f"<{args}{kwargs}>"

    def __repr__(self) -> str:
        return "Row"


class Shouting(str):
    def __html__(self) -> str:
        return self.upper()


class Coded:
    def __html__(self) -> str:
        return "<coded>"

    def __repr__(self) -> str:
        return "Coded"


class Once:
    """An iterator, whose text does not tell its address."""

    def __init__(self, items: t.Iterable[t.Any]) -> None:
        self._items = iter(items)

    def __iter__(self) -> Once:
        return self

    def __next__(self) -> t.Any:
        return next(self._items)

    def __repr__(self) -> str:
        return "Once"


def function(*args: t.Any, **kwargs: t.Any) -> str:
    return f"<{args}{kwargs}>"


def stop(*args: t.Any) -> t.NoReturn:
    raise StopIteration


def fail(*args: t.Any, **kwargs: t.Any) -> t.NoReturn:
    raise ZeroDivisionError("failed")


@jinja2.pass_context
def with_context(context: t.Any, *args: t.Any, **kwargs: t.Any) -> str:
    own = {key: value for key, value in context.get_all().items() if key in ("x", "y", "z")}
    return f"{own!r} {args} {kwargs}"


@jinja2.pass_eval_context
def with_eval_context(eval_context: t.Any, value: t.Any = "") -> str:
    return f"{eval_context.autoescape} {value}"


@jinja2.pass_environment
def with_environment(environment: t.Any, value: t.Any = "") -> str:
    return f"{environment.autoescape is None} {value}"


class Holder:
    @jinja2.pass_context
    def method(self, context: t.Any, *args: t.Any) -> str:
        return f"{context.name} {args}"

    def __call__(self, *args: t.Any) -> str:
        return f"called {args}"

    def __repr__(self) -> str:
        return "Holder"


VALUES: dict[str, t.Callable[[list[str]], t.Any]] = {
    "text": lambda log: "a <b> & 'c'",
    "plain": lambda log: "plain",
    "markup": lambda log: Markup("<i>m</i>"),
    "number": lambda log: 3,
    "zero": lambda log: 0,
    "real": lambda log: 2.5,
    "truth": lambda log: True,
    "nothing": lambda log: None,
    "numbers": lambda log: [1, 2, 3],
    "nested": lambda log: [[1, [2]], [], ("<", ">")],
    "pairs": lambda log: [("a", 1), ("<b>", 2)],
    "empty": lambda log: [],
    "once": lambda log: Once("xyz"),
    "made": lambda log: Once(f"<{number}>" for number in range(3)),
    "mapping": lambda log: {"name": "<n>", "price": 5, "items": "item", "key": [1, "<"]},
    "rows": lambda log: [{"name": "<n>", "price": 1.25}, {"name": Markup("<m>"), "stock": 0}],
    "row": lambda log: Row(),
    "spy": lambda log: Spy(log, "spy"),
    "shouting": lambda log: Shouting("<s>"),
    "coded": lambda log: Coded(),
    "raw": lambda log: b"<bytes>",
    "stop": lambda log: stop,
    "fail": lambda log: fail,
    "function": lambda log: function,
    "with_context": lambda log: with_context,
    "with_eval_context": lambda log: with_eval_context,
    "with_environment": lambda log: with_environment,
    "holder": lambda log: Holder(),
    "length": lambda log: len,
}

# Expressions

NAMES = sorted(VALUES)
ATTRIBUTES = ["name", "price", "items", "keys", "lost", "broken", "bad", "method", "stock", "class"]
names = st.sampled_from([*NAMES, "x", "y", "z", "absent", "loop", "site", "caller", "macro"])
texts = st.sampled_from(["", "a", "<b>", "&amp;", "it's", "{", "x y"])
numbers = st.integers(-3, 20)
constants = st.one_of(
    texts.map(lambda text: repr(text)),
    numbers.map(str),
    st.sampled_from(["true", "none", "1.5", "[]", "{}", "(1, '<')", "{'name': '<'}"]),
)
LOOP = [
    "index", "index0", "first", "last", "length", "revindex", "depth", "depth0",
    "previtem", "nextitem", "cycle('<a>', 2)", "cycle()", "cycle(*[1])", "changed(x)", "absent",
]  # fmt: skip
FILTERS = [
    "e", "upper", "default('<d>')", "length", "join('<')", "safe", "list", "first", "string",
    "format(1)", "int", "replace('a', '<')", "map(attribute='name')|list", "attr('name')", "absent",
    "batch(2)|list", "sort", "tojson", "striptags", "own", "contextual", "failing", "stopping",
]  # fmt: skip
TESTS = ["defined", "none", "odd", "string", "divisibleby(2)", "in numbers", "own_test", "absent"]


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arguments = st.lists(inner, max_size=4).map(", ".join)
    keywords = st.sampled_from(
        ["", ", k=1", ", k=x, j='<'", ", *numbers", ", **{'k': 2}", ", class=1", ", caller=1"]
    )
    return st.builds(
        lambda name, args, more: f"{name}({args}{more if args else more[2:]})",
        inner, arguments, keywords,
    )  # fmt: skip


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "~", "and", "or", "==", "<", "in", "not in"])
    return st.one_of(
        st.builds("{}.{}".format, inner, st.sampled_from(ATTRIBUTES)),
        st.builds("{}['{}']".format, inner, st.sampled_from(ATTRIBUTES)),
        st.builds("{}[{}]".format, inner, st.one_of(inner, st.sampled_from(["1:", "::2"]))),
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds("{}|{}".format, inner, st.sampled_from(FILTERS)),
        st.builds("({} is {})".format, inner, st.sampled_from(TESTS)),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} if {})".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{'k': {}}}".format, inner),
        st.sampled_from(LOOP).map("loop.{}".format),
        st.sampled_from(["self.one()", "super()", "caller()", "self.absent()", "caller('<')"]),
        st.sampled_from(["macro(x)", "macro(x, y=1)", "lib.show(x)", "show(x, y)", "range(3)"]),
        _calls(inner),
    )


expressions = st.recursive(names | constants, _compound, max_leaves=6)

# Statements

iterables = st.one_of(
    st.sampled_from(
        ["numbers", "pairs", "empty", "once", "made", "rows", "mapping", "spy", "text"]
    ),
    expressions,
)
targets = st.sampled_from(["x", "y", "z", "x, y", "(x, y), z", "loop"])
outputs = st.one_of(
    texts, expressions.map("{{{{ {} }}}}".format), expressions.map("\n{{{{- {} }}}}\n".format)
)


def _statements(body: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    options = st.sampled_from(["", "", " recursive", " if x", " if loop"])
    return st.one_of(
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, expressions, body, body),
        st.builds("{{% for {} in {}{} %}}{}{{% endfor %}}".format,
                  targets, iterables, options, body),
        st.builds(
            "{{% for {} in {} %}}{}{{% else %}}{}{{% endfor %}}".format,
            targets, iterables, body, body,
        ),
        st.builds("{{% set {} = {} %}}".format, st.sampled_from(["x", "y", "_z"]), expressions),
        st.builds("{{% set x, y = {}, {} %}}".format, expressions, expressions),
        st.builds("{{% set x %}}{}{{% endset %}}".format, body),
        st.builds("{{% set x | upper %}}{}{{% endset %}}".format, body),
        st.builds("{{% set ns = namespace(a=1) %}}{{% set ns.a = {} %}}{{{{ ns.a }}}}".format,
                  expressions),
        st.builds("{{% with x = {} %}}{}{{% endwith %}}".format, expressions, body),
        st.builds("{{% filter {} %}}{}{{% endfilter %}}".format, st.sampled_from(FILTERS), body),
        st.builds("{{% autoescape {} %}}{}{{% endautoescape %}}".format,
                  st.sampled_from(["true", "false", "x"]), body),
        st.builds("{{% macro macro(x, y={}) %}}{}{{% endmacro %}}".format, expressions, body),
        st.builds("{{% macro macro(x) %}}{}{{{{ {} }}}}{{% endmacro %}}".format,
                  body, st.sampled_from(["caller()", "varargs", "kwargs", "x"])),
        st.builds("{{% call {} %}}{}{{% endcall %}}".format,
                  st.sampled_from(["macro(1)", "function()", "show(2)", "lib.show(x)"]), body),
        st.builds("{{% call(x) macro(2) %}}{}{{% endcall %}}".format, body),
        st.builds("{{% include {} {} %}}".format,
                  st.sampled_from(["'part'", "['none', 'part']", "x", "'none' ignore missing"]),
                  st.sampled_from(["", "with context", "without context"])),
        st.sampled_from([
            "{% import 'lib' as lib %}", "{% from 'lib' import show %}",
            "{% from 'lib' import show, absent with context %}",
            "{% import 'lib' as lib with context %}", "{% do function(1) %}", "{% break %}",
            "{% continue %}", "{% trans %}text{{ x }}{% endtrans %}",
            "{% from 'lib' import y as x %}",
        ]),
        st.builds("{{% for x in {} recursive %}}{}{{{{ loop(x) if x is iterable }}}}"
                  "{{% endfor %}}".format, st.sampled_from(["nested", "numbers"]), body),
    )  # fmt: skip


bodies = st.recursive(
    outputs,
    lambda body: st.one_of(st.lists(body, min_size=1, max_size=4).map("".join), _statements(body)),
    max_leaves=8,
)


def _block(name: str) -> st.SearchStrategy[str]:
    kind = st.sampled_from(["", "", " scoped", " required"])
    return st.builds(
        lambda kind, body: (
            f"{{% block {name}{kind} %}}{'' if 'req' in kind else body}{{% endblock %}}"
        ),
        kind,
        bodies,
    )


@st.composite
def _base(draw: st.DrawFn) -> str:
    pieces = [draw(bodies), draw(_block("one")), draw(bodies), draw(_block("two"))]
    if draw(st.booleans()):
        pieces[1] = "{% for y in numbers %}" + pieces[1] + "{% endfor %}"
    return "".join(pieces)


@st.composite
def _child(draw: st.DrawFn) -> str:
    extends = draw(
        st.sampled_from(
            ["{% extends 'base' %}", "{% if x %}{% extends 'base' %}{% endif %}", "{% extends y %}"]
        )
    )
    return draw(bodies) + extends + draw(bodies) + draw(_block("one")) + draw(_block("three"))


@dataclass
class Case:
    """Templates, and how to render the one called ``main``."""

    templates: dict[str, str]
    options: dict[str, t.Any]
    variables: dict[str, str]
    renderings: int = 1


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Templates and variables."""
    templates = {
        "part": draw(bodies),
        "lib": "{% macro show(x, y='<y>') %}"
        + draw(bodies)
        + "{{ x }}{% endmacro %}{% set y = 'of lib' %}",
        "base": draw(_base()),
        "main": draw(st.one_of(bodies, _base(), _child())),
    }
    options = {
        "autoescape": draw(st.sampled_from([True, True, False, "by name"])),
        "undefined": draw(
            st.sampled_from(
                [Undefined, Undefined, StrictUndefined, ChainableUndefined, DebugUndefined]
            )
        ),
        "finalize": draw(st.sampled_from([None, None, None, _finalize, _finalize_in_context])),
        "optimized": draw(st.sampled_from([True, True, True, False])),
        "trim_blocks": draw(st.booleans()),
    }
    variables = {name: draw(st.sampled_from(NAMES)) for name in draw(st.sets(_variables))}
    return Case(templates, options, variables, draw(st.sampled_from([1, 1, 2])))


_variables = st.sampled_from(["x", "y", "z"])


def _finalize(value: t.Any) -> t.Any:
    return "(none)" if value is None else value


@jinja2.pass_context
def _finalize_in_context(context: t.Any, value: t.Any) -> t.Any:
    return f"{context.name} {value}"


# Outcomes


@jinja2.pass_context
def _contextual(context: t.Any, value: t.Any) -> str:
    return f"{value} in {context.name} with {context.get('x', 0)!r}"


EXTENSIONS = ["jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.i18n"]


def _furnish(environment: jinja2.Environment, log: list[str]) -> None:
    environment.globals["site"] = "<site>"
    if environment.autoescape == "by name":

        def escapes(name: str | None) -> bool:
            log.append(f"autoescape of {name}")
            return name != "part"

        environment.autoescape = escapes
    environment.filters["own"] = lambda value: log.append("own") or f"<{value}>"
    environment.filters["contextual"] = _contextual
    environment.filters["failing"] = fail
    environment.filters["stopping"] = stop
    environment.tests["own_test"] = lambda value: log.append("own_test") or bool(value)
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]


def _positions(error: BaseException) -> list[t.Any]:
    """Where in templates an error was raised, and which variables a debugger shows there."""
    found: list[t.Any] = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if code.co_filename in ("<template>", "<unknown>"):
            shown = sorted(name for name in frame.f_locals if name != "loop")
            found.append((line, code.co_name, shown))
    return found


def render(environment: jinja2.Environment, case: Case) -> list[t.Any]:
    """Return for each rendering the text, or what is to be seen of the error, and what spies
    wrote down.
    """
    log: list[str] = []
    _furnish(environment, log)
    environment.loader = jinja2.DictLoader(case.templates)
    found: list[t.Any] = []
    for _ in range(case.renderings):
        values = {name: make(log) for name, make in VALUES.items()}
        values |= {name: values[value] for name, value in case.variables.items()}
        try:
            outcome: t.Any = _clean(environment.get_template("main").render(values))
        except RecursionError:
            return ["too deep"]
        except Exception as error:
            outcome = type(error), _clean(str(error)), type(error.__cause__), _positions(error)
        found.append((outcome, log.copy()))
    return found


def _clean(text: str) -> str:
    """Leave out the addresses of objects."""
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def outcomes(case: Case) -> tuple[t.Any, t.Any]:
    """Return what this package and what Jinja make of a case."""
    app = Flask(__name__)
    ours = app.jinja_environment(app, extensions=EXTENSIONS, **case.options)
    theirs = jinja2.Environment(extensions=EXTENSIONS, **case.options)
    # The last rendering, or the only one, is by functions that append.
    with mock.patch.object(pending, "RENDERINGS", case.renderings - 1):
        return render(ours, case), render(theirs, case)
