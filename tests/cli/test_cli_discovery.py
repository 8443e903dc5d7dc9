"""Finding the application: in a module, by a name or a call, and in files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from flask import Flask
from flask.cli import (
    NoAppException,
    find_app_by_string,
    find_best_app,
    locate_app,
    prepare_import,
)

Write = Callable[[str, str], Path]

FIRST = Flask("first")
SECOND = Flask("second")


class Shop(Flask):
    pass


SHOP = Shop("shop")


def module(**members: Any) -> ModuleType:
    made = ModuleType("project")
    vars(made).update(members)
    return made


def make_first() -> Flask:
    return FIRST


def make_named(name: str) -> Flask:
    return Flask(name)


def make_any(*args: Any, **kwargs: Any) -> Flask:
    app = Flask("made")
    app.config["ARGUMENTS"] = args, kwargs
    return app


def make_nothing() -> None:
    return None


def confuse_types() -> Flask:
    raise TypeError("in the factory")


# In a module


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"app": FIRST}, FIRST),
        ({"application": FIRST}, FIRST),
        ({"application": SECOND, "app": FIRST}, FIRST),
        ({"app": "no application", "application": SECOND}, SECOND),
        ({"anything": FIRST}, FIRST),
        ({"_hidden": FIRST}, FIRST),
        ({"shop": SHOP}, SHOP),
        ({"anything": SECOND, "create_app": make_first}, SECOND),
        ({"app": FIRST, "other": SECOND}, FIRST),
        ({"create_app": make_first}, FIRST),
        ({"make_app": make_first}, FIRST),
        ({"create_app": lambda name="default", *, debug=False: FIRST}, FIRST),
        ({"create_app": make_nothing, "make_app": make_first}, FIRST),
    ],
)
def test_best_app(members: dict[str, Any], expected: Flask) -> None:
    assert find_best_app(module(**members)) is expected


@pytest.mark.parametrize(
    ("members", "opening"),
    [
        ({}, "Failed to find Flask application or factory in"),
        ({"x": 1}, "Failed to find Flask application or factory in"),
        ({"create_app": make_nothing}, "Failed to find Flask application or factory in"),
        ({"create_app": Flask}, "Failed to find Flask application or factory in"),
        ({"app": make_first}, "Failed to find Flask application or factory in"),
        ({"one": FIRST, "two": SECOND}, "Detected multiple Flask applications"),
        ({"one": FIRST, "same": FIRST}, "Detected multiple Flask applications"),
        ({"create_app": make_named}, "Detected factory 'create_app'"),
        ({"create_app": make_named, "make_app": make_first}, "Detected factory 'create_app'"),
    ],
)
def test_no_best_app(members: dict[str, Any], opening: str) -> None:
    with pytest.raises(NoAppException) as caught:
        find_best_app(module(**members))
    assert caught.value.message.startswith(opening)
    assert "'project'" in caught.value.message


@pytest.mark.parametrize("error", [TypeError, ValueError])
def test_error_inside_of_a_factory_comes_through(error: type[Exception]) -> None:
    def create_app() -> Flask:
        raise error("in the factory")

    with pytest.raises(error, match="in the factory"):
        find_best_app(module(create_app=create_app))


# By a name or a call

PROJECT = module(
    app=FIRST,
    shop=SHOP,
    make_first=make_first,
    make_named=make_named,
    make_any=make_any,
    make_nothing=make_nothing,
    confuse_types=confuse_types,
    number=3,
    kind=Flask,
    namespace=SimpleNamespace(app=FIRST, make=make_first),
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("app", "first"),
        ("  app\n", "first"),
        ("shop", "shop"),
        ("make_first", "first"),
        ("make_first()", "first"),
        ("make_first( )", "first"),
        ("make_named('here')", "here"),
        ('make_named("a:b")', "a:b"),
        ("make_named(name='key')", "key"),
        ("app()", "first"),
    ],
)
def test_app_by_string(text: str, name: str) -> None:
    assert find_app_by_string(PROJECT, text).name == name


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", ((), {})),
        ("1, -2.5, 'x', b'y', True, None", ((1, -2.5, "x", b"y", True, None), {})),
        ("[1, (2,)], key={'a': {3}}", (([1, (2,)],), {"key": {"a": {3}}})),
    ],
)
def test_literal_arguments_of_a_factory(arguments: str, expected: object) -> None:
    app = find_app_by_string(PROJECT, f"make_any({arguments})")
    assert app.config["ARGUMENTS"] == expected


def test_keywords_from_a_literal_dictionary() -> None:
    app = find_app_by_string(PROJECT, "make_any(1, **{'key': 2})")
    assert app.config["ARGUMENTS"] == ((1,), {"key": 2})


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("nothing", "Failed to find attribute 'nothing'"),
        ("nothing()", "Failed to find attribute 'nothing'"),
        ("number", "A valid Flask application was"),
        ("number()", "A valid Flask application was"),
        ("kind", "A valid Flask application was"),
        ("kind('x')", "A valid Flask application was"),
        ("make_nothing", "A valid Flask application was"),
        ("make_named", "The factory 'make_named'"),
        ("make_named()", "The factory 'make_named()'"),
        ("make_named(1, 2)", "The factory 'make_named(1, 2)'"),
        ("make_any(name)", "Failed to parse arguments as literal"),
        ("make_any(key=name)", "Failed to parse arguments as literal"),
        ("make_any(1 + 1)", "Failed to parse arguments as literal"),
        ("make_any(*[1])", "Failed to parse arguments as literal"),
        ("make_any(**[1])", "Failed to parse arguments as literal"),
        ("make_any(**name)", "Failed to parse arguments as literal"),
        ("make_any(f'{1}')", "Failed to parse arguments as literal"),
        ("namespace.make()", "Function reference must be a"),
        ("make_first()()", "Function reference must be a"),
        ("namespace.app", "Failed to parse 'namespace.app'"),
        ("", "Failed to parse ''"),
        ("app:other", "Failed to parse 'app:other'"),
        ("two words", "Failed to parse 'two words'"),
        ("import os", "Failed to parse 'import os'"),
        ("1", "Failed to parse '1'"),
        ("'app'", "Failed to parse \"'app'\""),
    ],
)
def test_no_app_by_string(text: str, opening: str) -> None:
    with pytest.raises(NoAppException) as caught:
        find_app_by_string(PROJECT, text)
    assert caught.value.message.startswith(opening)


@pytest.mark.parametrize("text", ["confuse_types", "confuse_types()"])
def test_error_inside_of_a_named_factory_comes_through(text: str) -> None:
    with pytest.raises(TypeError, match="in the factory"):
        find_app_by_string(PROJECT, text)


# Files


@pytest.fixture
def tree(write: Write, project: Path) -> Path:
    for name in ("single.py", "pack/__init__.py", "pack/inner.py", "pack/deep/__init__.py"):
        write(name, "")
    write("pack/deep/leaf.py", "")
    write("plain/other.py", "")
    return project


@pytest.mark.parametrize(
    ("path", "name", "root"),
    [
        ("single", "single", "."),
        ("single.py", "single", "."),
        ("./single.py", "single", "."),
        ("pack/../single.py", "single", "."),
        ("pack", "pack", "."),
        ("pack/", "pack", "."),
        ("pack/__init__.py", "pack", "."),
        ("pack/inner.py", "pack.inner", "."),
        ("pack/inner", "pack.inner", "."),
        ("pack/deep/leaf.py", "pack.deep.leaf", "."),
        ("plain/other.py", "other", "plain"),
        ("pack.inner", "pack.inner", "."),
        ("missing", "missing", "."),
        ("notes.txt", "notes.txt", "."),
        ("versioned.1.py", "versioned.1", "."),
    ],
)
def test_prepare_import(tree: Path, path: str, name: str, root: str) -> None:
    assert prepare_import(path) == name
    assert sys.path[0] == str((tree / root).resolve())


def test_prepare_import_leaves_a_path_that_is_first(tree: Path) -> None:
    prepare_import("single.py")
    before = sys.path[:]
    prepare_import("pack/inner.py")
    assert sys.path == before


def test_prepare_import_of_absolute_paths(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert prepare_import(str(tree / "pack" / "inner.py")) == "pack.inner"
    assert sys.path[0] == str(tree.resolve())


def test_prepare_import_follows_symbolic_links(tree: Path) -> None:
    os.symlink("pack/inner.py", "link.py")
    assert prepare_import("link.py") == "pack.inner"


# Modules


@pytest.fixture
def modules(write: Write, monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    write("good.py", "from flask import Flask\napp = Flask('good')\n")
    write("empty.py", "")
    write("wants_missing.py", "import no_such_module_here\n")
    write("wants_deeper.py", "import wants_missing\n")
    write("wants_name.py", "from os import no_such_name\n")
    write("raises_import_error.py", "raise ImportError('by hand')\n")
    write("divides.py", "1 / 0\n")
    write("unparsable.py", "app =\n")
    write("leaves.py", "raise SystemExit(3)\n")
    monkeypatch.syspath_prepend(str(project))


@pytest.mark.usefixtures("modules")
def test_locate_app_in_a_module() -> None:
    for app in (locate_app("good", None), locate_app("good", "app")):
        assert app is not None
        assert app.name == "good"


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize("name", ["missing", "good.missing", "missing.deeper"])
def test_locate_app_in_a_module_that_does_not_exist(name: str) -> None:
    with pytest.raises(NoAppException, match=f"^Could not import '{name}'") as caught:
        locate_app(name, None)
    assert "Traceback" not in caught.value.message
    assert locate_app(name, None, raise_if_not_found=False) is None
    assert locate_app(name, "app", False) is None


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize("raise_if_not_found", [True, False])
@pytest.mark.parametrize(
    "name", ["wants_missing", "wants_deeper", "wants_name", "raises_import_error"]
)
def test_locate_app_in_a_module_that_fails_to_import(name: str, raise_if_not_found: bool) -> None:
    with pytest.raises(NoAppException, match=f"^While importing '{name}'") as caught:
        locate_app(name, None, raise_if_not_found)
    assert "Traceback" in caught.value.message
    assert f"{name}.py" in caught.value.message
    assert "discovery.py" not in caught.value.message


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize("raise_if_not_found", [True, False])
@pytest.mark.parametrize(
    ("name", "error"),
    [("divides", ZeroDivisionError), ("unparsable", SyntaxError), ("leaves", SystemExit)],
)
def test_other_errors_of_a_module_come_through(
    name: str, error: type[BaseException], raise_if_not_found: bool
) -> None:
    with pytest.raises(error):
        locate_app(name, None, raise_if_not_found)


@pytest.mark.usefixtures("modules")
def test_locate_app_in_a_module_without_one() -> None:
    with pytest.raises(NoAppException, match=r"^Failed to find Flask application or factory"):
        locate_app("empty", None, raise_if_not_found=False)
