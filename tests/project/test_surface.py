"""Every name, parameter, default, option and signal of Flask 3.1.3 is there and means the same.

The facts in ``tests/data/surface-3.1.3.json`` were taken by introspection of an installed Flask
3.1.3: names, signatures and values, no text. Each test collects every fact that does not hold and
fails with the list of their paths, so one run shows all that is missing.
"""

import importlib
import inspect
import json
import operator
import types
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import click
import pytest

import flask
from flask import cli, signals, testing

Fact = dict[str, Any]
Sample = Callable[[Any], Any]

FACTS: Fact = json.loads(
    (Path(__file__).parents[1] / "data" / "surface-3.1.3.json").read_text(encoding="utf-8")
)

PLAIN_TYPES = {"bool", "int", "float", "str", "bytes", "NoneType", "timedelta"}

# Bases and attributes that only newer releases of click give to its own classes.
NEW_IN_CLICK = {
    "CertParamType": {"ABC", "Generic"},
    "SeparatedPathType": {"ABC", "Generic"},
    "FlaskCliRunner": {"capture", "catch_exceptions"},
}

# How to get a live object of each class whose instances carry attributes of their own.
SAMPLES: dict[str, Sample] = {
    "flask.app.Flask": lambda it: it.app,
    "flask.sansio.app.App": lambda it: it.app,
    "flask.blueprints.Blueprint": lambda it: it.bp,
    "flask.sansio.blueprints.Blueprint": lambda it: it.bp,
    "flask.sansio.blueprints.BlueprintSetupState": lambda it: it.bp.make_setup_state(it.app, {}),
    "flask.cli.FlaskGroup": lambda it: cli.FlaskGroup(),
    "flask.cli.ScriptInfo": lambda it: cli.ScriptInfo(),
    "flask.config.Config": lambda it: it.app.config,
    "flask.ctx.AppContext": lambda it: flask.globals.app_ctx._get_current_object(),
    "flask.ctx.RequestContext": lambda it: it.ctx,
    "flask.templating.DispatchingJinjaLoader": lambda it: it.app.jinja_env.loader,
    "flask.templating.Environment": lambda it: it.app.jinja_env,
    "flask.testing.EnvironBuilder": lambda it: testing.EnvironBuilder(it.app),
    "flask.testing.FlaskCliRunner": lambda it: it.app.test_cli_runner(),
    "flask.testing.FlaskClient": lambda it: it.app.test_client(),
    "flask.wrappers.Request": lambda it: it.ctx.request,
    "flask.wrappers.Response": lambda it: it.app.make_response("x"),
}


@pytest.fixture(scope="module")
def live() -> Iterator[types.SimpleNamespace]:
    """An application, a blueprint and a pushed request context to take sample objects from."""
    app = flask.Flask("surface_sample", static_folder=None, root_path=str(Path(__file__).parent))
    app.secret_key = "sample"
    bp = flask.Blueprint("sample", "surface_sample", root_path=app.root_path)
    with app.test_request_context() as ctx:
        yield types.SimpleNamespace(app=app, bp=bp, ctx=ctx)


def spelled(value: object) -> str:
    """Write a value as the facts do; one without a stable repr is only named by its type."""
    kind = type(value).__name__
    if isinstance(value, type):
        return value.__qualname__
    if isinstance(value, (tuple, list)):
        return f"{kind}({', '.join(spelled(item) for item in value)})"
    if isinstance(value, (set, frozenset)):
        return f"{kind}({', '.join(sorted(spelled(item) for item in value))})"
    return repr(value) if kind in PLAIN_TYPES else f"<{kind}>"


def differs(wanted: str, found: str) -> bool:
    """Compare two spelled values; an opaque one, ``<Type>``, says nothing but that it is there."""
    return wanted != found and not wanted.startswith("<") and not found.startswith("<")


def parameter_faults(
    path: str, wanted: list[Fact], found: list[inspect.Parameter]
) -> Iterator[str]:
    """Yield what would break a call that the documented signature allows."""
    by_name = {p.name: p for p in found}
    kinds = {p.kind.name for p in found}
    positional = [p.name for p in found if p.kind < inspect.Parameter.VAR_POSITIONAL]
    for place, fact in enumerate(wanted):
        name, kind, spot = fact["name"], fact["kind"], f"{path}({fact['name']})"
        if kind.startswith("VAR_"):
            if kind not in kinds:
                yield f"{spot}: no {kind} parameter"
        elif name not in by_name:
            yield f"{spot}: missing"
        else:
            mine = by_name[name]
            if mine.kind.name not in (kind, "POSITIONAL_OR_KEYWORD"):
                yield f"{spot}: {mine.kind.name}, not {kind}"
            elif kind != "KEYWORD_ONLY" and positional[place : place + 1] != [name]:
                yield f"{spot}: not at place {place}"
            if "default" in fact:
                if mine.default is mine.empty:
                    yield f"{spot}: required, not {fact['default']}"
                elif differs(fact["default"], spelled(mine.default)):
                    yield f"{spot}: default {spelled(mine.default)}, not {fact['default']}"
    for name in by_name.keys() - {fact["name"] for fact in wanted}:
        mine = by_name[name]
        if mine.default is mine.empty and not mine.kind.name.startswith("VAR_"):
            yield f"{path}({name}): required, but unknown to callers"


