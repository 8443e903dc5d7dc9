"""From what hypothesis draws to the text of a program."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

from hypothesis import strategies as st

from .furniture import REQUESTS
from .parts import TARGETS, Part, Target

HEAD = """\
import hashlib, inspect, json, types
from unittest.mock import patch
import jinja2, werkzeug.datastructures, werkzeug.exceptions, werkzeug.routing, werkzeug.wrappers
import flask, flask.ctx, flask.json.provider, flask.sessions, flask.templating
from tests.differential.programs.furniture import add_hooks, ask, furnish

def program(lab):
"""


OPTIONS = (
    "SECRET_KEY='k'",
    "SECRET_KEY='k', TESTING=True",
    "SECRET_KEY='k', DEBUG=True",
    "SECRET_KEY=None",
)


@dataclass(frozen=True)
class Override:
    number: int
    target: str
    part: Part
    way: str
    effect: str
    late: bool


def member(override: Override, below: str) -> str:
    """The text that defines an override; ``below`` is the call of what it stands for."""
    part, tag = override.part, f"{override.target}.{override.part.name}"
    note = "" if part.quiet else f"lab.say({tag!r})\n    "
    change = part.change.replace("{name}", str(override.number))
    name = f"member{override.number}"
    if part.kind == "value":
        return f"{name} = {change}\n"
    if part.kind == "property":
        return (
            f"def {name}(self):\n    result = {below}\n    return {change}\n"
            f"{name} = property({name})\n"
        )
    if override.effect == "replace":
        body = f"return {part.replace}"
    elif override.effect == "change":
        body = f"result = {below}\n    return {change}"
    else:
        body = f"return {below}"
    text = f"def {name}(self, *args, **kwargs):\n    {note}{body}\n"
    return text + (f"{name} = classmethod({name})\n" if part.kind == "classmethod" else "")


def inner_call(part: Part, owner: str) -> str:
    """What an override in a class calls: the member below it in the order of bases."""
    if part.kind == "property":
        return f"super({owner}, self).{part.name}"
    return f"super({owner}, self).{part.name}(*args, **kwargs)"


def saved_call(part: Part, number: int) -> str:
    """What a patch calls: the member that it has replaced."""
    if part.kind == "property":
        return f"saved{number}.__get__(self, type(self))"
    if part.kind == "classmethod":
        return f"saved{number}.__func__(self, *args, **kwargs)"
    return f"saved{number}(self, *args, **kwargs)"


def as_class(override: Override, target: Target, base: str) -> tuple[str, str]:
    """Text that makes a class with the override, in itself or in a mixin, and the class's name."""
    cls, number = f"Own{override.number}", override.number
    owner = f"Mixin{number}" if override.way == "mixin" else cls
    text = member(override, inner_call(override.part, owner))
    body = f"{override.part.name} = member{number}"
    if override.way == "mixin":
        return f"{text}class {owner}:\n    {body}\nclass {cls}({owner}, {base}):\n    pass\n", cls
    return f"{text}class {cls}({base}):\n    {body}\n", cls


def as_patch(override: Override, owner: str) -> str:
    """Text that patches a class: by assignment, or by ``mock.patch.object``."""
    name, number = override.part.name, override.number
    target = f"{owner}, {name!r}, member{number}"
    patch = f"lab.patch({target})"
    if override.way == "mock":
        patch = f"lab.exit.enter_context(patch.object({target}))"
    return (
        f"saved{number} = inspect.getattr_static({owner}, {name!r})\n"
        f"{member(override, saved_call(override.part, number))}{patch}\n"
    )


def as_instance(override: Override, target: Target) -> str:
    """Text that puts the override on the object in use."""
    name, number, part = override.part.name, override.number, override.part
    text = member(override, f"getattr(type(self), {name!r})(self, *args, **kwargs)")
    found = "response" if override.target == "Response" else "found"
    value = f"member{number}"
    if part.kind != "value":
        value = f"types.MethodType({value}, {found})"
    assign = f"{found}.{name} = {value}\n"
    add = f".setdefault(None, []).append(hook{number})\n"
    if override.target == "Response":
        hook = f"def hook{number}(response):\n    {assign}    return response\n"
        return f"{text}{hook}app.after_request_funcs{add}"
    look = f"found = {target.instance}\n"
    if override.target == "Request":
        hook = f"def hook{number}():\n    {look}    {assign}"
        return f"{text}{hook}app.before_request_funcs{add}"
    return text + look + assign


def ways_of(target: Target, part: Part) -> list[str]:
    ways = ["class", "mock"]
    if target.use or target is TARGETS["Blueprint"]:
        ways += ["subclass", "mixin"]
    plain = part.kind in {"method", "value"} and not part.name.startswith("__")
    # Of a request, 'trusted_hosts' is looked at later than on the original: see differences.md.
    if target.instance and plain and part.name not in {"default", "trusted_hosts"}:
        ways.append("instance")
    return ways


def effects_of(part: Part) -> list[str]:
    if part.kind != "method":
        return ["change"]
    effects = ["note"]
    if part.change:
        effects.append("change")
    if part.replace:
        effects.append("replace")
    return effects


@st.composite
def overrides(draw: st.DrawFn, number: int) -> Override:
    target = draw(st.sampled_from(sorted(TARGETS)))
    part = draw(st.sampled_from(TARGETS[target].parts))
    way = draw(st.sampled_from(ways_of(TARGETS[target], part)))
    effect = draw(st.sampled_from(effects_of(part)))
    in_class = way in {"subclass", "mixin"}
    late = draw(st.booleans()) and not (in_class and TARGETS[target].early)
    return Override(number, target, part, way, effect, late)


def apply(override: Override, bases: dict[str, str]) -> str:
    """The text that makes an override and puts it to use; ``bases`` grows with own classes."""
    target = TARGETS[override.target]
    if override.way == "instance":
        return as_instance(override, target)
    if override.way in {"class", "mock"}:
        return as_patch(override, target.base)
    text, cls = as_class(override, target, bases.get(override.target, target.base))
    bases[override.target] = cls
    return text + (target.use.format(cls=cls) + "\n" if target.use else "")


@st.composite
def programs(draw: st.DrawFn) -> str:
    """The text of a program: some overrides, and requests before and after the late ones."""
    count = draw(st.integers(1, 3))
    drawn = [draw(overrides(number)) for number in range(count)]
    requests = st.lists(st.sampled_from(sorted(REQUESTS)), min_size=1, max_size=4)
    options = draw(st.sampled_from(OPTIONS))
    hooks = draw(st.booleans())
    bases: dict[str, str] = {}
    early = "".join(apply(o, bases) for o in drawn if not o.late)
    blueprint = bases.get("Blueprint", "flask.Blueprint")
    lines = [f"app = lab.app({options})"]
    lines.append(early)
    lines.append(f"furnish(lab, app, {blueprint})")
    if hooks:
        lines.append("add_hooks(lab, app)")
    lines.append("client = app.test_client()")
    first, second = draw(requests), draw(requests)
    lines.append(f"seen = [ask(lab, client, {first!r})]")
    late = "".join(apply(o, bases) for o in drawn if o.late)
    if late:
        lines.append(f"lab.say('late')\n{late}seen.append(ask(lab, client, {[*first, *second]!r}))")
    lines.append("return seen")
    return HEAD + indent("\n".join(lines), "    ") + "\n"
