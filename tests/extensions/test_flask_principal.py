"""Flask-Principal: identities kept in the session, the needs they provide, permission checks."""

from __future__ import annotations

import pytest
from flask_principal import (
    AnonymousIdentity,
    Identity,
    Permission,
    PermissionDenied,
    Principal,
    RoleNeed,
    UserNeed,
    identity_changed,
    identity_loaded,
)

from flask import Flask, current_app, g, session


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "k"
    Principal(app)
    admin = Permission(RoleNeed("admin"))

    @identity_loaded.connect_via(app)
    def provide(sender, identity):
        identity.provides.add(UserNeed(identity.id))
        if identity.id == "ann":
            identity.provides.add(RoleNeed("admin"))

    app.provide = provide  # receivers are held weakly

    @app.route("/login/<name>")
    def login(name):
        identity_changed.send(current_app._get_current_object(), identity=Identity(name))
        return "in"

    @app.route("/logout")
    def logout():
        for key in ("identity.name", "identity.auth_type"):
            session.pop(key, None)
        identity_changed.send(current_app._get_current_object(), identity=AnonymousIdentity())
        return "out"

    @app.route("/me")
    def me():
        return str(g.identity.id)

    @app.route("/admin")
    @admin.require()
    def only_admin():
        return "secrets"

    @app.route("/status")
    @admin.require(403)
    def with_status():
        return "secrets"

    @app.route("/own/<name>")
    def own(name):
        with Permission(UserNeed(name)).require():
            return "yours"

    @app.errorhandler(PermissionDenied)
    def denied(error):
        return "denied", 403

    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_identity_lives_in_the_session(client):
    assert client.get("/me").text == "None"
    client.get("/login/ann")
    assert client.get("/me").text == "ann"
    client.get("/logout")
    assert client.get("/me").text == "None"


def test_a_role_opens_the_view(client):
    client.get("/login/ann")
    assert client.get("/admin").text == "secrets"
    assert client.get("/status").text == "secrets"
    assert client.get("/own/ann").text == "yours"


def test_without_it_the_error_handler_answers(client):
    client.get("/login/bob")
    answer = client.get("/admin")
    assert (answer.status_code, answer.text) == (403, "denied")
    assert client.get("/own/ann").text == "denied"
    refused = client.get("/status")
    assert refused.status_code == 403
    assert "denied" not in refused.text


def test_unhandled_denial_propagates_under_test(app):
    app.testing = True
    del app.error_handler_spec[None][None][PermissionDenied]
    with pytest.raises(PermissionDenied):
        app.test_client().get("/admin")
