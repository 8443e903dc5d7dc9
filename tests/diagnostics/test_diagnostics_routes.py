"""A path that no route matches, in debug mode: the log names the nearest ones."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import NotFound

from flask import Flask, abort
from flask.diagnostics.routes import nearest_routes


@pytest.fixture
def app() -> Flask:
    app = Flask("shop")
    for rule in ("/products", "/products/<slug>", "/orders/<int:n>/lines", "/cart", "/", "/<any>"):
        app.add_url_rule(rule, rule, lambda **values: "")
    return app


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/prodcts", "/products"),
        ("/product", "/products"),
        ("/Products/", "/products"),
        ("/prodcts/fern", "/products/<slug>"),
        ("/orders/x/lines", "/orders/<int:n>/lines"),
        ("/order/3/lines", "/orders/<int:n>/lines"),
        ("/sttic/style.css", "/static/<path:filename>"),
    ],
)
def test_nearest_route(app: Flask, path: str, nearest: str) -> None:
    assert nearest_routes(app.url_map, path)[0] == nearest


@pytest.mark.parametrize("path", ["/zzzzzz", "/a/b/c/d", "/wp-admin/setup.php"])
def test_no_route_is_near(app: Flask, path: str) -> None:
    assert nearest_routes(app.url_map, path) == []


def test_three_routes_at_most(app: Flask) -> None:
    for number in range(9):
        app.add_url_rule(f"/product{number}", f"{number}", lambda: "")
    assert len(nearest_routes(app.url_map, "/product_")) == 3


@pytest.mark.parametrize("path", ["/ordrs/3/lines", "/orders/three/lines"])
def test_log_names_the_nearest_in_debug_mode(
    app: Flask, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    # The original logs nothing but the server's line.
    plain = app.test_client().get(path)
    assert caplog.messages == []
    app.debug = True
    debugged = app.test_client().get(path)
    assert caplog.messages == [f"No route matches {path!r}. Nearest: '/orders/<int:n>/lines'"]
    assert (plain.status, list(plain.headers), plain.data) == (
        debugged.status,
        list(debugged.headers),
        debugged.data,
    )


def test_a_view_that_answers_404_is_no_missing_route(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.debug = True
    app.view_functions["/cart"] = lambda: abort(404)
    assert app.test_client().get("/cart").status_code == 404
    assert caplog.messages == []


def test_answer_of_a_handler_stays_too(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    app.debug = True
    app.register_error_handler(404, lambda error: ("gone", 404))
    app.register_error_handler(NotFound, lambda error: ("gone", 404))
    assert app.test_client().get("/ordrs/3/lines").text == "gone"
    assert len(caplog.messages) == 1
