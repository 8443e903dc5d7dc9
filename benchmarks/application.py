"""The applications that are measured, written with nothing but Flask's documented interface.

`FACTORIES` maps a name to the function that builds that application. Whatever `flask` is installed
in the running interpreter serves them: the file must work unchanged on Hipflask and on the
original.
"""

from __future__ import annotations

import atexit
import gzip
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from benchmarks.scenarios import STYLE
from benchmarks.shop import create_shop
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask.views import MethodView

SECRET_KEY = "benchmark-secret-of-ordinary-length"
ROWS = [
    {"id": number, "name": f"product {number}", "price": number * 1.25, "tags": ["new", "blue"]}
    for number in range(500)
]
CHUNKS = [f"line {number} of the stream\n" for number in range(100)]


def create_main() -> Flask:
    """One application for all requests that need no hook on the application itself."""
    app = Flask(__name__)
    app.secret_key = SECRET_KEY
    _add_plain_views(app)
    _add_input_views(app)
    _add_session_views(app)
    _add_link_views(app)
    _add_response_views(app)
    app.register_blueprint(_hooked_blueprint())
    return app


def _add_plain_views(app: Flask) -> None:
    @app.route("/")
    def index() -> str:
        return "Hello, World!"

    @app.route("/hello/<name>")
    def hello(name: str) -> str:
        return f"Hello, {name}!"

    @app.route("/shop/<category>/<int:number>")
    def product(category: str, number: int) -> str:
        return f"{category} {number}"

    @app.route("/json")
    def json_out() -> dict[str, object]:
        return {"message": "Hello, World!", "count": 3, "done": True}

    @app.route("/rows")
    def rows() -> list[dict[str, object]]:
        return ROWS

    class Member(MethodView):
        def get(self, member_id: int) -> str:
            return f"member {member_id}"

        def delete(self, member_id: int) -> tuple[str, int]:
            return "", 204

    app.add_url_rule("/member/<int:member_id>", view_func=Member.as_view("member"))


def _add_input_views(app: Flask) -> None:
    @app.route("/search")
    def search() -> str:
        words = request.args.get("q", "")
        page = request.args.get("page", 1, type=int)
        return f"{words}: page {page}"

    @app.route("/echo", methods=["POST"])
    def echo() -> dict[str, object]:
        data = request.get_json()
        return {"name": data["name"], "total": sum(data["numbers"])}

    @app.route("/form", methods=["POST"])
    def form() -> str:
        return f"{request.form['title']} by {request.form['author']}"

    @app.route("/upload", methods=["POST"])
    def upload() -> str:
        picture = request.files["picture"]
        return f"{picture.filename}: {len(picture.read())} bytes"

    @app.route("/proxies")
    def proxies() -> str:
        g.user = "ada"
        length = 0
        for _ in range(10):
            length += len(request.path)
            length += len(g.user)
            length += len(current_app.name)
        return str(length > 0)


def _add_session_views(app: Flask) -> None:
    @app.route("/session/start")
    def session_start() -> str:
        session["user"] = "ada"
        session["visits"] = 1
        return "started"

    @app.route("/session/read")
    def session_read() -> str:
        return f"Hello, {session['user']}!"

    @app.route("/session/count")
    def session_count() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return f"visit {session['visits']}"


def _add_link_views(app: Flask) -> None:
    @app.route("/redirect")
    def moved() -> ResponseReturnValue:
        return redirect(url_for("hello", name="ada"))

    @app.route("/links")
    def links() -> str:
        found = []
        for number in range(5):
            found.append(url_for("index"))
            found.append(url_for("hello", name="ada"))
            found.append(url_for("product", category="books", number=number))
            found.append(url_for("search", q="flask", page=number))
        return "\n".join(found)

    @app.route("/page")
    def page() -> str:
        return render_template("page.html", name="Ada", notices=["first", "second", "third"])

    @app.route("/menu")
    def menu() -> str:
        return render_template("menu.html", numbers=range(1, 6))


def _add_response_views(app: Flask) -> None:
    @app.route("/dressed")
    def dressed() -> Response:
        response = make_response("dressed")
        response.headers["X-Origin"] = "benchmark"
        response.set_cookie("theme", "dark", max_age=3600, httponly=True)
        return response

    @app.route("/stream")
    def stream() -> Response:
        def generate() -> Iterator[str]:
            yield from CHUNKS

        return Response(generate(), mimetype="text/plain")

    @app.route("/forbidden")
    def forbidden() -> NoReturn:
        abort(403)

    @app.errorhandler(404)
    def not_found(error: Exception) -> tuple[str, int]:
        return f"nothing at {request.path}", 404


