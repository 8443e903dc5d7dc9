"""Programs as people write them: factories, middleware, decorators, data bases, uploads."""

from __future__ import annotations

import functools
import hashlib
import io
import sqlite3
import threading

from werkzeug.local import LocalProxy
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.utils import import_string, secure_filename

import flask
from flask import Blueprint, current_app, g, request, session, url_for
from flask.views import MethodView

from ..harness import Lab, scenario


@scenario
def factory_with_extensions(lab: Lab):
    class Extension:
        def __init__(self, app=None):
            if app is not None:
                self.init_app(app)

        def init_app(self, app):
            app.config.setdefault("EXTENSION_COLOUR", "red")
            app.extensions["extension"] = self
            app.before_request(lambda: lab.say("extension before", app.name))
            app.jinja_env.globals["colour"] = lambda: current_app.config["EXTENSION_COLOUR"]

    extension = Extension()

    def create_app(colour):
        app = lab.app(f"shop_{colour}", EXTENSION_COLOUR=colour)
        extension.init_app(app)
        app.add_url_rule(
            "/", "index", lambda: flask.render_template_string("{{ colour() }} {{ config.X }}")
        )
        return app

    one, two = create_app("blue"), create_app("green")
    return [
        lab.brief(one),
        lab.brief(two),
        lab.brief(one),
        one.extensions["extension"] is two.extensions["extension"],
    ]


@scenario
def login_required(lab: Lab):
    app = lab.app(SECRET_KEY="k")

    def login_required(view):
        @functools.wraps(view)
        def wrapped(*args, **kwargs):
            if g.user is None:
                return flask.redirect(url_for("login", next=request.full_path))
            return view(*args, **kwargs)

        return wrapped

    @app.before_request
    def load_user():
        g.user = session.get("user")

    @app.route("/login", methods=["GET", "POST"])
    def login():
        if request.method == "POST":
            session.clear()
            session["user"] = request.form["name"]
            return flask.redirect(request.args.get("next") or "/")
        return "form"

    @app.get("/secret/<int:n>")
    @login_required
    def secret(n):
        return f"{g.user} sees {n}"

    client = app.test_client()
    return [
        lab.code(client, "/secret/5?a=b"),
        lab.hit(client, "POST /login?next=/secret/5?a=b", data={"name": "ann"}),
        lab.brief(client, "/secret/5"),
    ]


@scenario
def data_base_in_g(lab: Lab):
    app = lab.app(DATABASE=":memory:")

    def connection():
        if "db" not in g:
            lab.say("connect")
            g.db = sqlite3.connect(current_app.config["DATABASE"])
            g.db.execute("create table t (n)")
        return g.db

    @app.teardown_appcontext
    def close(error):
        db = g.pop("db", None)
        lab.say("teardown", db is not None)
        if db is not None:
            db.close()

    @app.get("/use/<int:n>")
    def use(n):
        connection().execute("insert into t values (?)", (n,))
        return str(connection().execute("select sum(n) from t").fetchone()[0])

    @app.get("/idle")
    def idle():
        return "idle"

    return lab.briefs(app, "/use/3", "/idle", "/use/4")


@scenario
def proxy_of_ones_own(lab: Lab):
    app = lab.app()

    def current():
        if "user" not in g:
            g.user = request.args.get("user", "nobody")
        return g.user

    user = LocalProxy(current)

    @app.context_processor
    def processor():
        return {"user": user}

    app.add_url_rule("/", "index", lambda: flask.render_template_string("{{ user|upper }}"))
    return [lab.brief(app, "/?user=ann"), lab.brief(app), lab.raises(lambda: user.upper())]


@scenario
def method_override_middleware(lab: Lab):
    class Override:
        def __init__(self, application):
            self.application = application

        def __call__(self, environ, start_response):
            method = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
            if method in {"PUT", "DELETE"}:
                environ["REQUEST_METHOD"] = method
                environ["CONTENT_LENGTH"] = "0"
            return self.application(environ, start_response)

    app = lab.app()
    app.wsgi_app = Override(app.wsgi_app)
    app.add_url_rule("/", "index", lambda: request.method, methods=["GET", "POST", "DELETE"])
    headers = {"X-HTTP-Method-Override": "delete"}
    return [lab.brief(app, "POST /"), lab.brief(app, "POST /", headers=headers)]


