"""Routes, hooks, handlers, configuration and signals, as applications write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, assert_type

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response as BaseResponse

from flask import (
    Blueprint,
    Config,
    Flask,
    Request,
    Response,
    abort,
    after_this_request,
    copy_current_request_context,
    current_app,
    flash,
    g,
    get_flashed_messages,
    has_app_context,
    has_request_context,
    jsonify,
    redirect,
    request,
    request_finished,
    session,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue


class Board(Flask):
    title = "notices"

    def make_response(self, rv: ResponseReturnValue) -> Response:
        return super().make_response(rv)


class TracedRequest(Request):
    @property
    def trace(self) -> str | None:
        return self.headers.get("X-Trace")


Board.request_class = TracedRequest

app = Board(__name__, static_folder=None, instance_relative_config=True)
app.secret_key = "key"
app.permanent_session_lifetime = timedelta(days=1)
app.config["GREETING"] = "hello"
app.config.from_mapping({"A": 1}, B=2)
app.config.update(TESTING=True)
app.config.from_prefixed_env()
app.extensions["mine"] = object()

assert_type(app.config, Config)
assert_type(app.debug, bool)
assert_type(app.testing, bool)
assert_type(app.name, str)

bp = Blueprint("bp", __name__, url_prefix="/bp", template_folder="templates")
inner = Blueprint("inner", __name__)
bp.register_blueprint(inner, url_prefix="/inner")
app.register_blueprint(bp, url_prefix="/elsewhere", name="other")


@app.route("/", methods=["GET", "POST"], defaults={"page": 1}, strict_slashes=False)
@app.get("/<int:page>", endpoint="paged")
def index(page: int) -> str:
    assert_type(request.path, str)
    assert_type(request.method, str)
    assert_type(request.args.get("q"), str | None)
    assert_type(request.args.get("n", 1, type=int), int)
    assert_type(request.form["name"], str)
    assert_type(request.endpoint, str | None)
    assert_type(request.blueprint, str | None)
    assert_type(request.blueprints, list[str])
    assert_type(request.data, bytes)
    payload = request.get_json()
    upload = request.files["picture"]
    upload.save("elsewhere")
    flash("saved", "info")
    session["user"] = payload["user"]
    session.permanent = True
    session.pop("old", None)
    g.user = session.get("user")
    g.setdefault("count", 0)
    for category, message in get_flashed_messages(with_categories=True):
        print(category, message)
    return url_for("index", page=page + 1, _external=True, _anchor="top")


@bp.before_request
def guard() -> ResponseReturnValue | None:
    if "user" not in session:
        return redirect(url_for("index"), code=303)
    return None


@bp.before_app_request
def remember() -> None:
    @after_this_request
    def mark(response: Response) -> Response:
        response.headers["X-Seen"] = "yes"
        return response


@app.after_request
def stamp(response: Response) -> Response:
    response.set_cookie("seen", "1", httponly=True, samesite="Lax")
    return response


@app.teardown_request
@app.teardown_appcontext
def close(error: BaseException | None) -> None:
    g.pop("db", None)


@app.errorhandler(404)
def missing(error: NotFound) -> tuple[str, int]:
    return "no such page", 404


@app.errorhandler(HTTPException)
@bp.app_errorhandler(ValueError)
def failed(error: Exception) -> ResponseReturnValue:
    return jsonify(error=str(error)), 400


app.register_error_handler(KeyError, failed)


@app.url_value_preprocessor
def pull(endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.lang = values.pop("lang", None) if values else None


@app.url_defaults
def push(endpoint: str, values: dict[str, Any]) -> None:
    values.setdefault("lang", "en")


@app.context_processor
def extra() -> dict[str, Any]:
    return {"title": app.title}


@app.shell_context_processor
def names() -> dict[str, Any]:
    return {"app": app}


@app.template_filter()
def shout(text: str) -> str:
    return text.upper()


@app.template_test("loud")
def is_loud(text: str) -> bool:
    return text.isupper()


@app.template_global("now")
def now() -> int:
    return 0


def late(name: str) -> str:
    if name == "none":
        abort(404, description="nobody of that name")
    return name


app.add_url_rule("/late/<name>", view_func=late, methods=["GET"])


def stream() -> Response:
    @stream_with_context
    def rows() -> Any:
        yield "a"

    return Response(rows(), mimetype="text/csv")


def in_thread() -> None:
    @copy_current_request_context
    def work(times: int) -> str:
        return request.path * times

    assert_type(work(2), str)


def finished(sender: Flask, response: Response, **extra: Any) -> None:
    sender.logger.info("done %s", response.status)


request_finished.connect(finished, app)


def outside() -> None:
    with app.app_context():
        assert_type(current_app.name, str)
        assert_type(has_app_context(), bool)
    with app.test_request_context("/?a=b", method="POST", json={"a": 1}) as ctx:
        assert_type(ctx.request.path, str)
        assert_type(has_request_context(), bool)
        app.preprocess_request()
        assert_type(app.process_response(Response("x")), Response)
    assert_type(redirect("/"), BaseResponse)


if __name__ == "__main__":
    app.run(debug=True, port=8080)
