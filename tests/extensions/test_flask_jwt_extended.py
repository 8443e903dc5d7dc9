"""Flask-JWT-Extended: tokens in headers and cookies, fresh, refreshed and revoked."""

from __future__ import annotations

from datetime import timedelta

import jwt
import pytest
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    current_user,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    unset_jwt_cookies,
)

import flask

KEY = "a key of no less than thirty-two bytes"
PEOPLE = {"ada": "Ada Lovelace", "bob": "Bob"}


def create_app(**settings: object) -> flask.Flask:
    app = flask.Flask(__name__)
    app.config["JWT_SECRET_KEY"] = KEY
    app.config.update(settings)
    manager = JWTManager(app)
    revoked: set[str] = set()

    manager.token_in_blocklist_loader(lambda header, payload: payload["jti"] in revoked)
    manager.user_lookup_loader(lambda header, payload: PEOPLE.get(payload["sub"]))
    manager.additional_claims_loader(lambda identity: {"letters": len(identity)})

    @app.post("/login")
    def login():
        name = flask.request.json["name"]
        if name not in PEOPLE and name != "ghost":
            return {"msg": "who?"}, 401
        tokens = {
            "access": create_access_token(name, fresh=True),
            "refresh": create_refresh_token(name),
        }
        answer = flask.jsonify(tokens)
        set_access_cookies(answer, tokens["access"])
        return answer

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh():
        return {"access": create_access_token(get_jwt_identity(), fresh=False)}

    @app.post("/logout")
    @jwt_required()
    def logout():
        revoked.add(get_jwt()["jti"])
        answer = flask.jsonify(msg="bye")
        unset_jwt_cookies(answer)
        return answer

    @app.route("/me", methods=["GET", "POST"])
    @jwt_required()
    def me():
        return {"name": get_jwt_identity(), "letters": get_jwt()["letters"]}

    @app.get("/who")
    @jwt_required()
    def who():
        return current_user

    @app.get("/fresh")
    @jwt_required(fresh=True)
    def fresh():
        return "fresh"

    @app.get("/maybe")
    @jwt_required(optional=True)
    def maybe():
        return get_jwt_identity() or "guest"

    return app


@pytest.fixture
def app() -> flask.Flask:
    return create_app()


@pytest.fixture
def client(app: flask.Flask):
    return app.test_client(use_cookies=False)


def log_in(client, name: str = "ada") -> dict[str, str]:
    return client.post("/login", json={"name": name}).json


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token_of(app: flask.Flask, **options: object) -> str:
    with app.app_context():
        return create_access_token("ada", **options)


def test_token_opens_the_view_and_carries_identity_and_claims(client) -> None:
    tokens = log_in(client)
    answer = client.get("/me", headers=bearer(tokens["access"]))
    assert answer.json == {"name": "ada", "letters": 3}


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({}, 401, "Missing Authorization Header"),
        ({"Authorization": "Basic YTpi"}, 401, "Missing 'Bearer' type"),
        ({"Authorization": "Bearer"}, 422, "Bad Authorization header"),
        ({"Authorization": "Bearer a.b"}, 422, "Not enough segments"),
        ({"Authorization": "Bearer a b"}, 422, "Bad Authorization header"),
    ],
)
def test_without_a_good_header_it_stays_shut(
    client, headers: dict[str, str], status: int, message: str
) -> None:
    answer = client.get("/me", headers=headers)
    assert answer.status_code == status
    assert message in answer.json["msg"]


def test_token_signed_by_another_is_refused(client) -> None:
    forged = jwt.encode({"sub": "ada", "type": "access", "jti": "1"}, KEY[::-1], "HS256")
    answer = client.get("/me", headers=bearer(forged))
    assert (answer.status_code, answer.json["msg"]) == (422, "Signature verification failed")


def test_expired_token_is_refused(app: flask.Flask, client) -> None:
    token = token_of(app, expires_delta=timedelta(seconds=-5))
    answer = client.get("/me", headers=bearer(token))
    assert (answer.status_code, answer.json["msg"]) == (401, "Token has expired")


