"""Flask-HTTPAuth: basic, digest and token authentication, roles, error handlers."""

from __future__ import annotations

import pytest
import requests
from flask_httpauth import HTTPBasicAuth, HTTPDigestAuth, HTTPTokenAuth, MultiAuth
from loopback import serving
from requests.auth import HTTPDigestAuth as DigestCredentials

from flask import Flask, g

USERS = {"ann": "secret", "bob": "hidden"}


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "k"
    basic, token = HTTPBasicAuth(), HTTPTokenAuth(scheme="Bearer")
    digest = HTTPDigestAuth()
    multi = MultiAuth(basic, token)

    @basic.verify_password
    def verify_password(name, password):
        return name if USERS.get(name) == password else None

    @basic.get_user_roles
    def roles(user):
        return ["admin"] if user == "ann" else []

    @basic.error_handler
    def refuse(status):
        return {"error": status}, status

    @token.verify_token
    async def verify_token(value):
        return {"t1": "ann"}.get(value)

    @digest.get_password
    def password_of(name):
        return USERS.get(name)

    @app.route("/basic")
    @basic.login_required
    def with_password():
        return basic.current_user()

    @app.route("/admin")
    @basic.login_required(role="admin")
    def admin():
        return "secrets"

    @app.route("/optional")
    @basic.login_required(optional=True)
    async def optional():
        return str(basic.current_user())

    @app.route("/token")
    @token.login_required
    def with_token():
        return f"{token.current_user()} {g.flask_httpauth_user}"

    @app.route("/multi")
    @multi.login_required
    def either():
        return multi.current_user()

    @app.route("/digest", methods=["GET", "POST"])
    @digest.login_required
    def digested():
        return digest.username()

    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_password_opens_the_view(client):
    assert client.get("/basic", auth=("ann", "secret")).text == "ann"


@pytest.mark.parametrize("auth", [None, ("ann", "wrong"), ("eve", ""), ("ä", "ö")])
def test_without_password_the_error_handler_answers(client, auth):
    answer = client.get("/basic", auth=auth)
    assert (answer.status_code, answer.json) == (401, {"error": 401})
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Authentication Required"'


def test_roles(client):
    assert client.get("/admin", auth=("ann", "secret")).text == "secrets"
    assert client.get("/admin", auth=("bob", "hidden")).status_code == 403


def test_optional_authentication_of_an_async_view(client):
    assert client.get("/optional").text == "None"
    assert client.get("/optional", auth=("bob", "hidden")).text == "bob"


def test_token_is_verified_by_a_coroutine(client):
    assert client.get("/token", headers={"Authorization": "Bearer t1"}).text == "ann ann"
    refused = client.get("/token", headers={"Authorization": "Bearer t2"})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_either_way_in(client):
    assert client.get("/multi", headers={"Authorization": "Bearer t1"}).text == "ann"
    assert client.get("/multi", auth=("bob", "hidden")).text == "bob"
    assert client.get("/multi", headers={"Authorization": "Unknown x"}).status_code == 401


def test_digest_handshake_keeps_its_nonce_in_the_session(app):
    with serving(app) as url, requests.Session() as browser:
        browser.auth = DigestCredentials("ann", "secret")
        answer = browser.get(f"{url}/digest")
        assert (answer.status_code, answer.text) == (200, "ann")
        assert browser.post(f"{url}/digest", data={"a": 1}).text == "ann"
        browser.auth = DigestCredentials("ann", "wrong")
        assert browser.get(f"{url}/digest").status_code == 401


def test_preflight_needs_no_password(client):
    assert client.options("/basic").status_code == 200
