"""Flask-Assets: bundles of static files, joined, versioned and linked in templates."""

from __future__ import annotations

import os
import re

import pytest
from flask_assets import Bundle, Environment
from webassets.env import RegisterError

from flask import Blueprint, Flask, render_template_string

PROGRAM = """
from flask import Flask
from flask_assets import Bundle, Environment

app = Flask(__name__)
Environment(app).register("all", Bundle("a.css", output="gen/all.css"))
"""


@pytest.fixture
def app(tmp_path):
    for folder, name in (("static", "a.css"), ("static", "b.css"), ("shop", "c.css")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(f"/* {name} */\n")
    app = Flask(__name__, root_path=str(tmp_path))
    shop = Blueprint(
        "shop",
        __name__,
        static_folder=str(tmp_path / "shop"),
        static_url_path="/files",
        url_prefix="/shop",
    )
    app.register_blueprint(shop)
    assets = Environment(app)
    assets.register("all", Bundle("a.css", "b.css", "shop/c.css", output="gen/all.css"))

    @app.route("/")
    def page():
        return render_template_string(
            '{% assets "all" %}<link href="{{ ASSET_URL }}">{% endassets %}'
        )

    return app


def links(client):
    return re.findall(r'href="([^"]+)"', client.get("/").text)


def test_files_are_joined_and_served(app):
    client = app.test_client()
    (link,) = links(client)
    assert re.fullmatch(r"/static/gen/all\.css\?[0-9a-f]+", link)
    with client.get(link) as answer:
        assert [f"/* {name}.css */" in answer.text for name in "abc"] == [True] * 3


def test_a_change_is_seen(app, tmp_path):
    client = app.test_client()
    (before,) = links(client)
    (tmp_path / "static" / "a.css").write_text("/* changed */")
    later = (tmp_path / "static" / "gen" / "all.css").stat().st_mtime + 5
    os.utime(tmp_path / "static" / "a.css", (later, later))
    (after,) = links(client)
    assert before != after
    with client.get(after) as answer:
        assert "changed" in answer.text


def test_debugging_links_the_files_themselves(app):
    app.config["ASSETS_DEBUG"] = True
    client = app.test_client()
    paths = [link.partition("?")[0] for link in links(client)]
    assert paths == ["/static/a.css", "/static/b.css", "/shop/files/c.css"]
    for path in paths:
        with client.get(path) as answer:
            assert answer.status_code == 200


def test_a_name_is_given_once(app):
    assets = app.jinja_env.assets_environment
    with pytest.raises(RegisterError):
        assets.register("all", Bundle("a.css", output="gen/other.css"))


def test_bundles_are_built_on_the_command_line(tmp_path, run_command):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.css").write_text("/* a */")
    (tmp_path / "app.py").write_text(PROGRAM)
    built = run_command("flask", "assets", "build")
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "static" / "gen" / "all.css").read_text() == "/* a */"
    assert "assets" in run_command("flask", "--help").stdout