def signature_of(func: Callable[..., Any], *, bound: bool = False) -> list[inspect.Parameter]:
    return list(inspect.signature(func).parameters.values())[bound:]


def member_faults(path: str, fact: Fact, static: object) -> Iterator[str]:
    """Compare one attribute found in a class body with what the facts say of it."""
    routine = isinstance(static, (staticmethod, classmethod)) or (
        callable(static) and not isinstance(static, type)
    )
    if (fact["kind"] == "method") != routine:
        yield f"{path}: {'callable' if routine else 'not callable'}, but was a {fact['kind']}"
    elif fact["kind"] == "method":
        binding = type(static).__name__ if isinstance(static, (staticmethod, classmethod)) else None
        if binding != fact.get("binding"):
            yield f"{path}: {binding}, not {fact.get('binding')}"
        func = getattr(static, "__func__", static)
        found = signature_of(func, bound=binding != "staticmethod")
        yield from parameter_faults(path, fact["params"], found)
    elif fact["kind"] == "attribute" and not hasattr(type(static), "__get__"):
        if differs(fact["value"], spelled(static)):
            yield f"{path}: {spelled(static)}, not {fact['value']}"
    elif fact.get("settable", True) and type(static) is property and static.fset is None:
        yield f"{path}: cannot be assigned"


def class_faults(path: str, fact: Fact, cls: object, sample: object) -> Iterator[str]:
    if not isinstance(cls, type):
        yield f"{path}: not a class"
        return
    excused = NEW_IN_CLICK.get(cls.__name__, set())
    lineage = {base.__name__ for base in cls.__mro__} | excused
    yield from (f"{path}: is no {base}" for base in fact["mro"] if base not in lineage)
    for name, member in fact["members"].items():
        try:
            static = inspect.getattr_static(cls, name)
        except AttributeError:
            # An attribute of data may live in the instance only, where users read it.
            if member["kind"] == "method" or not hasattr(sample, name):
                yield f"{path}.{name}: missing"
            continue
        yield from member_faults(f"{path}.{name}", member, static)
    for name, member in fact["foreign"].items():
        # What a library's class gives is the library's affair, unless it is overridden here.
        owner = next((base for base in cls.__mro__ if name in vars(base)), None)
        if owner is not None and owner.__module__.partition(".")[0] == "flask":
            yield from member_faults(f"{path}.{name}", member, vars(owner)[name])
    wanted = fact["instance"].keys() - excused
    yield from (f"{path}().{name}: missing" for name in sorted(wanted) if not hasattr(sample, name))


def resolve(path: str) -> object:
    parent, _, name = path.rpartition(".")
    module = importlib.import_module(parent)
    # A submodule becomes an attribute of its package only once somebody imported it.
    return getattr(module, name) if hasattr(module, name) else importlib.import_module(path)


def name_faults(path: str, fact: Fact, sample: object) -> Iterator[str]:
    try:
        found = resolve(path)
    except ImportError:
        yield f"{path}: missing"
        return
    match fact["kind"]:
        case "ref" if found is not resolve(fact["to"]):
            yield f"{path}: is not {fact['to']}"
        case "module" if not isinstance(found, types.ModuleType):
            yield f"{path}: not a module"
        case "class":
            yield from class_faults(path, fact, found, sample)
        case "function" if not callable(found):
            yield f"{path}: not callable"
        case "function":
            yield from parameter_faults(path, fact["params"], signature_of(found))
        case "instance" if differs(fact["value"], spelled(found)):
            yield f"{path}: {spelled(found)}, not {fact['value']}"


def listed(faults: Iterator[str]) -> str:
    return "\n".join(sorted(faults))


@pytest.mark.parametrize("module", FACTS["modules"])
def test_module_has_every_name_with_its_signature(module: str, live: types.SimpleNamespace) -> None:
    def faults() -> Iterator[str]:
        for name, fact in FACTS["modules"][module].items():
            path = f"{module}.{name}"
            sample = SAMPLES[path](live) if path in SAMPLES else None
            yield from name_faults(path, fact, sample)

    assert listed(faults()) == ""


def test_facts_are_whole() -> None:
    names = [fact for module in FACTS["modules"].values() for fact in module.values()]
    classes = [fact for fact in names if fact["kind"] == "class"]
    assert len(FACTS["modules"]) == 23
    assert len(names) > 250
    assert sum(len(fact["members"]) for fact in classes) > 500
    assert {
        f"{module}.{name}"
        for module, facts in FACTS["modules"].items()
        for name, fact in facts.items()
        if fact.get("instance")
    } <= SAMPLES.keys()


