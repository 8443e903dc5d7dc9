"""The test client, the command line, sessions and JSON of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

import click

from flask import Flask, Request, Response, current_app, json
from flask.cli import AppGroup, FlaskGroup, ScriptInfo, pass_script_info, with_appcontext
from flask.json.provider import DefaultJSONProvider, JSONProvider
from flask.json.tag import JSONTag, TaggedJSONSerializer
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from flask.testing import FlaskClient, FlaskCliRunner


class Client(FlaskClient):
    def login(self, name: str) -> None:
        self.post("/login", data={"name": name}, follow_redirects=True)


class Sorted(DefaultJSONProvider):
    sort_keys = True
    ensure_ascii = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return super().dumps(obj, **kwargs)


class Minimal(JSONProvider):
    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return repr(obj)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return s


class TagSet(JSONTag):
    key = " s"

    def check(self, value: Any) -> bool:
        return isinstance(value, set)

    def to_json(self, value: Any) -> list[Any]:
        return sorted(value)

    def to_python(self, value: Any) -> set[Any]:
        return set(value)


class Store(SessionInterface):
    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        return SecureCookieSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.modified and self.should_set_cookie(app, session):
            response.set_cookie(self.get_cookie_name(app), "x", path=self.get_cookie_path(app))


def create_app() -> Flask:
    app = Flask(__name__)
    app.test_client_class = Client
    app.json_provider_class = Sorted
    app.json = Minimal(app)
    app.session_interface = Store()
    TaggedJSONSerializer().register(TagSet, index=0)
    return app


app = create_app()
users = AppGroup("users")
app.cli.add_command(users)


@users.command("create")
@click.argument("name")
@with_appcontext
def create(name: str) -> None:
    click.echo(f"{current_app.name}: {name}")


@app.cli.command("where", with_appcontext=False)
@pass_script_info
def where(info: ScriptInfo) -> None:
    assert_type(info.load_app(), Flask)


group = FlaskGroup(create_app=create_app)


def fixture() -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


def check(client: FlaskClient, runner: FlaskCliRunner) -> None:
    response = client.post("/", json={"a": 1}, query_string={"q": "x"}, headers={"X-A": "b"})
    assert_type(response.status_code, int)
    assert_type(response.text, str)
    assert response.get_json()["a"] == 1
    assert response.json is None
    with client.session_transaction() as session:
        session["user"] = 1
        assert_type(session, SessionMixin)
    assert runner.invoke(args=["users", "create", "ada"]).exit_code == 0
    assert json.loads(json.dumps({"a": 1})) == {"a": 1}