@scenario
def checksum_of_the_stream(lab: Lab):
    class Summing:
        def __init__(self, environ):
            self.stream, self.sum = environ["wsgi.input"], hashlib.sha256()
            environ["wsgi.input"] = self

        def read(self, *args):
            data = self.stream.read(*args)
            self.sum.update(data)
            return data

        def readline(self, *args):
            data = self.stream.readline(*args)
            self.sum.update(data)
            return data

        def readinto(self, buffer):
            data = self.read(len(buffer))
            buffer[: len(data)] = data
            return len(data)

    app = lab.app()

    @app.post("/")
    def index():
        summing = Summing(request.environ)
        size = len(request.form)
        return f"{size} {summing.sum.hexdigest()[:8]}"

    return lab.brief(app, "POST /", data={"a": "1", "b": "2"})


@scenario
def lazily_loaded_views(lab: Lab):
    lab.file("lazy_views.py", "def view(**values):\n    return f'lazy {sorted(values)}'\n")
    lab.importable()

    class Lazy:
        def __init__(self, name):
            self.__module__, self.__name__ = name.rsplit(".", 1)
            self.import_name = name

        @functools.cached_property
        def view(self):
            lab.say("import")
            return import_string(self.import_name)

        def __call__(self, *args, **kwargs):
            return self.view(*args, **kwargs)

    app = lab.app()
    app.add_url_rule("/<x>", view_func=Lazy("lazy_views.view"))
    lab.say("set up")
    return [sorted(app.view_functions), lab.brief(app, "/1"), lab.brief(app, "/2")]


@scenario
def caching_decorator(lab: Lab):
    app, cache = lab.app(), {}

    def cached(view):
        @functools.wraps(view)
        def wrapped(*args, **kwargs):
            key = request.full_path
            if key not in cache:
                cache[key] = view(*args, **kwargs)
            return cache[key]

        return wrapped

    @app.get("/<x>")
    @cached
    def index(x):
        lab.say("computed", x)
        return flask.make_response(x, 202)

    return lab.hits(app, "/a", "/a?", "/a?b=1") | {"again": lab.hit(app, "/a")}


@scenario
def templated_decorator(lab: Lab):
    lab.file("templates/page/show.html", "{{ number }} {{ request.endpoint }}")
    app = lab.app()

    def templated(view):
        @functools.wraps(view)
        def wrapped(*args, **kwargs):
            context = view(*args, **kwargs)
            if not isinstance(context, dict):
                return context
            name = request.endpoint.replace(".", "/") + ".html"
            return flask.render_template(name, **context)

        return wrapped

    bp = Blueprint("page", __name__)

    @bp.get("/<int:number>")
    @templated
    def show(number):
        return {"number": number} if number else ("none", 404)

    app.register_blueprint(bp)
    return lab.briefs(app, "/5", "/0")


@scenario
def single_page_application(lab: Lab):
    lab.file("app/index.html", "the page")
    lab.file("app/main.js", "js")
    app = lab.app(static_folder="app", static_url_path="/app")

    @app.route("/", defaults={"path": ""})
    @app.route("/<path:path>")
    def catch_all(path):
        lab.say("catch", path)
        return app.send_static_file("index.html")

    app.add_url_rule("/heartbeat", "heartbeat", lambda: {"status": "healthy"})
    return lab.briefs(app, "/", "/deep/er/path", "/heartbeat", "/app/main.js", "/app/none.js")


@scenario
def uploads(lab: Lab):
    app = lab.app(MAX_CONTENT_LENGTH=2000)
    folder = lab.tmp / "uploads"
    folder.mkdir()

    @app.post("/upload")
    def upload():
        if "file" not in request.files:
            flask.abort(400)
        file = request.files["file"]
        name = secure_filename(file.filename)
        file.save(folder / name)
        return flask.redirect(url_for("download", name=name))

    @app.get("/uploads/<name>")
    def download(name):
        return flask.send_from_directory(folder, name)

    app.add_url_rule("/uploads/<name>", endpoint="download_alias", build_only=True)

    def send(name, data):
        return {"file": (io.BytesIO(data), name)}

    client = app.test_client()
    return [
        lab.brief(
            client, "POST /upload", data=send("my file.txt", b"hello"), follow_redirects=True
        ),
        lab.code(client, "POST /upload", data=send("../../etc/x", b"up")),
        lab.code(client, "POST /upload", data={"a": "b"}),
        lab.code(client, "POST /upload", data=send("big", b"x" * 3000)),
        sorted(path.name for path in folder.iterdir()),
    ]


