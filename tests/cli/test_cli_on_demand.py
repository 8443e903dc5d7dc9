"""The command line is imported when an application is asked for its commands, and not before."""

from __future__ import annotations

import subprocess
import sys
import threading

import click

import flask
from flask import Blueprint, Flask
from flask.cli import AppGroup

SERVING = """
import sys
import flask
app = flask.Flask("serving")
part = flask.Blueprint("part", "serving")
app.register_blueprint(part)
app.add_url_rule("/", "index", lambda: "text")
environ = {
    "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "a", "SERVER_PORT": "80",
    "HTTP_HOST": "a", "wsgi.url_scheme": "http",
}
assert b"".join(app(environ, lambda *announced: None)) == b"text"
assert "click" not in sys.modules, "click"
assert "flask.cli" not in sys.modules, "flask.cli"
assert flask.cli.AppGroup is type(app.cli) is flask.blueprints.AppGroup
assert flask.app.click is sys.modules["click"]
assert flask.app.cli is flask.cli
"""


def test_serving_imports_neither_click_nor_the_command_line() -> None:
    subprocess.run([sys.executable, "-c", SERVING], check=True)


def test_a_group_is_made_once_with_the_name_of_its_owner() -> None:
    for owner in (Flask("shop"), Blueprint("part", "shop")):
        assert type(owner.cli) is AppGroup
        assert owner.cli is owner.cli
        assert owner.cli.name == owner.name


def test_threads_get_one_group() -> None:
    for _ in range(20):
        app = Flask("threads")
        found: list[AppGroup] = []
        barrier = threading.Barrier(4)

        def ask(app: Flask = app, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            found.append(app.cli)  # noqa: B023 - joined below

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({id(group) for group in found}) == 1


def test_another_group_can_be_put_in_its_place() -> None:
    app, part = Flask("shop"), Blueprint("part", "shop")
    part.cli = AppGroup("own")
    part.cli.add_command(click.Command("inside"))
    app.cli = own = AppGroup("other")
    app.register_blueprint(part)
    assert app.cli is own
    assert set(own.commands) == {"part"}


def test_a_group_of_the_class_or_from_a_property_is_registered() -> None:
    group = AppGroup("of_class")
    group.add_command(click.Command("inside"))

    class OfClass(Blueprint):
        cli = group

    class FromProperty(Blueprint):
        @property
        def cli(self) -> AppGroup:  # type: ignore[override]
            return group

    for number, cls in enumerate((OfClass, FromProperty)):
        app = Flask("shop")
        app.register_blueprint(cls(f"part{number}", "shop"))
        assert set(app.cli.commands) == {f"part{number}"}


def test_the_package_has_no_other_names_on_demand() -> None:
    assert not hasattr(flask, "clip")
    assert not hasattr(flask.app, "clip")
    assert not hasattr(flask.blueprints, "clip")
