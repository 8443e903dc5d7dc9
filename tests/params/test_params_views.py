"""Typed views: what reaches the view, and what is called where views are registered or wrapped."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import pytest
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.routing import Rule

from flask import Blueprint, Flask, abort, g, json, request
from flask.params import (
    Body,
    Cookie,
    Header,
    InvalidInput,
    Query,
    answer_with_problems,
    compile_views,
    responds,
    typed,
)
from flask.views import MethodView, View


class Item(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    price: Annotated[float, msgspec.Meta(ge=0)]
    tags: list[str] = []


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.testing = True
    return app


def pointers(response: Any) -> list[str]:
    """List the places of a refusal's faults, as ``in pointer``."""
    assert response.content_type == "application/problem+json"
    document = response.get_json(force=True)
    assert document["status"] == response.status_code
    return [f"{error['in']} {error['pointer']}" for error in document["errors"]]


def declare_store(app: Flask) -> None:
    @app.put("/items/<int:item_id>")
    def put_item(
        item_id: int,
        item: Body[Item],
        notify: Query[bool] = False,
        page: Annotated[int, Query(ge=1)] = 1,
        x_request_id: Header[str | None] = None,
        theme: Cookie[Literal["dark", "light"]] = "light",
    ) -> dict[str, Any]:
        return {
            "id": item_id,
            "name": item.name,
            "notify": notify,
            "page": page,
            "request": x_request_id,
            "theme": theme,
        }


def test_each_parameter_comes_from_its_source(app: Flask) -> None:
    declare_store(app)
    client = app.test_client()
    client.set_cookie("theme", "dark")
    response = client.put(
        "/items/7?notify=true&page=3",
        json={"name": "Lamp", "price": 2},
        headers={"X-Request-Id": "abc"},
    )
    assert response.json == {
        "id": 7,
        "name": "Lamp",
        "notify": True,
        "page": 3,
        "request": "abc",
        "theme": "dark",
    }


def test_parameters_that_are_not_sent_have_their_defaults(app: Flask) -> None:
    declare_store(app)
    response = app.test_client().put("/items/7", json={"name": "Lamp", "price": 2})
    assert response.json == {
        "id": 7,
        "name": "Lamp",
        "notify": False,
        "page": 1,
        "request": None,
        "theme": "light",
    }


def test_a_refusal_lists_the_faults_of_all_sources(app: Flask) -> None:
    declare_store(app)
    client = app.test_client()
    client.set_cookie("theme", "blue")
    response = client.put(
        "/items/7?notify=maybe&page=0", json={"name": "", "price": -1, "tags": ["a", 1, 2]}
    )
    assert response.status_code == 422
    assert pointers(response) == [
        "query /notify",
        "query /page",
        "cookie /theme",
        "body /name",
        "body /price",
        "body /tags/1",
        "body /tags/2",
    ]


def test_a_body_that_is_not_json_is_refused_with_the_other_faults(app: Flask) -> None:
    declare_store(app)
    response = app.test_client().put(
        "/items/7?page=0", data=b'{"name": }', content_type="application/json"
    )
    assert response.status_code == 400
    assert pointers(response) == ["query /page", "body "]
    assert "byte 9" in response.get_json(force=True)["errors"][1]["message"]


def test_error_handlers_get_refusals(app: Flask) -> None:
    bp = Blueprint("bp", __name__, url_prefix="/bp")

    @bp.get("/")
    def view(page: Query[int]) -> str:
        return str(page)

    @bp.errorhandler(422)
    def in_blueprint(error: InvalidInput) -> tuple[str, int]:
        return f"bp {error.errors[0].pointer}", 422

    @app.errorhandler(InvalidInput)
    def in_app(error: InvalidInput) -> tuple[str, int]:
        return f"app {error.errors[0].pointer}", 422

    app.register_blueprint(bp)
    declare_store(app)
    client = app.test_client()
    assert client.get("/bp/?page=x").text == "bp /page"
    assert client.put("/items/1?page=x", json={"name": "a", "price": 1}).text == "app /page"
    assert client.get("/bp/?page=2").text == "2"


def test_a_coroutine_view_takes_parameters(app: Flask) -> None:
    @app.get("/")
    async def view(page: Query[int]) -> Item:
        await asyncio.sleep(0)
        return Item(str(page), page)

    client = app.test_client()
    assert client.get("/?page=2").json == {"name": "2", "price": 2.0, "tags": []}
    assert client.get("/?page=x").status_code == 422


