"""Plans hold what an endpoint's requests take; what changes during a request is not in them."""

from __future__ import annotations

from typing import Any

import pytest

import flask
from flask import Blueprint, Flask, Request, request


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "plans"
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/other", "other", lambda: "other")
    return app


def test_a_request_that_a_hook_reroutes_gets_the_other_endpoints_hooks(app: Flask) -> None:
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/shop", "front", lambda: "front")
    seen: list[str] = []
    shop.after_request(lambda response: seen.append("after shop") or response)
    shop.teardown_request(lambda error: seen.append("teardown shop"))
    app.register_blueprint(shop)

    @app.before_request
    def reroute() -> None:
        if request.args.get("to") == "shop":
            request.url_rule = next(app.url_map.iter_rules("shop.front"))
            request.view_args = {}

    client = app.test_client()
    assert client.get("/").text == "index"
    assert seen == []
    assert client.get("/?to=shop").text == "front"
    assert seen == ["after shop", "teardown shop"]
    assert client.get("/").text == "index"
    assert len(seen) == 2


@pytest.mark.parametrize("replaces_a_step", [False, True])
def test_a_request_that_its_view_reroutes_ends_with_the_other_endpoints_hooks(
    app: Flask, replaces_a_step: bool
) -> None:
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/shop", "front", lambda: "front")
    seen: list[str] = []
    shop.after_request(lambda response: seen.append("after shop") or response)
    shop.teardown_request(lambda error: seen.append("teardown shop"))
    app.register_blueprint(shop)

    def view() -> str:
        if "shop" in request.args:
            request.url_rule = next(app.url_map.iter_rules("shop.front"))
        return "view"

    app.view_functions["index"] = view
    if replaces_a_step:
        inherited = app.make_response
        app.make_response = lambda rv: inherited(rv)  # type: ignore[method-assign]
    client = app.test_client()
    for _ in range(3):
        assert client.get("/").text == "view"
        assert seen == []
    assert client.get("/?shop").text == "view"
    assert seen == ["after shop", "teardown shop"]


def test_a_request_class_may_tell_other_blueprints_at_any_time(app: Flask) -> None:
    class Mine(Request):
        belongs_to: list[str] = []

        @property
        def blueprints(self) -> list[str]:
            return self.belongs_to

    seen: list[str] = []
    for name in ("one", "two"):
        blueprint = Blueprint(name, __name__)
        blueprint.before_request(lambda name=name: seen.append(f"before {name}"))
        blueprint.after_request(lambda r, name=name: seen.append(f"after {name}") or r)
        blueprint.teardown_request(lambda error, name=name: seen.append(f"teardown {name}"))
        app.register_blueprint(blueprint)
    app.request_class = Mine

    @app.before_request
    def belong() -> None:
        made: Any = request._get_current_object()
        made.belongs_to = request.args.getlist("to")

    client = app.test_client()
    client.get("/?to=one")
    assert "after one" in seen
    assert "teardown one" in seen
    assert not [what for what in seen if "two" in what]
    del seen[:]
    client.get("/?to=two")
    assert "after two" in seen
    assert not [what for what in seen if "one" in what]
    del seen[:]
    client.get("/")
    assert seen == []


def test_a_view_that_is_replaced_while_a_request_runs_is_called(app: Flask) -> None:
    @app.before_request
    def replace() -> None:
        app.view_functions["index"] = lambda: f"replaced in {request.path}"

    assert app.test_client().get("/").text == "replaced in /"


def test_hooks_that_a_view_adds_run_at_the_end_of_its_request(app: Flask) -> None:
    seen: list[str] = []

    def view() -> str:
        app.after_request_funcs[None].append(lambda r: seen.append("after") or r)
        app.teardown_request_funcs[None].append(lambda error: seen.append("teardown"))
        return "added"

    client = app.test_client()
    for _ in range(3):
        assert client.get("/other").text == "other"
    app.view_functions["index"] = view
    assert client.get("/").text == "added"
    assert seen == ["after", "teardown"]


@pytest.mark.parametrize("registry", ["after_request_funcs", "teardown_request_funcs"])
@pytest.mark.parametrize("place", ["view", "after_request"])
def test_a_hook_that_is_added_while_a_request_runs_counts_for_what_is_left_of_it(
    app: Flask, registry: str, place: str
) -> None:
    seen: list[str] = []
    adding: list[str] = []

    def add(value: Any = "view") -> Any:
        if adding:
            getattr(app, registry)[None].append(lambda value: seen.append("added") or value)
        return value

    if place == "view":
        app.view_functions["index"] = add
    else:
        app.after_request(add)
    client = app.test_client()
    for _ in range(3):
        client.get("/")
    adding.append("now")
    client.get("/")
    adding.clear()
    # The list of the functions after a view is fixed when the first of them runs.
    is_too_late = place == "after_request" and registry == "after_request_funcs"
    assert seen == ([] if is_too_late else ["added"])
    client.get("/")
    assert seen[-1] == "added"


