"""Authlib: an OAuth 2 server and its client, both Flask applications, over HTTP."""

from __future__ import annotations

import pytest
import requests
from authlib.integrations.base_client import MismatchingStateError, OAuthError
from authlib.integrations.flask_client import OAuth
from loopback import serving
from oauth_provider import CLIENT_ID, CLIENT_SECRET, create_provider

from flask import Flask, redirect, session, url_for

pytestmark = pytest.mark.uses("an OAuth server")

SECRETS = (CLIENT_ID, CLIENT_SECRET)


@pytest.fixture
def provider(monkeypatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    return create_provider()


@pytest.fixture
def url(provider):
    with serving(provider) as url:
        yield url


@pytest.fixture
def app(url):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k", SHOP_CLIENT_ID=CLIENT_ID, SHOP_CLIENT_SECRET=CLIENT_SECRET)
    oauth = OAuth(app)
    oauth.register(
        "shop",
        access_token_url=f"{url}/token",
        authorize_url=f"{url}/authorize",
        api_base_url=f"{url}/",
        client_kwargs={"scope": "profile", "code_challenge_method": "S256"},
    )

    @app.route("/login")
    def login():
        return oauth.shop.authorize_redirect(url_for("authorized", _external=True))

    @app.route("/authorized")
    def authorized():
        token = oauth.shop.authorize_access_token()
        session["name"] = oauth.shop.get("me", token=token).json()["name"]
        return redirect("/")

    @app.route("/")
    def home():
        return session.get("name", "nobody")

    @app.errorhandler(OAuthError)
    def refused(error):
        return f"{type(error).__name__} {error.error}", 403

    return app


def follow(location):
    """Go to the provider as a browser would; answer where it sends the browser back."""
    return requests.get(location, allow_redirects=False, timeout=30).headers["Location"]


def test_sign_in_by_authorization_code_with_proof_key(app, provider):
    client = app.test_client()
    location = client.get("/login").location
    assert "code_challenge=" in location
    answer = client.get(follow(location))
    assert (answer.status_code, answer.location) == (302, "/")
    assert client.get("/").text == "ann"
    assert provider.codes == {}


def test_a_foreign_state_is_refused(app):
    client = app.test_client()
    back = follow(client.get("/login").location)
    stranger = app.test_client()
    assert stranger.get(back).text.startswith(MismatchingStateError.__name__)
    assert client.get(back).status_code == 302


def test_withheld_consent_reaches_the_error_handler(app):
    client = app.test_client()
    back = follow(client.get("/login").location + "&consent=no")
    answer = client.get(back)
    assert (answer.status_code, answer.text) == (403, "OAuthError access_denied")


def test_server_gives_tokens_to_its_clients_only(url):
    form = {"grant_type": "client_credentials", "scope": "profile"}
    token = requests.post(f"{url}/token", data=form, auth=SECRETS, timeout=30)
    assert (token.status_code, token.json()["token_type"]) == (200, "Bearer")
    assert token.headers["Cache-Control"] == "no-store"
    wrong = requests.post(f"{url}/token", data=form, auth=(CLIENT_ID, "wrong"), timeout=30)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    form["grant_type"] = "password"
    unknown = requests.post(f"{url}/token", data=form, auth=SECRETS, timeout=30)
    assert (unknown.status_code, unknown.json()["error"]) == (400, "unsupported_grant_type")


def test_protected_resources_want_a_valid_token_of_the_scope(provider, url):
    form = {"grant_type": "client_credentials", "scope": "profile"}
    token = requests.post(f"{url}/token", data=form, auth=SECRETS, timeout=30).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert requests.get(f"{url}/me", headers=headers, timeout=30).json() == {"name": "nobody"}
    scarce = requests.get(f"{url}/admin", headers=headers, timeout=30)
    assert (scarce.status_code, scarce.json()["error"]) == (403, "insufficient_scope")
    bare = requests.get(f"{url}/me", timeout=30)
    assert (bare.status_code, bare.json()["error"]) == (401, "missing_authorization")
    provider.tokens[token["access_token"]].is_withdrawn = True
    assert requests.get(f"{url}/me", headers=headers, timeout=30).status_code == 401
