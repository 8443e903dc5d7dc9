"""The JSON API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from notice_board import sample_data
from visitor import NOTICE, PASSWORD, PNG, Visitor

from flask import Flask

LOGIN = ("Anna", PASSWORD)


@pytest.fixture
def notice(member: Visitor) -> str:
    """The API's address of a notice by Anna."""
    return "/api" + member.put_up()


def error_of(answer: Any) -> dict[str, Any]:
    assert answer.mimetype == "application/json"
    error: dict[str, Any] = answer.get_json()["error"]
    assert error["code"] == answer.status_code
    return error


def test_list_pages_and_links_to_its_neighbours(reader: Visitor) -> None:
    first = reader.get("/api/notices?per_page=10&q=the").get_json()
    assert (first["page"], first["previous"]) == (1, None)
    assert first["next"] == "http://localhost/api/notices?q=the&per_page=10&page=2"
    second = reader.get(first["next"]).get_json()
    assert second["page"] == 2
    assert not {n["id"] for n in first["notices"]} & {n["id"] for n in second["notices"]}
    assert first["total"] == second["total"] > 10


def test_list_searches_and_filters(reader: Visitor) -> None:
    found = reader.get("/api/notices?q=collar&category=lost-found").get_json()["notices"]
    assert [notice["title"] for notice in found] == ["Have you seen Minka?"]
    assert found[0]["picture"].startswith("http://localhost/pictures/")


@pytest.mark.parametrize("size", ["0", "-3", "1000000", "x", "9" * 30])
def test_odd_page_sizes_are_brought_into_bounds(reader: Visitor, size: str) -> None:
    answer = reader.get(f"/api/notices?per_page={size}")
    assert answer.status_code == 200
    assert 1 <= len(answer.get_json()["notices"]) <= len(sample_data.NOTICES)


def test_notice_has_all_its_fields(member: Visitor, notice: str) -> None:
    answer = member.get(notice).get_json()
    assert answer["url"] == f"http://localhost{notice}"
    assert {key: answer[key] for key in NOTICE} == NOTICE
    assert (answer["author"], answer["changed"], answer["picture"]) == ("Anna", None, None)
    assert answer["created"].endswith("+00:00")


def test_create_with_basic_login(member: Visitor, app: Flask) -> None:
    answer = app.test_client().post("/api/notices", json=NOTICE, auth=LOGIN)
    assert answer.status_code == 201
    created = answer.get_json()
    assert answer.headers["Location"] == created["url"]
    assert member.get(created["url"]).get_json() == created


def test_create_with_the_session_of_the_browser(member: Visitor) -> None:
    assert member.client.post("/api/notices", json=NOTICE).status_code == 201


def test_put_replaces_and_patch_changes_one_field(member: Visitor, notice: str) -> None:
    new = {"title": "Another title", "category": "news", "body": "Another text altogether."}
    replaced = member.client.put(notice, json=new).get_json()
    assert {key: replaced[key] for key in new} == new
    patched = member.client.patch(notice, json={"title": "Third title"}).get_json()
    assert patched["title"] == "Third title"
    assert patched["body"] == new["body"]
    assert patched["changed"] is not None


def test_put_needs_every_field(member: Visitor, notice: str) -> None:
    answer = member.client.put(notice, json={"title": "Only a title"})
    assert set(error_of(answer)["fields"]) == {"body", "category"}


def test_delete_removes_the_notice(member: Visitor, notice: str) -> None:
    answer = member.client.delete(notice)
    assert (answer.status_code, answer.data) == (204, b"")
    assert error_of(member.get(notice))["name"] == "Not Found"


def test_picture_is_put_as_the_body(member: Visitor, notice: str) -> None:
    answer = member.client.put(f"{notice}/picture", data=PNG, content_type="image/png")
    with member.get(answer.get_json()["picture"]) as picture:
        assert picture.data == PNG
    answer = member.client.put(f"{notice}/picture", data=b"not one", content_type="image/png")
    assert error_of(answer)["code"] == 415


@pytest.mark.parametrize(
    ("data", "content_type", "code"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b"title=x", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
    ],
)
def test_body_that_cannot_be_used_is_refused(
    member: Visitor, data: bytes, content_type: str, code: int
) -> None:
    answer = member.client.post("/api/notices", data=data, content_type=content_type)
    assert error_of(answer)["code"] == code


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"title", "body", "category"}),
        ({**NOTICE, "title": 7}, {"title"}),
        ({**NOTICE, "body": ["x"] * 20}, {"body"}),
        ({**NOTICE, "category": None}, {"category"}),
    ],
)
def test_fields_that_do_not_fit_are_named(
    member: Visitor, fields: dict[str, object], wrong: set[str]
) -> None:
    answer = member.client.post("/api/notices", json=fields)
    assert error_of(answer)["code"] == 400
    assert set(error_of(answer)["fields"]) == wrong


def test_text_that_cannot_be_stored_is_cleaned(member: Visitor) -> None:
    body = b'{"title": "Half \\ud83d a pair", "category": "news", "body": "nul \\u0000 and more"}'
    answer = member.client.post("/api/notices", data=body, content_type="application/json")
    assert answer.status_code == 201
    assert answer.get_json()["title"] == "Half a pair"
    assert answer.get_json()["body"] == "nul  and more"


@pytest.mark.parametrize("login", [None, ("Anna", "wrong"), ("Nobody", "x"), ("", "")])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_writing_needs_a_known_user(
    app: Flask, notice: str, method: str, login: tuple[str, str] | None
) -> None:
    url = "/api/notices" if method == "POST" else notice
    answer = app.test_client().open(url, method=method, json=NOTICE, auth=login)
    assert error_of(answer)["code"] == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Bearer abc", "\xff", ""])
def test_odd_authorization_header_is_nobody(app: Flask, header: str) -> None:
    answer = app.test_client().post("/api/notices", json=NOTICE, headers={"Authorization": header})
    assert error_of(answer)["code"] == 401


def test_only_the_author_may_write(app: Flask, notice: str) -> None:
    other = Visitor(app)
    other.register("Bruno")
    for method in ("PUT", "PATCH", "DELETE"):
        answer = other.client.open(notice, method=method, json=NOTICE)
        assert error_of(answer)["code"] == 403


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nope", "/api/notices/99", "/api/notices/" + "9" * 30]
)
def test_unknown_address_is_404_in_json(visitor: Visitor, path: str) -> None:
    assert error_of(visitor.get(path))["code"] == 404


def test_wrong_method_is_405_with_allow(visitor: Visitor) -> None:
    answer = visitor.client.delete("/api/notices")
    assert error_of(answer)["code"] == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_body_over_the_limit_is_413_in_json(new_app: Callable[..., Flask]) -> None:
    member = Visitor(new_app(MAX_CONTENT_LENGTH=2_000))
    member.register("Anna")
    answer = member.client.post("/api/notices", json={**NOTICE, "body": "x" * 3_000})
    assert error_of(answer)["code"] == 413
