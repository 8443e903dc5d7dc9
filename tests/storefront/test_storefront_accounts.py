"""People who sign up, log in and out; and what protects them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from shopper import PASSWORD, Shopper, email
from storefront.extensions import db
from storefront.models import User
from storefront.security import load_or_create_key

from flask import Flask


def errors(page: str) -> list[str]:
    return re.findall(r'<p class="error".*?>(.*?)</p>', page)


def test_sign_up_logs_in_and_keeps_no_password(app: Flask, visitor: Shopper) -> None:
    page = visitor.follow(visitor.sign_up("Anna"))
    assert "Welcome, Anna!" in page
    assert "Log out" in page
    with app.app_context():
        user = User.by_email(email("Anna"))
        assert user is not None
        assert PASSWORD not in user.password_hash
        assert not user.is_keeper


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "Tell us what to call you."),
        ({"name": "A"}, "Use 2 to 60 letters."),
        ({"email": "anna"}, "That is no email address."),
        ({"email": ""}, "Enter your email address."),
        ({"email": f"{'a' * 120}@b.example"}, "That is longer than 120 letters."),
        ({"password": "short", "repeat": "short"}, "Use at least 8 characters."),
        ({"repeat": "something else"}, "The two passwords differ."),
    ],
)
def test_sign_up_says_what_does_not_fit(
    visitor: Shopper, fields: dict[str, str], said: str
) -> None:
    answer = visitor.sign_up("Anna", **fields)
    assert answer.status_code == 200
    assert said in errors(answer.get_data(as_text=True))


def test_address_signs_up_once_in_whatever_letters(customer: Shopper, visitor: Shopper) -> None:
    answer = visitor.sign_up("Anna", email=" ANNA@windowsill.example ")
    assert errors(answer.get_data(as_text=True)) == [
        "Somebody has signed up with this address already."
    ]


def test_log_in_needs_the_right_password(customer: Shopper, visitor: Shopper) -> None:
    for name, password in (("Anna", "wrong password"), ("Nobody", PASSWORD)):
        page = visitor.log_in(name, password).get_data(as_text=True)
        assert errors(page) == ["This password does not belong to this address."]
    assert "Welcome, Anna!" in visitor.follow(visitor.log_in("ANNA"))


def test_log_in_leads_back_to_where_one_was(customer: Shopper, visitor: Shopper) -> None:
    visitor.put("basil")
    answer = visitor.get("/checkout")
    assert answer.headers["Location"] == "/log-in?next=%2Fcheckout"
    assert "Please log in first." in visitor.follow(answer)
    assert visitor.log_in("Anna", target="/checkout").headers["Location"] == "/checkout"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\t/evil.example"]
)
def test_log_in_leads_nowhere_else(customer: Shopper, visitor: Shopper, target: str) -> None:
    assert visitor.log_in("Anna", target=target).headers["Location"] == "/"


def test_remembered_login_outlives_the_session(customer: Shopper, visitor: Shopper) -> None:
    visitor.log_in("Anna", remember="y")
    visitor.client.delete_cookie("session")
    assert "Log out" in visitor.text("/")
    visitor.send("/log-out")
    visitor.client.delete_cookie("session")
    assert "Log out" not in visitor.text("/")


def test_session_of_somebody_who_is_gone_is_nobodys(app: Flask, customer: Shopper) -> None:
    with app.app_context():
        db.session.execute(db.delete(User).filter_by(name="Anna"))
        db.session.commit()
    assert "Log in" in customer.text("/")


@pytest.mark.parametrize("url", ["/checkout", "/orders", "/orders/1", "/admin/"])
def test_pages_of_ones_own_need_a_login(visitor: Shopper, url: str) -> None:
    assert visitor.get(url).headers["Location"].startswith("/log-in?next=")


def test_every_answer_carries_the_policy(visitor: Shopper) -> None:
    for url in ("/", "/nowhere", "/api/v1/products", "/static/style.css"):
        answer = visitor.get(url)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        answer.close()


def test_templates_have_nothing_inline_that_the_policy_would_stop(
    visitor: Shopper, new_shopper: Callable[[str], Shopper]
) -> None:
    person = new_shopper("Bela")
    person.put("basil")
    for url in ("/", "/plants/aloe", "/cart", "/checkout", "/sign-up", "/nowhere"):
        page = person.get(url).get_data(as_text=True)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(visitor: Shopper) -> None:
    cookie = visitor.get("/log-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_secret_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "instance" / "secret_key"
    key = load_or_create_key(path)
    assert len(key) == 64
    assert load_or_create_key(path) == key
    assert path.stat().st_mode & 0o077 == 0
    assert [it.name for it in path.parent.iterdir()] == ["secret_key"]