@scenario
def rest_resource(lab: Lab):
    app = lab.app()
    items = {1: {"id": 1, "name": "one"}}

    class Item(MethodView):
        init_every_request = False

        def __init__(self, store):
            self.store = store

        def _get(self, number):
            return self.store.get(number) or flask.abort(404, f"no item {number}")

        def get(self, number):
            return self._get(number)

        def patch(self, number):
            self._get(number).update(request.get_json())
            return self._get(number)

        def delete(self, number):
            self.store.pop(self._get(number)["id"])
            return "", 204

    class Group(MethodView):
        def get(self):
            return list(items.values())

        def post(self):
            made = {"id": len(items) + 1} | request.get_json()
            items[made["id"]] = made
            return made, 201, {"Location": url_for("item", number=made["id"])}

    app.add_url_rule("/items/<int:number>", view_func=Item.as_view("item", items))
    app.add_url_rule("/items/", view_func=Group.as_view("group"))

    @app.errorhandler(404)
    def missing(error):
        return {"error": error.description}, 404

    client = app.test_client()
    return [
        lab.hit(client, "/items/1"),
        lab.hit(client, "POST /items/", json={"name": "two"}),
        lab.hit(client, "PATCH /items/2", json={"name": "zwei"}),
        lab.hit(client, "DELETE /items/1"),
        lab.hit(client, "/items/1"),
        lab.hit(client, "/items/"),
        lab.code(client, "PUT /items/1"),
        lab.code(client, "PATCH /items/2", data="{", content_type="application/json"),
    ]


@scenario
def api_and_site_errors(lab: Lab):
    from werkzeug.exceptions import HTTPException

    app = lab.app()
    api = Blueprint("api", __name__, url_prefix="/api")

    @api.errorhandler(HTTPException)
    def as_json(error):
        response = error.get_response()
        response.data = flask.json.dumps({"code": error.code, "name": error.name})
        response.content_type = "application/json"
        return response

    @app.errorhandler(404)
    def page(error):
        if request.path.startswith("/api/"):
            return {"code": 404}, 404
        return "a page", 404

    api.add_url_rule("/fail", "fail", lambda: flask.abort(409))
    api.add_url_rule("/crash", "crash", lambda: 1 / 0)
    app.register_blueprint(api)
    return lab.hits(app, "/api/fail", "/api/none", "/none", "/api/crash", "POST /api/fail")


@scenario
def combined_applications(lab: Lab):
    front, back, nested = lab.app("front"), lab.app("back"), lab.app("nested")
    for app in (front, back, nested):
        app.add_url_rule(
            "/where",
            "where",
            lambda: f"{current_app.name} {request.script_root} {request.path} {url_for('where')}",
        )
    mounted = DispatcherMiddleware(back, {"/nested": nested})
    front.wsgi_app = DispatcherMiddleware(front.wsgi_app, {"/back": mounted})
    return lab.briefs(front, "/where", "/back/where", "/back/nested/where", "/backwhere", "/none")


@scenario
def dispatch_by_subdomain(lab: Lab):
    made = {}

    def application_for(name):
        if name not in made:
            made[name] = lab.app(name)
            made[name].add_url_rule("/", "index", lambda: f"{current_app.name} {request.host}")
        return made[name]

    class Dispatcher:
        def __call__(self, environ, start_response):
            name = environ["HTTP_HOST"].split(".")[0]
            return application_for(name)(environ, start_response)

    outer = lab.app("outer")
    outer.wsgi_app = Dispatcher()
    return [
        lab.brief(outer, base_url=f"http://{host}")
        for host in ("a.example", "b.example", "a.other")
    ]


@scenario
def shared_data_middleware(lab: Lab):
    lab.file("shared/a.txt", "shared file")
    app = lab.app()
    app.wsgi_app = SharedDataMiddleware(app.wsgi_app, {"/shared": str(lab.tmp / "shared")})
    return lab.briefs(app, "/shared/a.txt", "/shared/none")


@scenario
def background_task_with_a_context(lab: Lab):
    app, results = lab.app(PLACE="config"), []

    def task(application, value):
        with application.app_context():
            g.value = value
            results.append([current_app.config["PLACE"], g.value, lab.state()])

    @app.get("/start")
    def start():
        worker = threading.Thread(target=task, args=(current_app._get_current_object(), "v"))
        worker.start()
        worker.join()
        return "started"

    return [lab.brief(app, "/start"), results]


@scenario
def nested_request_to_oneself(lab: Lab):
    app = lab.app()

    @app.get("/inner")
    def inner():
        g.mark = "inner"
        return f"inner {request.path}"

    @app.get("/outer")
    def outer():
        g.mark = "outer"
        with app.test_client() as client:
            text = client.get("/inner").get_data(as_text=True)
        return f"{text} then {request.path} {g.mark}"

    return lab.brief(app, "/outer")
