"""What is answered when something is wrong."""

from __future__ import annotations

import pytest
from shopper import ADDRESS, Shopper, hidden
from storefront import views

from flask import Flask


@pytest.mark.parametrize(
    "url", ["/sign-up", "/log-in", "/log-out", "/cart/aloe", "/cart/aloe/add", "/checkout"]
)
def test_form_without_its_token_is_refused(customer: Shopper, url: str) -> None:
    answer = customer.client.post(url, data={"quantity": 1, **ADDRESS})
    assert answer.status_code == 400
    assert "This form has expired" in answer.get_data(as_text=True)
    assert "Log out" in customer.text("/cart")
    assert "Nothing in it yet." in customer.text("/cart")


def test_stock_form_without_its_token_is_refused(keeper: Shopper) -> None:
    assert keeper.client.post("/admin/stock/aloe", data={"change": 1}).status_code == 400
    assert keeper.stock("aloe") == 12


def test_token_of_another_visitor_is_refused(app: Flask, visitor: Shopper) -> None:
    token = hidden(Shopper(app).text("/log-in"), "csrf_token")
    visitor.text("/log-in")
    answer = visitor.client.post("/cart/aloe/add", data={"quantity": 1, "csrf_token": token})
    assert answer.status_code == 400


def test_unknown_page_keeps_the_shop_around_it(customer: Shopper) -> None:
    answer = customer.get("/no/such/page")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 404
    assert "Nothing grows here" in page
    assert "Log out" in page


def test_wrong_method_names_the_right_one(visitor: Shopper) -> None:
    answer = visitor.get("/cart/aloe")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    assert "Not that way" in answer.get_data(as_text=True)


def test_too_big_a_form_is_refused(visitor: Shopper) -> None:
    answer = visitor.client.post("/log-in", data={"email": "x" * 300_000})
    assert answer.status_code == 413
    assert "too big for our counter" in answer.get_data(as_text=True)


def test_failure_shows_a_page_that_needs_no_database(
    app: Flask, customer: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("out of straw")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(views.cart, "read", fail)
    answer = customer.get("/cart")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "We dropped a pot" in page
    assert "out of straw" not in page
    assert "Log out" not in page
    monkeypatch.undo()
    assert customer.get("/cart").status_code == 200