@pytest.mark.parametrize("every", [True, False])
def test_methods_of_a_class_take_parameters(app: Flask, every: bool) -> None:
    class Items(MethodView):
        init_every_request = every

        def get(self, number: int, page: Query[int] = 1) -> Item:
            return Item("got", number + page)

        async def put(self, number: int, item: Body[Item]) -> tuple[Item, Literal[201]]:
            return item, 201

        def delete(self, number: int) -> str:
            return "plain"

    app.add_url_rule("/<int:number>", view_func=Items.as_view("items"))
    client = app.test_client()
    assert client.get("/1?page=2").json == {"name": "got", "price": 3.0, "tags": []}
    assert client.head("/1?page=2").status_code == 200
    assert pointers(client.get("/1?page=x")) == ["query /page"]
    made = client.put("/1", json={"name": "a", "price": 1})
    assert (made.status_code, made.json["name"]) == (201, "a")
    assert pointers(client.put("/1", json={})) == ["body /name", "body /price"]
    assert client.delete("/1?page=x").text == "plain"


def test_a_view_class_takes_parameters(app: Flask) -> None:
    class Show(View):
        def dispatch_request(self, page: Query[int]) -> str:
            return str(page)

    app.add_url_rule("/", view_func=Show.as_view("show"))
    assert app.test_client().get("/?page=2").text == "2"
    assert app.test_client().get("/").status_code == 422


def test_blueprints_register_typed_views(app: Flask) -> None:
    bp = Blueprint("shop", __name__, url_prefix="/<int:shop>")

    @bp.get("/items")
    def items(shop: int, page: Query[int]) -> dict[str, int]:
        return {"shop": shop, "page": page}

    app.register_blueprint(bp)
    app.register_blueprint(bp, name="again", url_prefix="/again/<int:shop>")
    client = app.test_client()
    assert client.get("/3/items?page=1").json == {"shop": 3, "page": 1}
    assert client.get("/again/3/items?page=1").json == {"shop": 3, "page": 1}


def test_the_decorated_function_stays_an_ordinary_one(app: Flask) -> None:
    @app.post("/")
    def view(item: Body[Item], page: Query[int] = 1) -> Item:
        return item

    item = Item("direct", 1)
    assert view(item) is item


def test_the_registered_view_looks_like_the_function(app: Flask) -> None:
    def view(page: Query[int] = 1) -> str:
        """Show a page."""
        return str(page)

    view.exempt = True  # type: ignore[attr-defined]
    app.add_url_rule("/", view_func=view)
    registered: Any = app.view_functions["view"]
    assert registered is not view
    assert registered.__name__ == "view"
    assert registered.__module__ == __name__
    assert registered.__doc__ == "Show a page."
    assert registered.__wrapped__ is view
    assert registered.exempt


def test_one_view_may_have_several_rules(app: Flask) -> None:
    @app.get("/")
    @app.get("/all")
    def view(page: Query[int] = 1) -> str:
        return str(page)

    client = app.test_client()
    assert client.get("/").text == client.get("/all?page=1").text == "1"


def test_another_view_for_an_endpoint_is_still_refused(app: Flask) -> None:
    def first(page: Query[int] = 1) -> str:
        return ""

    def second(page: Query[int] = 1) -> str:
        return ""

    app.add_url_rule("/", "same", first)
    with pytest.raises(AssertionError, match="overwriting an existing endpoint"):
        app.add_url_rule("/2", "same", second)


