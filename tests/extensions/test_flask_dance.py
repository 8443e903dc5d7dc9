"""Flask-Dance: login with an OAuth server, its token kept in the session."""

from __future__ import annotations

import pytest
import requests
from flask_dance.consumer import OAuth2ConsumerBlueprint, oauth_authorized, oauth_error
from flask_dance.contrib.github import make_github_blueprint
from loopback import serving
from oauth_provider import CLIENT_ID, CLIENT_SECRET, create_provider

from flask import Flask, redirect, session, url_for

pytestmark = pytest.mark.uses("an OAuth server")


@pytest.fixture
def app(monkeypatch):
    for name in ("AUTHLIB_INSECURE_TRANSPORT", "OAUTHLIB_INSECURE_TRANSPORT"):
        monkeypatch.setenv(name, "1")
    with serving(create_provider()) as url:
        yield create_app(url)


def create_app(url):
    app = Flask(__name__)
    app.secret_key = "k"
    app.heard = []
    shop = OAuth2ConsumerBlueprint(
        "shop",
        __name__,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        base_url=url,
        token_url=f"{url}/token",
        authorization_url=f"{url}/authorize",
        scope=["profile"],
        redirect_to="home",
    )
    app.register_blueprint(shop, url_prefix="/login")

    @app.route("/")
    def home():
        if not shop.session.authorized:
            return redirect(url_for("shop.login"))
        return shop.session.get("/me").json()["name"]

    @app.route("/out")
    def out():
        del shop.token
        return "out"

    @oauth_authorized.connect_via(shop)
    def signed_in(blueprint, token):
        session["signed_in"] = True
        app.heard.append(token["token_type"])

    @oauth_error.connect_via(shop)
    def refused(blueprint, **details):
        app.heard.append(details["error"])

    app.receivers = (signed_in, refused)  # signals hold them weakly
    return app


def follow(location):
    return requests.get(location, allow_redirects=False, timeout=30).headers["Location"]


def test_sign_in_and_out(app):
    client = app.test_client()
    assert client.get("/").location == "/login/shop"
    back = follow(client.get("/login/shop").location)
    assert back.startswith("http://localhost/login/shop/authorized?code=")
    answer = client.get(back)
    assert (answer.status_code, answer.location) == (302, "/")
    assert client.get("/").text == "ann"
    assert app.heard == ["Bearer"]
    client.get("/out")
    assert client.get("/").location == "/login/shop"


def test_refusal_is_signalled_and_leads_home(app):
    client = app.test_client()
    back = follow(client.get("/login/shop").location + "&consent=no")
    assert client.get(back).location == "/"
    assert app.heard == ["access_denied"]
    assert client.get("/").location == "/login/shop"


def test_a_lost_state_starts_anew(app):
    back = follow(app.test_client().get("/login/shop").location)
    answer = app.test_client().get(back)
    assert (answer.status_code, answer.location) == (302, "/login/shop")


def test_ready_made_blueprints_know_their_server():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k", GITHUB_OAUTH_CLIENT_ID="id", GITHUB_OAUTH_CLIENT_SECRET="s")
    app.register_blueprint(make_github_blueprint(), url_prefix="/login")
    location = app.test_client().get("/login/github").location
    assert location.startswith("https://github.com/login/oauth/authorize?")
    assert "client_id=id" in location
