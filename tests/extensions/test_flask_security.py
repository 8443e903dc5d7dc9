"""Flask-Security: registration, login, roles, tokens, and the mail it sends."""

from __future__ import annotations

import re

import pytest
from flask_mailman import Mail
from flask_security import (
    Security,
    SQLAlchemyUserDatastore,
    auth_required,
    current_user,
    hash_password,
    roles_required,
)
from flask_security.models import fsqla_v3
from flask_sqlalchemy import SQLAlchemy

from flask import Flask, render_template_string

pytestmark = pytest.mark.uses("SQLite")

PASSWORD = "correct horse battery"


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret",
        SECURITY_PASSWORD_SALT="salt",
        SECURITY_PASSWORD_HASH="plaintext",
        SECURITY_PASSWORD_SCHEMES=["plaintext"],
        SECURITY_REGISTERABLE=True,
        SECURITY_RECOVERABLE=True,
        SECURITY_TRACKABLE=True,
        SECURITY_CONFIRMABLE=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SQLALCHEMY_DATABASE_URI="sqlite://",
        WTF_CSRF_ENABLED=False,
        MAIL_BACKEND="locmem",
    )
    db = SQLAlchemy(app)
    fsqla_v3.FsModels.set_db_info(db)

    class Role(db.Model, fsqla_v3.FsRoleMixin):
        pass

    class User(db.Model, fsqla_v3.FsUserMixin):
        pass

    Mail(app)
    app.security = Security(app, SQLAlchemyUserDatastore(db, User, Role))

    @app.route("/")
    @auth_required()
    def home():
        return render_template_string("Hello {{ current_user.email }}")

    @app.route("/token")
    @auth_required("token")
    def token():
        return {"user": current_user.email}

    @app.route("/admin")
    @auth_required()
    @roles_required("admin")
    def admin():
        return "secrets"

    with app.app_context():
        db.create_all()
        store = app.security.datastore
        store.create_role(name="admin")
        store.create_user(email="root@example.org", password=hash_password(PASSWORD))
        store.add_role_to_user(store.find_user(email="root@example.org"), "admin")
        store.create_user(email="me@example.org", password=hash_password(PASSWORD))
        store.commit()
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def sign_in(client, email, password=PASSWORD, **kwargs):
    return client.post("/login", data={"email": email, "password": password}, **kwargs)


def test_a_stranger_is_sent_to_the_login_form(client):
    answer = client.get("/")
    assert (answer.status_code, answer.location) == (302, "/login?next=/")
    assert 'name="password"' in client.get("/login").text


def test_sign_in_leads_back_and_sign_out_ends_it(client):
    answer = client.post("/login?next=/", data={"email": "me@example.org", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, "/")
    assert client.get("/").text == "Hello me@example.org"
    client.post("/logout")
    assert client.get("/").status_code == 302


def test_a_wrong_password_is_reported_in_the_form(client):
    answer = sign_in(client, "me@example.org", "wrong password")
    assert answer.status_code == 200
    assert "Invalid password" in answer.text
    assert client.get("/").status_code == 302


def test_json_clients_get_json_errors_and_a_token(client):
    refused = client.get("/", headers={"Accept": "application/json"})
    assert refused.status_code == 401
    assert refused.json["meta"]["code"] == 401

    answer = client.post(
        "/login?include_auth_token",
        json={"email": "me@example.org", "password": PASSWORD},
    )
    token = answer.json["response"]["user"]["authentication_token"]
    fresh = client.application.test_client()
    assert fresh.get("/token", headers={"Authentication-Token": token}).json == {
        "user": "me@example.org"
    }
    bad = fresh.get(
        "/token", headers={"Authentication-Token": token + "x", "Accept": "application/json"}
    )
    assert bad.status_code == 401


def test_roles_keep_others_out(client):
    sign_in(client, "me@example.org")
    assert client.get("/admin", headers={"Accept": "application/json"}).status_code == 403
    client.post("/logout")
    sign_in(client, "root@example.org")
    assert client.get("/admin").text == "secrets"


def test_registration_signs_in_and_is_tracked(app, client):
    answer = client.post(
        "/register",
        data={"email": "new@example.org", "password": PASSWORD, "password_confirm": PASSWORD},
    )
    assert answer.status_code == 302
    assert client.get("/").text == "Hello new@example.org"
    with app.app_context():
        assert app.security.datastore.find_user(email="new@example.org").login_count == 1
    assert [mail.to for mail in app.extensions["mailman"].outbox] == [["new@example.org"]]


def test_password_is_reset_by_the_link_in_a_mail(app, client):
    client.post("/reset", data={"email": "me@example.org"})
    (mail,) = app.extensions["mailman"].outbox
    (path,) = set(re.findall(r"http://localhost(/reset/[^\s\"<]+)", mail.body))
    form = {"password": "another long password", "password_confirm": "another long password"}
    assert client.post(path, data=form).status_code == 302
    client.post("/logout")
    assert "Invalid password" in sign_in(client, "me@example.org").text
    sign_in(client, "me@example.org", "another long password")
    assert client.get("/").text == "Hello me@example.org"


def test_users_commands_are_in_the_command_line(app):
    result = app.test_cli_runner().invoke(
        args=["users", "create", "cli@example.org", "--password", PASSWORD, "-a"]
    )
    assert result.exit_code == 0, result.output
    assert sign_in(app.test_client(), "cli@example.org").status_code == 302