class Altered:
    """Stands in for a class that lost, renamed, closed or changed what the facts say of it."""

    limit = 5

    def call(self, first: int, renamed: int, *, last: int, extra: int) -> None:
        pass

    @property
    def fixed(self) -> int:
        return 1


def test_every_kind_of_change_is_reported_with_its_path() -> None:
    plain = "POSITIONAL_OR_KEYWORD"
    call = [
        {"name": "first", "kind": plain},
        {"name": "second", "kind": plain, "default": "None"},
        {"name": "last", "kind": plain, "default": "1"},
        {"name": "kwargs", "kind": "VAR_KEYWORD"},
    ]
    members = {
        "call": {"kind": "method", "params": call},
        "fixed": {"kind": "property", "settable": True},
        "gone": {"kind": "method", "params": []},
        "limit": {"kind": "attribute", "value": "4"},
    }
    fact = {"mro": ["dict"], "members": members, "foreign": {}, "instance": {"name": "str"}}
    assert listed(class_faults("A", fact, Altered, Altered())).splitlines() == [
        "A().name: missing",
        "A.call(extra): required, but unknown to callers",
        "A.call(kwargs): no VAR_KEYWORD parameter",
        "A.call(last): KEYWORD_ONLY, not POSITIONAL_OR_KEYWORD",
        "A.call(last): required, not 1",
        "A.call(renamed): required, but unknown to callers",
        "A.call(second): missing",
        "A.fixed: cannot be assigned",
        "A.gone: missing",
        "A.limit: 5, not 4",
        "A: is no dict",
    ]


def test_public_names_are_exactly_the_documented_ones() -> None:
    public = {
        name
        for name, value in vars(flask).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public - {"annotations"} == FACTS["all"].keys()  # that name is Python's own


def test_version_is_answered_by_the_distribution_and_by_the_module() -> None:
    version = metadata.version("flask")
    assert tuple(map(int, version.split(".")))[:3] == (3, 1, 3)
    with pytest.warns(DeprecationWarning, match="__version__"):
        assert flask.__version__ == version


def test_config_defaults_are_the_documented_ones() -> None:
    found = {key: spelled(value) for key, value in flask.Flask.default_config.items()}
    assert found == FACTS["default_config"]


def test_signals_have_their_names() -> None:
    found = {name: getattr(signals, name).name for name in FACTS["signals"]}
    assert found == FACTS["signals"]


def test_proxies_stand_for_the_objects_behind_them(live: types.SimpleNamespace) -> None:
    found = {}
    for name in FACTS["proxies"]:
        proxy = getattr(flask.globals, name)
        target = proxy._get_current_object()
        found[name] = {"proxy": type(proxy).__name__, "resolves": type(target).__name__}
    assert found == FACTS["proxies"]


def test_templates_have_the_documented_globals(live: types.SimpleNamespace) -> None:
    env = live.app.jinja_env
    context: dict[str, Any] = {}
    live.app.update_template_context(context)
    assert FACTS["jinja"]["globals"].keys() <= env.globals.keys()
    assert FACTS["jinja"]["policies"].keys() <= env.policies.keys()
    assert FACTS["template_context"].keys() <= context.keys()


def command_faults(path: str, fact: Fact, command: click.Command) -> Iterator[str]:
    params = {param.name: param for param in command.params}
    for name, wanted in fact["params"].items():
        spot, param = f"{path} {name}", params.get(name)
        if param is None:
            yield f"{spot}: missing"
            continue
        if not wanted["opts"].keys() <= {*param.opts, *param.secondary_opts}:
            yield f"{spot}: spelled {param.opts}, not {list(wanted['opts'])}"
        if wanted["type"] != type(param.type).__name__:
            yield f"{spot}: takes {type(param.type).__name__}, not {wanted['type']}"
        flags = operator.attrgetter("required", "multiple")(param)
        flags += (getattr(param, "is_flag", False),)
        if flags != (wanted["required"], wanted["multiple"], wanted["is_flag"]):
            yield f"{spot}: required, multiple, flag are {flags}"
        default = param.get_default(click.Context(command), call=False)
        # Releases of click differ in how they spell a flag that nobody set.
        if wanted["default"] != "None" and differs(wanted["default"], spelled(default)):
            yield f"{spot}: default {default!r}, not {wanted['default']}"
    for name, wanted in fact["commands"].items():
        below = getattr(command, "commands", {}).get(name)
        if below is None:
            yield f"{path} {name}: no such command"
        else:
            yield from command_faults(f"{path} {name}", wanted, below)


def test_command_line_has_every_command_and_option() -> None:
    assert listed(command_faults("flask", FACTS["cli"], cli.cli)) == ""
