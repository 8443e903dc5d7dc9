"""The REST API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from shopper import PASSWORD, Shopper, email

LOGIN = (email("Anna"), PASSWORD)
ORDER = {
    "name": "Anna Blume",
    "street": "Moss Lane 4",
    "town": "Fernhill",
    "items": {"aloe": 2, "mint": 1},
}


def test_products_come_in_pages(visitor: Shopper) -> None:
    first = visitor.get("/api/v1/products?per_page=20").json
    assert (len(first["products"]), first["page"], first["pages"], first["total"]) == (20, 1, 2, 21)
    second = visitor.get("/api/v1/products?per_page=20&page=2").json
    assert [it["slug"] for it in second["products"]] == ["trowel"]
    found = visitor.get("/api/v1/products?q=tomato&category=herbs").json
    assert [it["slug"] for it in found["products"]] == ["basil"]


def test_product_is_described(visitor: Shopper) -> None:
    assert visitor.get("/api/v1/products/aloe").json == {
        "slug": "aloe",
        "name": "Aloe",
        "summary": "A pharmacy for small burns.",
        "category": "succulents",
        "price_cents": 1490,
        "stock": 12,
        "url": "http://localhost/plants/aloe",
    }


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/api/v1/products/triffid", 404),
        ("/api/v1/nothing", 404),
        ("/api/v1/products?page=99", 404),
        ("/api/v1/orders", 401),
        ("/api/v1/orders/1", 401),
    ],
)
def test_errors_are_json(visitor: Shopper, url: str, status: int) -> None:
    answer = visitor.get(url)
    assert answer.status_code == status
    assert answer.json["error"]["code"] == status
    assert answer.json["error"]["message"]


def test_program_is_asked_for_its_login(visitor: Shopper) -> None:
    answer = visitor.get("/api/v1/orders")
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert visitor.get("/api/v1/orders", auth=(email("Anna"), "wrong")).status_code == 401


def test_wrong_method_names_the_right_ones(visitor: Shopper) -> None:
    answer = visitor.client.delete("/api/v1/orders")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}
    assert answer.json["error"]["code"] == 405


def test_login_of_the_browser_counts_for_the_api(customer: Shopper) -> None:
    customer.put("mint", 3)
    customer.order()
    (order,) = customer.get("/api/v1/orders").json["orders"]
    assert order["total_cents"] == 1350
    assert order["items"] == [{"slug": "mint", "quantity": 3, "price_cents": 450}]
    assert order["placed"].endswith("+00:00")


def test_login_of_a_program_counts_for_the_api_alone(customer: Shopper, visitor: Shopper) -> None:
    assert visitor.get("/api/v1/orders", auth=LOGIN).json["orders"] == []
    assert visitor.get("/orders", auth=LOGIN).status_code == 302


def test_program_orders(customer: Shopper, visitor: Shopper) -> None:
    answer = visitor.client.post("/api/v1/orders", json=ORDER, auth=LOGIN)
    assert answer.status_code == 201
    assert answer.json["total_cents"] == 3430
    assert answer.json["address"]["street"] == "Moss Lane 4"
    assert visitor.get(answer.headers["Location"], auth=LOGIN).json == answer.json
    assert (visitor.stock("aloe"), visitor.stock("mint")) == (10, 21)


def test_order_with_a_key_is_placed_once(customer: Shopper) -> None:
    answers = [
        customer.client.post("/api/v1/orders", json={**ORDER, "key": "once"}) for _ in range(2)
    ]
    assert answers[0].json == answers[1].json
    assert customer.stock("aloe") == 10


def test_everybody_has_keys_of_their_own(
    customer: Shopper, new_shopper: Callable[[str], Shopper]
) -> None:
    for person in (customer, new_shopper("Bela")):
        answer = person.client.post("/api/v1/orders", json={**ORDER, "key": "mine"})
        assert answer.status_code == 201
    assert customer.stock("aloe") == 8


def test_order_of_too_many_is_a_conflict(customer: Shopper) -> None:
    wanted = {**ORDER, "items": {"aloe": 1, "chives": 3}}
    answer = customer.client.post("/api/v1/orders", json=wanted)
    assert answer.status_code == 409
    assert answer.json["error"]["message"] == "There are only 2 of chives."
    assert customer.stock("aloe") == 12


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"items": {}}, ["items"]),
        ({"items": ["aloe"]}, ["items"]),
        ({"items": {"aloe": 0}}, ["items"]),
        ({"items": {"aloe": 21}}, ["items"]),
        ({"items": {"aloe": True}}, ["items"]),
        ({"items": {"aloe": "2"}}, ["items"]),
        ({"items": {"triffid": 1}}, ["items"]),
        ({"name": "", "town": 5}, ["name", "town"]),
        ({"street": "x" * 121}, ["street"]),
        ({"key": ""}, ["key"]),
    ],
)
def test_incomplete_order_is_told_what_it_lacks(
    customer: Shopper, change: dict[str, Any], fields: list[str]
) -> None:
    answer = customer.client.post("/api/v1/orders", json=ORDER | change)
    assert answer.status_code == 422
    assert sorted(answer.json["error"]["fields"]) == fields
    assert customer.stock("aloe") == 12


def test_api_takes_json_only(customer: Shopper) -> None:
    """No form on another site can send an order, for a form cannot send JSON."""
    as_form = customer.client.post("/api/v1/orders", data=ORDER)
    assert as_form.status_code == 415
    as_text = customer.client.post("/api/v1/orders", data="{}", content_type="text/plain")
    assert as_text.status_code == 415
    broken = customer.client.post("/api/v1/orders", data="{", content_type="application/json")
    assert broken.status_code == 400
    assert customer.client.post("/api/v1/orders", json=[1]).status_code == 422