def test_expired_token_may_have_an_answer_of_ones_own(app: flask.Flask, client) -> None:
    manager = app.extensions["flask-jwt-extended"]
    manager.expired_token_loader(lambda header, payload: (f"{payload['sub']} is late", 418))
    token = token_of(app, expires_delta=timedelta(seconds=-5))
    answer = client.get("/me", headers=bearer(token))
    assert (answer.status_code, answer.text) == (418, "ada is late")


def test_refresh_token_buys_a_token_that_is_not_fresh(client) -> None:
    tokens = log_in(client)
    assert client.get("/fresh", headers=bearer(tokens["access"])).text == "fresh"
    renewed = client.post("/refresh", headers=bearer(tokens["refresh"])).json["access"]
    assert client.get("/me", headers=bearer(renewed)).status_code == 200
    stale = client.get("/fresh", headers=bearer(renewed))
    assert (stale.status_code, stale.json["msg"]) == (401, "Fresh token required")


def test_tokens_are_not_taken_for_each_other(client) -> None:
    tokens = log_in(client)
    wrong = client.get("/me", headers=bearer(tokens["refresh"]))
    assert (wrong.status_code, wrong.json["msg"]) == (422, "Only non-refresh tokens are allowed")
    wrong = client.post("/refresh", headers=bearer(tokens["access"]))
    assert (wrong.status_code, wrong.json["msg"]) == (422, "Only refresh tokens are allowed")


def test_revoked_token_is_refused(client) -> None:
    token = log_in(client)["access"]
    client.post("/logout", headers=bearer(token))
    refused = client.get("/me", headers=bearer(token))
    assert (refused.status_code, refused.json["msg"]) == (401, "Token has been revoked")


def test_optional_token(client) -> None:
    assert client.get("/maybe").text == "guest"
    assert client.get("/maybe", headers=bearer(log_in(client)["access"])).text == "ada"
    assert client.get("/maybe", headers=bearer("bad")).status_code == 422


def test_user_is_looked_up(client) -> None:
    assert client.get("/who", headers=bearer(log_in(client)["access"])).text == "Ada Lovelace"
    missing = client.get("/who", headers=bearer(log_in(client, "ghost")["access"]))
    assert missing.status_code == 401
    assert "Error loading the user" in missing.json["msg"]


def test_cookie_opens_reading_and_with_its_csrf_token_writing() -> None:
    client = create_app(JWT_TOKEN_LOCATION=["cookies"]).test_client()
    log_in(client)
    cookie = client.get_cookie("access_token_cookie")
    assert cookie.http_only
    assert client.get("/me").json["name"] == "ada"
    refused = client.post("/me")
    assert (refused.status_code, refused.json["msg"]) == (401, "Missing CSRF token")
    csrf = client.get_cookie("csrf_access_token").value
    assert client.post("/me", headers={"X-CSRF-TOKEN": csrf}).status_code == 200
    assert client.post("/me", headers={"X-CSRF-TOKEN": "wrong"}).status_code == 401
    client.post("/logout", headers={"X-CSRF-TOKEN": csrf})
    assert client.get_cookie("access_token_cookie") is None


@pytest.mark.parametrize("place", ["query_string", "json"])
def test_token_in_query_or_body(place: str) -> None:
    app = create_app(JWT_TOKEN_LOCATION=[place])
    client = app.test_client()
    token = token_of(app)
    if place == "json":
        answer = client.post("/me", json={"access_token": token})
    else:
        answer = client.get("/me", query_string={"jwt": token})
    assert answer.json["name"] == "ada"
    assert client.post("/me", json={}).status_code == 401


def test_errors_raised_with_testing_are_still_answers(app: flask.Flask) -> None:
    app.testing = True
    assert app.test_client().get("/me").status_code == 401


def test_identity_outside_of_a_protected_view_is_refused(app: flask.Flask) -> None:
    with app.test_request_context(), pytest.raises(RuntimeError, match="jwt_required"):
        get_jwt_identity()


def test_app_without_key_says_so() -> None:
    app = create_app(JWT_SECRET_KEY=None)
    with app.app_context(), pytest.raises(RuntimeError, match="JWT_SECRET_KEY"):
        create_access_token("ada")
