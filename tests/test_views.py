"""Views as classes: which function they make, and what it calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask import Flask, Response, request
from flask.views import MethodView, View, http_method_funcs


@pytest.fixture
def app() -> Flask:
    app = Flask("shop")
    app.testing = True
    return app


def allowed(app: Flask, path: str) -> set[str]:
    """Ask for the HTTP methods of a path."""
    response = app.test_client().options(path)
    assert response.status_code == 200
    return set(response.allow)


class Greeting(View):
    """Greet somebody."""

    instances = 0

    def __init__(self, salutation: str = "Hello", *, mark: str = ".") -> None:
        type(self).instances += 1
        self.salutation = salutation
        self.mark = mark

    def dispatch_request(self, name: str = "you") -> str:  # type: ignore[override]
        return f"{self.salutation} {name}{self.mark}"


# The function


def test_view_function_is_named_and_documented_like_its_class() -> None:
    view: Any = Greeting.as_view("greet")
    assert view.__name__ == "greet"
    assert view.__doc__ == "Greet somebody."
    assert view.__module__ == __name__
    assert view.view_class is Greeting


def test_view_function_carries_what_a_route_reads() -> None:
    class Limited(View):
        methods = ("PUT", "DELETE")
        provide_automatic_options = False

    view: Any = Limited.as_view("limited")
    assert view.methods == ("PUT", "DELETE")
    assert view.provide_automatic_options is False
    plain: Any = View.as_view("plain")
    assert plain.methods is None
    assert plain.provide_automatic_options is None


def test_name_is_required() -> None:
    with pytest.raises(TypeError):
        Greeting.as_view()  # type: ignore[call-arg]


def test_base_view_answers_nothing(app: Flask) -> None:
    app.add_url_rule("/", view_func=View.as_view("plain"))
    with pytest.raises(NotImplementedError):
        app.test_client().get("/")


def test_url_variables_and_constructor_arguments_arrive(app: Flask) -> None:
    view = Greeting.as_view("greet", "Good day", mark="!")
    app.add_url_rule("/", view_func=view)
    app.add_url_rule("/<name>", view_func=view)
    client = app.test_client()
    assert client.get("/").text == "Good day you!"
    assert client.get("/Ann").text == "Good day Ann!"


def test_view_function_takes_keywords_only(app: Flask) -> None:
    view: Any = Greeting.as_view("greet")
    with app.test_request_context(), pytest.raises(TypeError):
        view("Ann")


def test_each_request_gets_an_instance_of_its_own(app: Flask) -> None:
    class Fresh(Greeting):
        instances = 0

    view: Any = Fresh.as_view("greet")
    assert Fresh.instances == 0
    with app.test_request_context():
        view()
        view()
    assert Fresh.instances == 2


def test_one_instance_can_serve_every_request(app: Flask) -> None:
    class Shared(Greeting):
        instances = 0
        init_every_request = False

    view: Any = Shared.as_view("greet", "Hi")
    assert Shared.instances == 1
    with app.test_request_context():
        assert view() == "Hi you."
        assert view(name="Bo") == "Hi Bo."
    assert Shared.instances == 1


def test_shared_instance_is_made_where_its_mistakes_are_seen() -> None:
    class Broken(View):
        init_every_request = False

        def __init__(self) -> None:
            raise LookupError("no such table")

    with pytest.raises(LookupError):
        Broken.as_view("broken")


def test_class_can_be_exchanged_on_the_function(app: Flask) -> None:
    class Other(View):
        def dispatch_request(self) -> str:
            return "other"

    view: Any = Greeting.as_view("greet")
    view.view_class = Other
    with app.test_request_context():
        assert view() == "other"


@pytest.mark.parametrize("init_every_request", [True, False])
def test_method_replaced_on_the_class_later_is_called(app: Flask, init_every_request: bool) -> None:
    class Patched(View):
        def dispatch_request(self) -> str:
            return "before"

    Patched.init_every_request = init_every_request
    view: Any = Patched.as_view("patched")
    Patched.dispatch_request = lambda self: "after"  # type: ignore[method-assign]
    with app.test_request_context():
        assert view() == "after"


# Decorators


def bracket(view: Callable[..., str]) -> Callable[..., str]:
    def inner(**kwargs: Any) -> str:
        return f"[{view(**kwargs)}]"

    return inner


def test_decorators_apply_from_first_to_last(app: Flask) -> None:
    def paren(view: Callable[..., str]) -> Callable[..., str]:
        return lambda **kwargs: f"({view(**kwargs)})"

    class Decorated(Greeting):
        decorators = [bracket, paren]

    view: Any = Decorated.as_view("greet")
    with app.test_request_context():
        assert view() == "([Hello you.])"


def test_decorated_function_has_the_attributes_of_a_view() -> None:
    class Decorated(Greeting):
        """Greet with brackets."""

        methods = ("POST",)
        decorators = (bracket,)  # type: ignore[assignment]

    view: Any = Decorated.as_view("greet")
    assert view.__name__ == "greet"
    assert view.__doc__ == "Greet with brackets."
    assert view.__module__ == __name__
    assert view.view_class is Decorated
    assert view.methods == ("POST",)


def test_decorators_see_the_name_already() -> None:
    seen = []

    def note(view: Callable[..., str]) -> Callable[..., str]:
        seen.append((view.__name__, view.__module__))
        return view

    class Decorated(Greeting):
        decorators = [note]

    Decorated.as_view("greet")
    assert seen == [("greet", __name__)]


def test_class_exchanged_on_a_decorated_function(app: Flask) -> None:
    class Decorated(Greeting):
        decorators = [bracket]

    class Other(View):
        def dispatch_request(self) -> str:
            return "other"

    view: Any = Decorated.as_view("greet")
    view.view_class = Other
    with app.test_request_context():
        assert view() == "[other]"


# Views by HTTP method


class Counter(MethodView):
    def get(self) -> str:
        return "GET"

    def post(self) -> str:
        return "POST"


def test_http_method_functions() -> None:
    assert http_method_funcs == {
        "get",
        "post",
        "head",
        "options",
        "delete",
        "put",
        "trace",
        "patch",
    }
    assert isinstance(http_method_funcs, frozenset)


def test_method_view_calls_the_method_of_the_same_name(app: Flask) -> None:
    app.add_url_rule("/", view_func=Counter.as_view("counter"))
    client = app.test_client()
    assert client.get("/").text == "GET"
    assert client.post("/").text == "POST"
    assert client.put("/").status_code == 405
    assert allowed(app, "/") == {"GET", "HEAD", "OPTIONS", "POST"}


def test_url_variables_reach_the_method(app: Flask) -> None:
    class Item(MethodView):
        init_every_request = False

        def get(self, number: int) -> str:
            return f"item {number}"

    app.add_url_rule("/<int:number>", view_func=Item.as_view("item"))
    assert app.test_client().get("/7").text == "item 7"


def test_head_falls_back_to_get(app: Flask) -> None:
    class Described(MethodView):
        def get(self) -> Response:
            return Response("body", headers={"X-Method": request.method})

    app.add_url_rule("/", view_func=Described.as_view("described"))
    response = app.test_client().head("/")
    assert response.headers["X-Method"] == "HEAD"
    assert response.data == b""


def test_head_of_its_own_wins_over_get(app: Flask) -> None:
    class Described(Counter):
        def head(self) -> Response:
            return Response(headers={"X-Method": "own"})

    app.add_url_rule("/", view_func=Described.as_view("described"))
    assert app.test_client().head("/").headers["X-Method"] == "own"


def test_options_of_its_own_is_called(app: Flask) -> None:
    class Described(Counter):
        def options(self) -> str:
            return "own options"

    app.add_url_rule("/", view_func=Described.as_view("described"))
    assert app.test_client().options("/").text == "own options"


def test_unusual_method_can_be_named(app: Flask) -> None:
    class Lockable(MethodView):
        methods = ("LOCK",)

        def lock(self) -> str:
            return "locked"

    app.add_url_rule("/", view_func=Lockable.as_view("lockable"))
    assert app.test_client().open("/", method="LOCK").text == "locked"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_route_for_a_method_that_the_class_lacks(app: Flask, method: str) -> None:
    class Partial(MethodView):
        def put(self) -> str:
            return "PUT"

    app.add_url_rule("/", view_func=Partial.as_view("partial"), methods=[method])
    with pytest.raises(AssertionError):
        app.test_client().open("/", method=method)


# Which methods a class is registered for


def test_methods_are_those_defined_and_inherited() -> None:
    class More(Counter):
        def delete(self) -> str:
            return "DELETE"

    class Same(Counter):
        pass

    assert Counter.methods == {"GET", "POST"}
    assert More.methods == {"GET", "POST", "DELETE"}
    assert Same.methods == {"GET", "POST"}
    assert Same.methods is not Counter.methods


def test_methods_of_mixins_count_wherever_they_come_from() -> None:
    class Named:
        methods = ("PURGE",)

    class Defined:
        def trace(self) -> str:
            return "TRACE"

    class Mixed(Named, Defined, Counter):
        pass

    assert Mixed.methods == {"GET", "POST", "TRACE", "PURGE"}


def test_methods_in_the_class_body_overrule() -> None:
    class Limited(Counter):
        methods = ("GET",)

    class Unset(Counter):
        methods = None

    class BelowUnset(Unset):
        def patch(self) -> str:
            return "PATCH"

    assert Limited.methods == ("GET",)
    assert Unset.methods is None
    assert BelowUnset.methods == {"GET", "POST", "PATCH"}


def test_class_without_methods_leaves_them_open() -> None:
    class Abstract(MethodView):
        pass

    assert Abstract.methods is None
    assert "methods" not in vars(Abstract)


def test_class_keywords_pass_through() -> None:
    class Tagged(MethodView):
        tag = ""

        def __init_subclass__(cls, tag: str = "", **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            cls.tag = tag

    class Leaf(Tagged, tag="leaf"):
        def get(self) -> str:
            return ""

    assert Leaf.tag == "leaf"
    assert Leaf.methods == {"GET"}
    with pytest.raises(TypeError):
        type("Wrong", (MethodView,), {}, tag="x")


# Async


@pytest.mark.parametrize("init_every_request", [True, False])
def test_async_views_are_awaited(app: Flask, init_every_request: bool) -> None:
    class Single(View):
        async def dispatch_request(self, name: str) -> str:  # type: ignore[override]
            return f"single {name}"

    class Methods(MethodView):
        async def get(self, name: str) -> str:
            return f"method {name}"

    for cls in (Single, Methods):
        cls.init_every_request = init_every_request
        app.add_url_rule(f"/{cls.__name__}/<name>", view_func=cls.as_view(cls.__name__))
    client = app.test_client()
    assert client.get("/Single/a").text == "single a"
    assert client.get("/Methods/b").text == "method b"


def test_ensure_sync_of_the_application_is_asked(app: Flask) -> None:
    asked = []

    class Noting(Flask):
        def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
            asked.append(func.__name__)
            return super().ensure_sync(func)

    noting = Noting("noting")
    noting.add_url_rule("/", view_func=Counter.as_view("counter"))
    noting.test_client().get("/")
    assert asked == ["counter", "dispatch_request", "get"]
