"""The application under attack: views that use all that a client can send."""

from __future__ import annotations

import hashlib
import io
import re
import typing as t
from pathlib import Path

import flask
from flask import Flask, request, session

READ = re.findall(
    r"\w+",
    """
    accept_charsets accept_encodings accept_languages accept_mimetypes
    access_control_request_headers access_control_request_method access_route args
    authorization base_url blueprint blueprints cache_control content_encoding
    content_length content_md5 content_type cookies date endpoint files form full_path host
    host_url if_match if_modified_since if_none_match if_range if_unmodified_since is_json
    is_secure max_forwards method mimetype mimetype_params origin path pragma query_string
    range referrer remote_addr remote_user root_path root_url scheme script_root server url
    url_root user_agent values view_args
    """,
)

TEXT = b"0123456789" * 100


def make(app_class: type[Flask], folder: Path | None = None) -> Flask:
    """Return the application.

    :param folder: where its files are; without one it has no static files.
    """
    app = app_class(
        f"target_{app_class.__name__.lower()}",
        root_path=str(folder or Path(__file__).parent),
        static_folder="static" if folder else None,
    )
    app.secret_key = "a key for attacks"
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    _add_reading_views(app)
    _add_writing_views(app)
    _add_rules(app)
    return app


def _add_reading_views(app: Flask) -> None:
    @app.route("/any", methods=["GET", "POST", "PUT"])
    def read_anything() -> str:
        return digest({name: getattr(request, name, None) for name in READ})

    @app.route("/headers")
    def read_headers() -> str:
        accept = request.accept_mimetypes
        chosen = accept.best_match(["text/html", "application/json"]), accept.accept_json
        language = request.accept_languages.best_match(["de", "en-GB", "pt-BR"])
        return digest([chosen, language, request.headers.to_wsgi_list(), request.authorization])

    @app.route("/form", methods=["POST"])
    def read_form() -> str:
        files = [(name, file.filename, file.read()) for name, file in request.files.items(True)]
        return digest([list(request.form.items(True)), files, request.get_data()])

    @app.route("/json", methods=["POST"])
    def read_json() -> t.Any:
        return flask.jsonify(request.get_json())

    @app.route("/data", methods=["POST"])
    def read_data() -> str:
        # Not looked into: views may fail over deep values, which is not what is tried here.
        return digest([request.get_data(), type(request.get_json(silent=True)).__name__])

    @app.route("/session")
    def read_session() -> t.Any:
        return dict(session)

    @app.route("/log-in")
    def log_in() -> str:
        session["user"] = request.args.get("user", "")
        return "in"

    @app.route("/flashes")
    def read_flashes() -> t.Any:
        flask.flash("seen")
        return ascii(flask.get_flashed_messages(with_categories=True))


def _add_writing_views(app: Flask) -> None:
    @app.route("/file")
    def send() -> flask.Response:
        return flask.send_file(io.BytesIO(TEXT), "text/plain", etag="tag", last_modified=10**9)

    @app.route("/back")
    def send_back() -> t.Any:
        return flask.redirect(request.args["to"])

    @app.route("/build")
    def build() -> str:
        return flask.url_for("read_path", **request.args.to_dict() | {"rest": "r"})

    @app.route("/page")
    def page() -> str:
        return flask.render_template_string("<p>{{ request.args.x }}</p>")


def _add_rules(app: Flask) -> None:
    @app.route("/number/<int:number>")
    @app.route("/number/<float:number>")
    @app.route("/number/<int(min=1, max=1000000000):number>/limited")
    def read_number(number: float) -> str:
        return ascii(number)

    @app.route("/name/<name>/")
    @app.route("/name/<string(length=2):name>/two")
    @app.route("/id/<uuid:name>")
    @app.route("/pick/<any(one, 'two three', \"dé\"):name>")
    def read_name(name: object) -> str:
        return ascii(name)

    @app.route("/path/<path:rest>")
    @app.route("/around/<path:rest>/end")
    @app.route("/joined/<name>-<path:rest>/other")
    def read_path(rest: str, name: str = "") -> str:
        return ascii([rest, name])

    @app.route("/sloppy/<name>", strict_slashes=False)
    @app.route("/merging/<name>/", merge_slashes=False)
    def read_sloppily(name: str) -> str:
        return ascii(name)


def digest(value: object) -> str:
    """A short text that differs where the value's contents do."""
    return hashlib.sha256(ascii(_plain(value)).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(ascii(_plain(inner)) for inner in value)
    if value is None or isinstance(value, str | bytes | int | float):
        return value
    # Not as text: some parsed headers of Werkzeug's refuse to be written as they were read.
    parts = getattr(value, "__dict__", None)
    if parts is None:
        return str(value)
    return {name: _plain(part) for name, part in parts.items() if not callable(part)}