def test_a_method_replaced_on_the_request_class_counts_from_the_next_request(app: Flask) -> None:
    class Mine(Request):
        pass

    app.request_class = Mine
    client = app.test_client()
    for _ in range(3):
        client.get("/")
    closed: list[str] = []
    Mine.close = lambda self: closed.append(self.path)  # type: ignore[method-assign]
    client.get("/")
    assert closed == ["/"]
    del Mine.close
    client.get("/")
    assert closed == ["/"]


def test_an_error_handler_that_a_view_adds_handles_its_error(app: Flask) -> None:
    def view() -> str:
        app.error_handler_spec[None][None][KeyError] = lambda error: f"handled {error}"
        raise KeyError("mine")

    app.view_functions["index"] = view
    assert app.test_client().get("/").text == "handled 'mine'"


def test_handlers_are_found_again_after_a_change(app: Flask) -> None:
    app.view_functions["index"] = lambda: {}["missing"]
    client = app.test_client()
    handlers = app.error_handler_spec[None][None]
    handlers[LookupError] = lambda error: "lookup"
    assert client.get("/").text == "lookup"
    handlers[KeyError] = lambda error: "key"
    assert client.get("/").text == "key"
    del handlers[KeyError]
    assert client.get("/").text == "lookup"
    handlers.clear()
    assert client.get("/").status_code == 500


@pytest.mark.parametrize("name", ["request_class", "response_class", "session_interface", "json"])
def test_a_setting_replaced_between_requests_counts(app: Flask, name: str) -> None:
    client = app.test_client()
    assert client.get("/").status_code == 200
    seen: list[str] = []

    class OwnRequest(Request):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            seen.append("request_class")
            super().__init__(*args, **kwargs)

    class OwnResponse(flask.Response):
        def get_wsgi_headers(self, environ: Any) -> Any:
            seen.append("response_class")
            return super().get_wsgi_headers(environ)

    class OwnInterface(flask.sessions.SecureCookieSessionInterface):
        def open_session(self, app: Flask, request: Request) -> Any:
            seen.append("session_interface")
            return super().open_session(app, request)

    class OwnJson(flask.json.provider.DefaultJSONProvider):
        def dumps(self, obj: Any, **kwargs: Any) -> str:
            seen.append("json")
            return super().dumps(obj, **kwargs)

    value = {
        "request_class": OwnRequest,
        "response_class": OwnResponse,
        "session_interface": OwnInterface(),
        "json": OwnJson(app),
    }[name]
    app.view_functions["index"] = lambda: [request.path]
    setattr(app, name, value)
    assert client.get("/").json == ["/"]
    assert name in seen


def test_hosts_that_are_trusted_from_now_on_count(app: Flask) -> None:
    client = app.test_client()
    for _ in range(3):
        assert client.get("/", base_url="http://example.com").text == "index"
    app.config["TRUSTED_HOSTS"] = ["example.org"]
    assert client.get("/", base_url="http://example.com").status_code == 400
    assert client.get("/", base_url="http://example.org").text == "index"
    app.config["TRUSTED_HOSTS"] = None
    assert client.get("/", base_url="http://example.com").text == "index"


def test_hosts_that_the_request_class_trusts_from_now_on_count(app: Flask) -> None:
    class Mine(Request):
        pass

    app.request_class = Mine
    client = app.test_client()
    for _ in range(3):
        assert client.get("/", base_url="http://example.com").text == "index"
    Mine.trusted_hosts = ["example.org"]
    assert client.get("/", base_url="http://example.com").status_code == 400
    assert client.get("/", base_url="http://example.org").text == "index"


def test_two_applications_of_one_class_have_plans_of_their_own() -> None:
    class Shop(Flask):
        pass

    one, two = Shop("one"), Shop("two")
    for app in (one, two):
        app.add_url_rule("/", "index", lambda app=app: app.name)
    assert one.test_client().get("/").text == "one"
    assert two.test_client().get("/").text == "two"
    one.view_functions["index"] = lambda: "changed"
    assert one.test_client().get("/").text == "changed"
    assert two.test_client().get("/").text == "two"


def test_a_changed_class_of_the_application_counts(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/").text == "index"

    class Loud(Flask):
        def make_response(self, rv: Any) -> flask.Response:
            return super().make_response(f"{rv}!")

    app.__class__ = Loud
    assert client.get("/").text == "index!"
    app.__class__ = Flask
    assert client.get("/").text == "index"