def _hooked_blueprint() -> Blueprint:
    blueprint = Blueprint("hooked", __name__, url_prefix="/hooked")

    @blueprint.before_request
    def load_user() -> None:
        g.user = "ada"

    @blueprint.before_request
    def load_language() -> None:
        g.language = "en"

    @blueprint.after_request
    def name_user(response: Response) -> Response:
        response.headers["X-User"] = g.user
        return response

    @blueprint.after_request
    def name_language(response: Response) -> Response:
        response.headers["Content-Language"] = g.language
        return response

    @blueprint.teardown_request
    def drop_user(error: BaseException | None) -> None:
        g.pop("user", None)

    @blueprint.teardown_request
    def drop_language(error: BaseException | None) -> None:
        g.pop("language", None)

    @blueprint.route("/")
    def hooked() -> str:
        return f"{g.user} {g.language}"

    return blueprint


def create_smallest() -> Flask:
    """The ten-line application: no secret key, hence no session to open."""
    app = Flask(__name__)

    @app.route("/")
    def index() -> str:
        return "Hello, World!"

    return app


def create_large() -> Flask:
    """2,000 dynamic routes in 40 areas."""
    app = Flask(__name__)

    def show(name: str) -> str:
        return f"Hello, {name}!"

    for number in range(2000):
        app.add_url_rule(
            f"/area{number // 50}/item{number}/<name>", f"item{number}", view_func=show
        )
    return app


def create_grown(routes: int = 10, blueprints: int = 0, hooks: int = 0) -> Flask:
    """An application of a given size; the measured route, /grown/<name>, is declared halfway.

    `hooks` counts before-request functions of other blueprints: work of theirs that a request to
    the measured route never has to do.
    """
    app = Flask(__name__)

    def show(name: str) -> str:
        return f"Hello, {name}!"

    for number in range(routes - 1):
        if number == (routes - 1) // 2:
            app.add_url_rule("/grown/<name>", "grown", view_func=show)
        app.add_url_rule(f"/area{number // 50}/item{number}/<name>", f"r{number}", view_func=show)
    others = [
        Blueprint(f"b{number}", __name__, url_prefix=f"/b{number}")
        for number in range(max(blueprints, 1 if hooks else 0))
    ]
    for number in range(hooks):
        others[number % len(others)].before_request(lambda: None)
    for other in others:
        other.add_url_rule("/<name>", "show", view_func=show)
        app.register_blueprint(other)
    return app


def _filled(path: str) -> sqlite3.Connection:
    """A database of 200 notices; its connection stays open until the process ends."""
    connection = sqlite3.connect(path, check_same_thread=False)
    atexit.register(connection.close)
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE notice (id INTEGER PRIMARY KEY, title TEXT, body TEXT)")
    connection.executemany(
        "INSERT INTO notice (title, body) VALUES (?, ?)",
        [(f"Notice {number}", f"The text of notice {number}.") for number in range(1, 201)],
    )
    connection.commit()
    return connection


NEWEST = "SELECT id, title FROM notice ORDER BY id DESC LIMIT 10"


def create_typical(connect_each_time: bool = False) -> Flask:
    """A page as most are: session, login check, one query, an inherited template with ten links.

    The database connection is kept open, or opened for each request as the tutorials do.
    """
    app = Flask(__name__)
    app.secret_key = SECRET_KEY
    folder = tempfile.TemporaryDirectory(prefix="bench-")
    atexit.register(folder.cleanup)
    path = str(Path(folder.name) / "notices.sqlite")
    kept = _filled(path)

    def connection() -> sqlite3.Connection:
        if not connect_each_time:
            return kept
        if "connection" not in g:
            g.connection = sqlite3.connect(path)
            g.connection.row_factory = sqlite3.Row
        return g.connection

    @app.teardown_appcontext
    def close_connection(error: BaseException | None) -> None:
        opened = g.pop("connection", None)
        if opened is not None:
            opened.close()

    @app.before_request
    def require_login() -> ResponseReturnValue | None:
        g.user = session.get("user")
        if g.user is None and request.endpoint != "login":
            return redirect(url_for("login"))
        return None

    @app.route("/login", methods=["GET", "POST"])
    def login() -> ResponseReturnValue:
        if request.method == "POST":
            session["user"] = request.form["user"]
            return redirect(url_for("board"))
        return "log in"

    @app.route("/")
    def board() -> str:
        return render_template("board.html", notices=connection().execute(NEWEST).fetchall())

    @app.route("/notice/<int:notice_id>")
    def notice(notice_id: int) -> str:
        return f"notice {notice_id}"

    return app


