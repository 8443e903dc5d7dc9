"""Flask-Caching: views, functions and template fragments cached in memory, files and Redis."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path

import pytest
from flask_caching import Cache

import flask


@pytest.fixture(params=["SimpleCache", "FileSystemCache", "RedisCache"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, object]:
    chosen: dict[str, object] = {"CACHE_TYPE": request.param}
    if request.param == "RedisCache":
        chosen["CACHE_REDIS_URL"] = request.getfixturevalue("redis_url")
    if request.param == "FileSystemCache":
        chosen["CACHE_DIR"] = str(tmp_path / "cache")
    return chosen


@pytest.fixture
def cache() -> Cache:
    return Cache()


@pytest.fixture
def app(settings: dict[str, object], cache: Cache) -> flask.Flask:
    app = flask.Flask(__name__)
    app.config.update(settings)
    cache.init_app(app)
    calls = count(1)

    @app.get("/page")
    @cache.cached(timeout=60)
    def page():
        return f"call {next(calls)}"

    @app.get("/short")
    @cache.cached(timeout=1)
    def short():
        return f"call {next(calls)}"

    @app.get("/query")
    @cache.cached(query_string=True)
    def query():
        return f"{sorted(flask.request.args.items())} call {next(calls)}"

    @app.get("/user/<name>")
    @cache.cached()
    def user(name: str):
        return f"{name} call {next(calls)}"

    @app.get("/made")
    @cache.cached()
    def made():
        answer = flask.make_response({"call": next(calls)}, 203)
        answer.headers["X-Made"] = "yes"
        return answer

    @app.get("/maybe")
    @cache.cached(unless=lambda: "fresh" in flask.request.args)
    def maybe():
        return f"call {next(calls)}"

    @app.get("/good")
    @cache.cached(response_filter=lambda answer: answer[1] == 200)
    def good():
        number = next(calls)
        return f"call {number}", 500 if number == 1 else 200

    @app.get("/fail")
    @cache.cached()
    def fail():
        if next(calls) == 1:
            raise RuntimeError("the first time")
        return "recovered"

    @app.get("/template")
    def template():
        return flask.render_template_string(
            "{% cache 60, 'part' %}call {{ number }}{% endcache %}", number=next(calls)
        )

    return app


def test_view_is_called_once(app: flask.Flask) -> None:
    client = app.test_client()
    assert [client.get("/page").text for _ in range(3)] == ["call 1"] * 3


def test_entry_ends_after_its_timeout(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get("/short").text == "call 1"
    deadline = time.monotonic() + 30
    while (text := client.get("/short").text) == "call 1" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert text == "call 2"


def test_path_and_if_asked_for_the_query_tell_entries_apart(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get("/user/ada").text == "ada call 1"
    assert client.get("/user/bob").text == "bob call 2"
    assert client.get("/user/ada?x=1").text == "ada call 1"
    assert client.get("/query?a=1&b=2").text == client.get("/query?b=2&a=1").text
    assert client.get("/query?a=2").text.endswith("call 4")


def test_response_is_kept_with_status_and_headers(app: flask.Flask) -> None:
    client = app.test_client()
    for _ in range(2):
        answer = client.get("/made")
        assert (answer.status_code, answer.headers["X-Made"]) == (203, "yes")
        assert answer.json == {"call": 1}


def test_cache_is_passed_by_on_a_condition(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get("/maybe").text == "call 1"
    assert client.get("/maybe?fresh").text == "call 2"
    assert client.get("/maybe").text == "call 1"


def test_filtered_answer_is_not_kept(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get("/good").status_code == 500
    assert client.get("/good").text == client.get("/good").text == "call 2"


def test_failure_is_not_kept(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get("/fail").status_code == 500
    assert client.get("/fail").text == "recovered"


def test_part_of_a_template_is_rendered_once(app: flask.Flask) -> None:
    client = app.test_client()
    assert [client.get("/template").text for _ in range(2)] == ["call 1", "call 1"]


def test_function_is_remembered_by_its_arguments(app: flask.Flask, cache: Cache) -> None:
    called: list[tuple[int, int]] = []

    @cache.memoize(60)
    def add(a: int, b: int = 1) -> int:
        called.append((a, b))
        return a + b

    with app.app_context():
        assert [add(1, 1), add(1), add(1, b=1), add(2)] == [2, 2, 2, 3]
        assert called == [(1, 1), (2, 1)]
        cache.delete_memoized(add, 2)
        assert [add(1), add(2)] == [2, 3]
        assert called == [(1, 1), (2, 1), (2, 1)]
        cache.delete_memoized(add)
        add(1)
        assert len(called) == 4


def test_view_can_be_forgotten_by_its_key(app: flask.Flask, cache: Cache) -> None:
    client = app.test_client()
    client.get("/page")
    with app.app_context():
        assert cache.delete("view//page")
    assert client.get("/page").text == "call 2"


def test_cache_holds_values_by_hand(app: flask.Flask, cache: Cache) -> None:
    with app.app_context():
        assert cache.set("a", {"n": 1})
        assert cache.set_many({"b": 2, "c": [3]})
        assert cache.get("a") == {"n": 1}
        assert cache.get_many("b", "c", "d") == [2, [3], None]
        assert cache.has("b")
        cache.delete("b")
        assert cache.get("b") is None
        cache.clear()
        assert cache.get("a") is None


def test_two_apps_have_caches_of_their_own(cache: Cache) -> None:
    apps = [flask.Flask(name) for name in ("one", "two")]
    for app in apps:
        cache.init_app(app, config={"CACHE_TYPE": "SimpleCache"})
        with app.app_context():
            cache.set("name", app.name)
    for app in apps:
        with app.app_context():
            assert cache.get("name") == app.name


def test_entry_is_shared_between_processes_through_redis(redis_url: str) -> None:
    settings = {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": redis_url}
    caches = [Cache(flask.Flask(name), config=settings) for name in ("one", "two")]
    with caches[0].app.app_context():
        caches[0].set("greeting", "hello")
    with caches[1].app.app_context():
        assert caches[1].get("greeting") == "hello"