def counting(calls: list[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            calls.append(",".join(sorted(kwargs)))
            return view(*args, **kwargs)

        return wrapper

    return decorate


def test_decorators_see_the_parameters(app: Flask) -> None:
    calls: list[str] = []

    @app.get("/<int:number>")
    @counting(calls)
    def view(number: int, page: Query[int]) -> Item:
        return Item("a", number + page)

    client = app.test_client()
    assert client.get("/1?page=x").status_code == 422
    assert calls == []
    assert client.get("/1?page=2").json["price"] == 3.0
    assert calls == ["number,page"]


def test_decorators_above_typed_run_before_parameters_are_read(app: Flask) -> None:
    calls: list[str] = []

    @app.get("/<int:number>")
    @counting(calls)
    @typed
    def view(number: int, page: Query[int]) -> Item:
        return Item("a", number + page)

    client = app.test_client()
    assert client.get("/1?page=x").status_code == 422
    assert calls == ["number"]
    assert client.get("/1?page=2").json["price"] == 3.0


def test_typed_works_on_a_method(app: Flask) -> None:
    class Items(MethodView):
        @typed
        def get(self, page: Query[int]) -> Item:
            return Item("a", page)

    app.add_url_rule("/", view_func=Items.as_view("items"))
    assert app.test_client().get("/?page=2").json["price"] == 2.0
    assert app.test_client().get("/?page=x").status_code == 422


def test_a_decorator_around_a_compiled_view_is_not_lost(app: Flask) -> None:
    def view(page: Query[int]) -> str:
        return str(page)

    calls: list[str] = []
    app.add_url_rule("/bare", "bare", view)
    app.add_url_rule("/counted", "counted", counting(calls)(view))
    client = app.test_client()
    assert client.get("/bare?page=1").text == client.get("/counted?page=1").text == "1"
    assert calls == ["page"]


def test_an_extension_may_wrap_the_registered_view(app: Flask) -> None:
    calls: list[str] = []

    @app.get("/<int:number>")
    def view(number: int, page: Query[int]) -> str:
        return str(number + page)

    app.view_functions["view"] = counting(calls)(app.view_functions["view"])
    assert app.test_client().get("/1?page=2").text == "3"
    assert calls == ["number"]


def test_hooks_run_before_parameters_are_read(app: Flask) -> None:
    @app.before_request
    def stop() -> tuple[str, int] | None:
        return ("stopped", 401) if "stop" in request.args else None

    @app.get("/")
    def view(page: Query[int]) -> str:
        return str(page)

    client = app.test_client()
    assert client.get("/?stop=1&page=x").status_code == 401
    assert client.get("/?page=x").status_code == 422
    assert client.get("/?page=4").text == "4"


def test_overridden_dispatch_gets_a_view_that_takes_what_routing_found(app: Flask) -> None:
    class Own(Flask):
        def dispatch_request(self) -> Any:
            g.dispatched = True
            assert request.endpoint is not None
            return self.view_functions[request.endpoint](**(request.view_args or {}))

    own = Own(__name__)
    declare_store(own)
    response = own.test_client().put("/items/7?page=3", json={"name": "a", "price": 1})
    assert response.json["page"] == 3


def test_an_untyped_view_may_use_a_name_that_is_assigned_below_it() -> None:
    app = Flask(__name__)

    @app.get("/")
    def view() -> str:
        return later

    later = "assigned later"
    assert app.test_client().get("/").text == later


def test_names_of_a_factory_are_found() -> None:
    def create_app() -> Flask:
        class Local(msgspec.Struct):
            size: int

        app = Flask(__name__)

        @app.post("/")
        def view(it: Body[Local]) -> Local:
            return it

        return app

    assert create_app().test_client().post("/", json={"size": 1}).json == {"size": 1}


def test_an_unknown_type_of_a_parameter_is_named_at_set_up(app: Flask) -> None:
    def view(it: Body[Missing]) -> str:  # type: ignore[name-defined]  # noqa: F821
        return ""

    with pytest.raises(TypeError, match=r"'Body\[Missing\]' of 'it'.*importable at run time"):
        app.add_url_rule("/", view_func=view)


def test_annotations_of_other_views_are_none_of_our_business(app: Flask) -> None:
    @app.get("/<name>")
    def view(name: Missing) -> AlsoMissing:  # type: ignore[name-defined]  # noqa: F821
        return name

    assert app.test_client().get("/a").text == "a"
    assert app.view_functions["view"] is view


def test_two_bodies_are_refused_at_set_up(app: Flask) -> None:
    def view(one: Body[Item], two: Body[Item]) -> str:
        return ""

    with pytest.raises(TypeError, match="more than once, by 'one', 'two'"):
        app.add_url_rule("/", view_func=view)


def test_untyped_views_are_registered_as_they_are(app: Flask) -> None:
    def view(name: str = "a") -> dict[str, list[int]]:
        return {name: [1]}

    app.add_url_rule("/", view_func=view)
    assert app.view_functions["view"] is view


def test_responds_sets_the_status(app: Flask) -> None:
    @app.post("/")
    @responds(201)
    def view(item: Body[Item]) -> Item:
        return item

    assert app.test_client().post("/", json={"name": "a", "price": 1}).status_code == 201


def test_mutable_defaults_are_the_functions_own(app: Flask) -> None:
    default: list[int] = [1]
    seen = []

    @app.get("/")
    def view(ids: Query[list[int]] = default) -> str:
        seen.append(ids)
        return ""

    app.test_client().get("/")
    assert seen[0] is default


def test_applications_without_typed_views_import_no_msgspec() -> None:
    code = (
        "import sys, flask; app = flask.Flask('a'); app.add_url_rule('/', 'a', lambda: 'a');"
        "app.test_client().get('/');"
        "print([m for m in sys.modules if m.startswith(('msgspec', 'flask.params', 'pydantic'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_whatever_is_callable_may_be_a_view(app: Flask) -> None:
    class Sized:
        size: Query[int]  # annotates the class, and is no parameter

        def __call__(self, page: Query[int] = 1) -> str:
            return str(page)

    class Plain:
        size: Query[int]

        def __new__(cls) -> Any:
            return "plain"

    app.add_url_rule("/dict", "dict", dict)
    app.add_url_rule("/object", "object", Sized())
    app.add_url_rule("/method", "method", Sized().__call__)
    app.add_url_rule("/class", "class", Plain)
    app.add_url_rule("/partial", "partial", functools.partial(str, "partial"))
    client = app.test_client()
    assert client.get("/dict").json == {}
    assert client.get("/object?page=2").text == client.get("/method?page=2").text == "2"
    assert (
        client.get("/object?page=x").status_code == client.get("/method?page=x").status_code == 422
    )
    assert client.get("/class").text == "plain"
    assert client.get("/partial").text == "partial"
    assert app.view_functions["dict"] is dict


def test_variables_of_the_path_are_held_to_their_annotation(app: Flask) -> None:
    @app.get("/<int:number>/<word>")
    def view(
        number: Annotated[int, msgspec.Meta(le=9)], word: Annotated[int, msgspec.Meta(ge=1)]
    ) -> dict[str, int]:
        return {"number": number, "word": word}

    client = app.test_client()
    assert client.get("/9/3").json == {"number": 9, "word": 3}
    refused = client.get("/10/0")
    assert refused.status_code == 422
    assert pointers(refused) == ["path /number", "path /word"]
    assert pointers(client.get("/1/x")) == ["path /word"]


def test_what_stands_above_typed_counts_too(app: Flask) -> None:
    calls: list[str] = []

    @app.post("/")
    @responds(201)
    @counting(calls)
    @typed
    def view(item: Body[Item]) -> Item:
        return item

    assert app.test_client().post("/", json={"name": "a", "price": 1}).status_code == 201
    assert calls == [""]


def test_http_errors_can_be_problem_documents(app: Flask) -> None:
    app.testing = False
    answer_with_problems(app)

    @app.get("/<int:number>")
    def view(number: int, page: Query[int] = 1) -> str:
        if number == 401:
            abort(401, www_authenticate=WWWAuthenticate("bearer"))
        if number == 302:
            abort(app.redirect("/1"))
        raise LookupError

    client = app.test_client()
    missing = client.get("/nothing")
    assert missing.content_type == "application/problem+json"
    assert json.loads(missing.data)["title"] == "Not Found"
    wrong = client.post("/1")
    assert (wrong.status_code, json.loads(wrong.data)["status"]) == (405, 405)
    assert set(wrong.allow) == {"GET", "HEAD", "OPTIONS"}
    assert client.get("/401").headers["WWW-Authenticate"].strip() == "Bearer"
    assert client.get("/302").headers["Location"] == "/1"
    failed = client.get("/2")
    assert (failed.status_code, json.loads(failed.data)["status"]) == (500, 500)
    assert pointers(client.get("/1?page=x")) == ["query /page"]


def test_views_put_into_the_registry_are_typed(app: Flask) -> None:
    def view(page: Query[int] = 1) -> str:
        return str(page)

    app.url_map.add(Rule("/assigned", endpoint="assigned"))
    app.url_map.add(Rule("/decorated", endpoint="decorated"))
    app.view_functions["assigned"] = view
    app.endpoint("decorated")(view)
    client = app.test_client()
    assert client.get("/assigned?page=2").text == client.get("/decorated?page=2").text == "2"

    def other(page: Query[int] = 1) -> str:
        return f"other {page}"

    app.view_functions["assigned"] = other
    assert client.get("/assigned?page=2").text == "other 2"
    assert client.get("/assigned?page=x").status_code == 422


class Growing(dict[str, Any]):
    """A registry that another thread writes to whenever somebody goes over it."""

    def items(self) -> Any:
        for number, pair in enumerate(super().items()):
            self[f"new{number}"] = dict
            yield pair


def test_views_are_compiled_while_others_are_added() -> None:
    def view(page: Query[int] = 1) -> str:
        return str(page)

    views = Growing(view=view, other=dict)
    compile_views(views)
    assert views["view"].__wrapped__ is view
    assert views["other"] is dict


def test_a_view_that_is_typed_later_is_noticed(app: Flask) -> None:
    def view(page: Any = 1) -> str:
        return str(page)

    app.add_url_rule("/", view_func=view)
    assert app.view_functions["view"] is view
    app.view_functions["view"] = typed(_annotated(view, page=Query[int]))
    assert app.test_client().get("/?page=3").text == "3"


def _annotated(view: Any, **annotations: Any) -> Any:
    view.__annotations__.update(annotations)
    return view
