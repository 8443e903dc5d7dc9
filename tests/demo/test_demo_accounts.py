"""Registering, logging in and out, and forged forms."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from notice_board.security import is_local_target, load_or_create_key
from visitor import NOTICE, PASSWORD, Visitor

from flask import Flask


def test_registering_logs_in_and_greets(visitor: Visitor) -> None:
    answer = visitor.register("Anna")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    page = visitor.text("/")
    assert "Welcome to the board, Anna!" in page
    assert "Log out" in page
    assert "Welcome to the board" not in visitor.text("/"), "a message is shown once"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"name": "x"}, "name-error"),
        ({"name": "semi;colon"}, "name-error"),
        ({"name": "ANNA"}, "name-error"),
        ({"password": "short", "repeat": "short"}, "password-error"),
        ({"repeat": "something else"}, "repeat-error"),
    ],
)
def test_register_form_explains_what_does_not_fit(
    member: Visitor, app: Flask, fields: dict[str, str], complaint: str
) -> None:
    data = {"name": "Berta", "password": PASSWORD, "repeat": PASSWORD, **fields}
    answer = Visitor(app).send("/register", data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert re.findall(r'<p class="error" id="([\w-]+)"', page) == [complaint]
    assert f'aria-describedby="{complaint}"' in page


def test_password_is_stored_as_a_hash_only(member: Visitor, app: Flask) -> None:
    assert PASSWORD.encode() not in Path(app.config["DATABASE"]).read_bytes()


def test_login_knows_the_name_in_any_case(member: Visitor, app: Flask) -> None:
    other = Visitor(app)
    assert other.log_in("anna").status_code == 302
    assert "Good to see you, Anna." in other.text("/")


@pytest.mark.parametrize(("name", "password"), [("Anna", "wrong one"), ("Nobody", PASSWORD)])
def test_wrong_login_is_refused_in_the_same_words(
    member: Visitor, app: Flask, name: str, password: str
) -> None:
    answer = Visitor(app).log_in(name, password)
    assert answer.status_code == 422
    assert "Name and password do not match." in answer.get_data(as_text=True)


def test_remember_me_makes_the_cookie_outlive_the_browser(member: Visitor, app: Flask) -> None:
    brief, long = Visitor(app), Visitor(app)
    assert "Expires=" not in brief.log_in("Anna").headers["Set-Cookie"]
    assert "Expires=" in long.log_in("Anna", remember="1").headers["Set-Cookie"]


def test_session_cookie_is_kept_from_scripts_and_other_sites(visitor: Visitor) -> None:
    cookie = visitor.register("Anna").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_logging_out_forgets_the_user(member: Visitor) -> None:
    assert member.send("/logout").status_code == 302
    page = member.text("/")
    assert "You are logged out." in page
    assert "Log in" in page
    assert member.get("/notices/new").status_code == 302


def test_login_leads_back_to_the_page_that_asked_for_it(member: Visitor, app: Flask) -> None:
    other = Visitor(app)
    asked = other.get("/notices/new")
    assert asked.headers["Location"] == "/login?next=/notices/new"
    answer = other.send(asked.headers["Location"], {"name": "Anna", "password": PASSWORD})
    assert answer.headers["Location"] == "/notices/new"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "x", ""],
)
def test_login_never_leads_to_another_site(member: Visitor, app: Flask, target: str) -> None:
    assert not is_local_target(target)
    visitor = Visitor(app)
    answer = visitor.send(
        "/login", {"name": "Anna", "password": PASSWORD}, query_string={"next": target}
    )
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("token", [None, "", "made up"])
def test_form_without_its_token_is_refused(member: Visitor, token: str | None) -> None:
    data = {**NOTICE} if token is None else {**NOTICE, "csrf_token": token}
    answer = member.client.post("/notices/new", data=data)
    assert answer.status_code == 400
    assert "This form has expired." in answer.get_data(as_text=True)
    assert NOTICE["title"] not in member.text("/")


def test_token_of_another_visitor_is_refused(member: Visitor, app: Flask) -> None:
    stolen = {**NOTICE, "csrf_token": Visitor(app).token()}
    assert member.client.post("/notices/new", data=stolen).status_code == 400


def test_login_changes_the_token(member: Visitor, app: Flask) -> None:
    visitor = Visitor(app)
    before = visitor.token()
    visitor.log_in("Anna")
    assert visitor.token() != before


def test_cookie_with_a_broken_signature_is_nobody(member: Visitor, app: Flask) -> None:
    cookie = member.client.get_cookie("session")
    assert cookie is not None
    other = Visitor(app)
    other.client.set_cookie("session", cookie.value[:-2])
    assert "Log out" not in other.text("/")


def test_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "instance" / "secret_key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_or_create_key, [path] * 8))
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path], "the drafts are gone"
