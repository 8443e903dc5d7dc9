"""Registries are plain containers to their users, and every write counts from the next request."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from flask import Flask


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "index")
    assert app.test_client().get("/").text == "index"
    return app


def answer(app: Flask) -> str:
    return app.test_client().get("/").text


WRITES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "setitem": lambda views: views.__setitem__("index", lambda: "changed"),
    "update": lambda views: views.update(index=lambda: "changed"),
    "ior": lambda views: views.__ior__({"index": lambda: "changed"}),
    "pop, setdefault": lambda views: (views.pop("index"), views.setdefault("index", changed)),
    "clear, update": lambda views: (views.clear(), views.update({"index": changed})),
    "del, set": lambda views: (views.__delitem__("index"), views.update(index=changed)),
    "popitem, set": lambda views: (views.popitem(), views.update(index=changed)),
}


def changed() -> str:
    return "changed"


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_write_to_the_views_counts(app: Flask, write: Callable[[Any], Any]) -> None:
    write(app.view_functions)
    assert answer(app) == "changed"


LIST_WRITES: dict[str, Callable[[list[Any]], Any]] = {
    "append": lambda hooks: hooks.append(changed),
    "insert": lambda hooks: hooks.insert(0, changed),
    "extend": lambda hooks: hooks.extend([changed]),
    "iadd": lambda hooks: hooks.__iadd__([changed]),
    "slice": lambda hooks: hooks.__setitem__(slice(0, 0), [changed]),
}


@pytest.mark.parametrize("write", LIST_WRITES.values(), ids=LIST_WRITES)
def test_every_write_to_a_list_of_hooks_counts(app: Flask, write: Callable[[Any], Any]) -> None:
    hooks = app.before_request_funcs.setdefault(None, [])
    assert answer(app) == "index"
    write(hooks)
    assert answer(app) == "changed"
    hooks.clear()
    assert answer(app) == "index"


REMOVALS: dict[str, Callable[[list[Any]], Any]] = {
    "pop": lambda hooks: hooks.pop(),
    "remove": lambda hooks: hooks.remove(changed),
    "del": lambda hooks: hooks.__delitem__(0),
    "imul": lambda hooks: hooks.__imul__(0),
    "slice": lambda hooks: hooks.__setitem__(slice(None), []),
}


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS)
def test_every_removal_of_a_hook_counts(app: Flask, remove: Callable[[Any], Any]) -> None:
    app.before_request_funcs[None].append(changed)
    assert answer(app) == "changed"
    remove(app.before_request_funcs[None])
    assert answer(app) == "index"


def test_a_new_order_of_hooks_counts(app: Flask) -> None:
    app.before_request_funcs[None] += [lambda: "first", lambda: "second"]
    assert answer(app) == "first"
    app.before_request_funcs[None].reverse()
    assert answer(app) == "second"
    app.before_request_funcs[None].sort(key=lambda hook: hook() != "first")
    assert answer(app) == "first"


def test_plain_containers_in_their_place_count_too(app: Flask) -> None:
    app.before_request_funcs = {None: [changed]}
    assert answer(app) == "changed"
    app.before_request_funcs[None].clear()
    assert answer(app) == "index"
    app.before_request_funcs[None] = [changed]
    assert answer(app) == "changed"
    app.view_functions = {"index": lambda: "replaced"}
    app.before_request_funcs = {}
    assert answer(app) == "replaced"


def test_an_error_handler_written_into_the_registry_counts(app: Flask) -> None:
    app.view_functions["index"] = lambda: {}["missing"]
    assert app.test_client().get("/").status_code == 500
    app.error_handler_spec[None][None][KeyError] = lambda error: "handled"
    assert answer(app) == "handled"


@pytest.mark.parametrize(
    "name", ["view_functions", "before_request_funcs", "teardown_appcontext_funcs"]
)
def test_copies_are_equal_and_apart(app: Flask, name: str) -> None:
    registry = getattr(app, name)
    for made in (copy.copy(registry), copy.deepcopy(registry)):
        assert made == registry
        made.clear()
    assert app.view_functions
    assert answer(app) == "index"


def test_a_deep_copy_has_copies_of_the_lists_inside(app: Flask) -> None:
    app.before_request_funcs[None].append(changed)
    made = copy.deepcopy(app.before_request_funcs)
    made[None].clear()
    assert answer(app) == "changed"


def test_a_pickle_is_of_plain_containers(app: Flask) -> None:
    app.extensions["x"] = 1
    app.teardown_appcontext_funcs.append(print)
    assert pickle.loads(pickle.dumps(app.teardown_appcontext_funcs)) == [print]
    app.view_functions.clear()
    app.view_functions["print"] = print
    loaded = pickle.loads(pickle.dumps(app.view_functions))
    assert loaded == {"print": print}
    assert type(loaded) is dict


def test_a_failed_write_raises_as_a_plain_container_does(app: Flask) -> None:
    with pytest.raises(KeyError):
        app.view_functions.pop("missing")
    with pytest.raises(ValueError, match="not in list"):
        app.before_request_funcs[None].remove(changed)
    assert answer(app) == "index"


def test_a_missing_list_is_made_where_one_is_asked_for(app: Flask) -> None:
    assert app.before_request_funcs["shop"] == []
    assert "shop" in app.before_request_funcs
    assert app.before_request_funcs.get("other") is None
