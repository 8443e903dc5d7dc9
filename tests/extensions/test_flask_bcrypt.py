"""Flask-Bcrypt: password hashes with an application's settings."""

from __future__ import annotations

from flask_bcrypt import Bcrypt

from flask import Flask, request


def create_app(**config):
    app = Flask(__name__)
    app.config.update(BCRYPT_LOG_ROUNDS=4, **config)
    bcrypt = Bcrypt(app)
    stored = {}

    @app.post("/users")
    def add():
        stored[request.form["name"]] = bcrypt.generate_password_hash(request.form["password"])
        return stored[request.form["name"]], 201

    @app.post("/login")
    def login():
        known = stored.get(request.form["name"])
        right = known and bcrypt.check_password_hash(known, request.form["password"])
        return ("in", 200) if right else ("out", 401)

    return app


def test_the_right_password_is_told_from_a_wrong_one():
    client = create_app().test_client()
    made = client.post("/users", data={"name": "ann", "password": "sécret"})
    assert (made.status_code, made.text[:7]) == (201, "$2b$04$")
    assert client.post("/login", data={"name": "ann", "password": "sécret"}).text == "in"
    assert client.post("/login", data={"name": "ann", "password": "secret"}).status_code == 401
    assert client.post("/login", data={"password": "secret"}).status_code == 400


def test_long_passwords_count_to_their_end():
    client = create_app(BCRYPT_HANDLE_LONG_PASSWORDS=True).test_client()
    client.post("/users", data={"name": "ann", "password": "x" * 100 + "1"})
    assert client.post("/login", data={"name": "ann", "password": "x" * 100 + "2"}).text == "out"
    assert client.post("/login", data={"name": "ann", "password": "x" * 100 + "1"}).text == "in"