def create_assets() -> Flask:
    """Static files with hashes in their names, compressed beforehand; Hipflask's settings."""
    folder = tempfile.TemporaryDirectory(prefix="bench-")
    atexit.register(folder.cleanup)
    content = STYLE.read_bytes()
    (Path(folder.name) / STYLE.name).write_bytes(content)
    (Path(folder.name) / f"{STYLE.name}.gz").write_bytes(gzip.compress(content, mtime=0))
    app = Flask(__name__, static_folder=folder.name, static_url_path="/static")
    app.config.update(STATIC_HASHED=True, STATIC_PRECOMPRESSED=["br", "gzip"])
    return app


def create_mix() -> Flask:
    """Blueprints, two hooks and a session; its scenario walks through several views."""
    app = Flask(__name__)
    app.secret_key = SECRET_KEY
    users = {1: "ada", 2: "grace"}

    @app.before_request
    def load_user() -> None:
        g.user = users.get(session.get("user_id", 0))

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response

    account = Blueprint("account", __name__, url_prefix="/account")

    @account.route("/login", methods=["POST"])
    def login() -> ResponseReturnValue:
        session["user_id"] = int(request.form["user"])
        return redirect(url_for("board.front"))

    @account.route("/")
    def profile() -> str:
        if g.user is None:
            abort(401)
        return render_template("profile.html", user=g.user)

    app.register_blueprint(account)
    app.register_blueprint(_mix_board(_filled(":memory:")))
    app.register_blueprint(_mix_api())
    return app


def create_mix_with_login() -> Flask:
    """The same mix with Flask-Login keeping the user."""
    from flask_login import LoginManager, UserMixin, current_user, login_required, login_user

    class User(UserMixin):
        def __init__(self, user_id: str) -> None:
            self.id = user_id
            self.name = {"1": "ada", "2": "grace"}[user_id]

    app = Flask(__name__)
    app.secret_key = SECRET_KEY
    manager = LoginManager(app)

    @manager.user_loader
    def load(user_id: str) -> User:
        return User(user_id)

    @app.before_request
    def note_user() -> None:
        g.user = current_user.name if current_user.is_authenticated else None

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response

    account = Blueprint("account", __name__, url_prefix="/account")

    @account.route("/login", methods=["POST"])
    def login() -> ResponseReturnValue:
        login_user(User(request.form["user"]))
        return redirect(url_for("board.front"))

    @account.route("/")
    @login_required
    def profile() -> str:
        return render_template("profile.html", user=current_user.name)

    app.register_blueprint(account)
    app.register_blueprint(_mix_board(_filled(":memory:")))
    app.register_blueprint(_mix_api())
    return app


def _mix_board(connection: sqlite3.Connection) -> Blueprint:
    board = Blueprint("board", __name__, url_prefix="/board")

    @board.route("/")
    def front() -> str:
        return render_template("front.html", notices=connection.execute(NEWEST).fetchall())

    @board.route("/<int:notice_id>")
    def notice(notice_id: int) -> str:
        found = connection.execute("SELECT * FROM notice WHERE id = ?", (notice_id,)).fetchone()
        if found is None:
            abort(404)
        return render_template("notice.html", notice=found)

    @board.route("/new", methods=["POST"])
    def create() -> ResponseReturnValue:
        title = request.form["title"].strip()
        flash(f"Saved {title}.")
        return redirect(url_for(".notice", notice_id=7))

    return board


def _mix_api() -> Blueprint:
    api = Blueprint("api", __name__, url_prefix="/api")

    @api.errorhandler(404)
    def missing(error: Exception) -> tuple[Response, int]:
        return jsonify(error="no such product"), 404

    @api.route("/products")
    def products() -> list[dict[str, object]]:
        page = request.args.get("page", 1, type=int)
        return ROWS[(page - 1) * 10 : page * 10]

    @api.route("/products/<int:number>")
    def one_product(number: int) -> dict[str, object]:
        if number >= len(ROWS):
            abort(404)
        return ROWS[number]

    return api


FACTORIES: dict[str, Callable[[], Flask]] = {
    "main": create_main,
    "smallest": create_smallest,
    "large": create_large,
    "typical": create_typical,
    "typical-connect": lambda: create_typical(connect_each_time=True),
    "shop": create_shop,
    "assets": create_assets,
    "mix": create_mix,
    "mix-login": create_mix_with_login,
}
