"""The example service: accounts, items, pictures, and what is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLE

from flask import Flask

SignUp = Callable[[str], dict[str, str]]


@pytest.fixture
def client(example: Flask) -> Any:
    return example.test_client()


def offer(client: Any, headers: dict[str, str], **fields: Any) -> Any:
    made = client.post("/v1/items", json={"name": "Lamp", "price": 100, **fields}, headers=headers)
    assert made.status_code == 201
    return made


def pointers(response: Any) -> list[str]:
    assert response.content_type == "application/problem+json"
    return [f"{it['in']} {it['pointer']}" for it in json.loads(response.data)["errors"]]


def test_an_account_has_tokens(client: Any) -> None:
    credentials = {"name": "ada", "password": "correct horse"}
    made = client.post("/v1/accounts", json=credentials)
    assert made.status_code == 201
    assert made.json["account"]["name"] == "ada"
    assert client.post("/v1/accounts", json=credentials).status_code == 409
    again = client.post("/v1/tokens", json=credentials)
    assert again.status_code == 201
    headers = {"Authorization": f"Bearer {again.json['token']}"}
    assert client.get("/v1/accounts/me", headers=headers).json == made.json["account"]
    assert client.delete("/v1/tokens/current", headers=headers).status_code == 204
    assert client.get("/v1/accounts/me", headers=headers).status_code == 401


def test_wrong_credentials_are_refused(client: Any, sign_up: SignUp) -> None:
    sign_up("ada")
    for name, password in (("ada", "wrong horse"), ("bob", "correct horse")):
        refused = client.post("/v1/tokens", json={"name": name, "password": password})
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    weak = client.post("/v1/accounts", json={"name": "A", "password": "hunter2", "admin": True})
    assert pointers(weak) == ["body /name", "body /password", "body /admin"]
    assert b"hunter2" not in weak.data


def test_a_token_is_asked_for_before_anything_is_read(client: Any) -> None:
    assert client.post("/v1/items", json={"nonsense": 1}).status_code == 401
    assert client.patch("/v1/items/0", data=b"{").status_code == 401


def test_items_are_offered_changed_and_deleted(client: Any, sign_up: SignUp) -> None:
    headers = sign_up("ada")
    made = offer(client, headers, tags=["desk", "desk", "light"])
    place = made.headers["Location"]
    shown = client.get(place).json
    assert shown == made.json
    assert shown["tags"] == ["desk", "light"]
    changed = client.patch(place, json={"price": 50, "tags": ["light"]}, headers=headers)
    assert (changed.json["price"], changed.json["tags"]) == (50, ["light"])
    assert changed.json["name"] == "Lamp"
    sold = client.patch(place, json={"state": "sold"}, headers=headers)
    assert sold.json["state"] == "sold"
    assert client.delete(place, headers=headers).status_code == 204
    assert client.get(place).status_code == 404


def test_items_of_others_are_safe(client: Any, sign_up: SignUp) -> None:
    place = offer(client, sign_up("ada")).headers["Location"]
    other = sign_up("bob")
    assert client.patch(place, json={"price": 0}, headers=other).status_code == 403
    assert client.delete(place, headers=other).status_code == 403
    assert client.get(place).json["price"] == 100


def test_items_are_searched(client: Any, sign_up: SignUp) -> None:
    headers = sign_up("ada")
    offer(client, headers, name="Desk lamp", price=300, tags=["desk", "light"])
    offer(client, headers, name="Table", price=200, tags=["desk"])
    offer(client, headers, name="100% wool", price=100)

    def names(query: str) -> list[str]:
        return [it["name"] for it in client.get(f"/v1/items?{query}").json["items"]]

    assert names("") == ["100% wool", "Table", "Desk lamp"]
    assert names("q=LAMP") == ["Desk lamp"]
    assert names("q=%25") == ["100% wool"]
    assert names("tag=desk&order=cheapest") == ["Table", "Desk lamp"]
    assert names("tag=desk&tag=light") == ["Desk lamp"]
    assert names("min_price=150&max_price=250") == ["Table"]
    assert names("state=sold") == []
    page = client.get("/v1/items?size=2&page=2&order=name").json
    assert [it["name"] for it in page["items"]] == ["Table"]
    assert (page["page"], page["pages"], page["total"]) == (2, 2, 3)
    wrong = client.get("/v1/items?size=0&order=up&tag=A&min_price=x")
    assert pointers(wrong) == [
        "query /tag/0",
        "query /min_price",
        "query /order",
        "query /size",
    ]


def test_pictures_are_added_and_sent(client: Any, sign_up: SignUp) -> None:
    headers = sign_up("ada")
    place = offer(client, headers).headers["Location"] + "/pictures"
    data = {"title": "Front", "picture": (io.BytesIO(b"\x89PNG"), "front.png")}
    added = client.post(place, data=data, headers=headers)
    assert added.status_code == 201
    assert added.json["content_type"] == "image/png"
    assert client.get(place).json == [added.json]
    sent = client.get(f"{place}/{added.json['id']}")
    assert (sent.data, sent.content_type) == (b"\x89PNG", "image/png")
    assert client.get(f"{place}/99").status_code == 404
    page = {"title": "Page", "picture": (io.BytesIO(b"<html>"), "page.html")}
    assert pointers(client.post(place, data=page, headers=headers)) == ["form /picture"]
    large = {"title": "Large", "picture": (io.BytesIO(b"a" * 3_000_000), "large.png")}
    assert client.post(place, data=large, headers=headers).status_code == 413


def test_ids_that_no_database_has_are_refused(client: Any) -> None:
    refused = client.get(f"/v1/items/{2**63}")
    assert (refused.status_code, pointers(refused)) == (422, ["path /item_id"])


def test_the_documents_recorded_clients_still_work(example: Flask) -> None:
    kept = EXAMPLE / "openapi.json"
    done = example.test_cli_runner().invoke(args=["openapi", "--check", str(kept)])
    assert done.output == "No breaking changes.\n"
    shown = example.test_cli_runner().invoke(args=["openapi"])
    assert json.loads(shown.output) == json.loads(Path(kept).read_text(encoding="utf-8"))


def test_the_page_shows_the_service(client: Any) -> None:
    page = client.get("/docs").text
    assert "Things" in page
    assert 'data-path="/v1/items/{item_id}/pictures"' in page
