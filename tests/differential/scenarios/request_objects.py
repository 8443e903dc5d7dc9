"""Request objects at work: subclasses, methods replaced on the class, odd uses."""

from __future__ import annotations

import copy
import io

import werkzeug.wrappers
from werkzeug.datastructures import FileStorage
from werkzeug.test import create_environ

import flask
from flask import request

from ..harness import Lab, family, scenario

METHODS = (
    "__init__",
    "_load_form_data",
    "get_data",
    "get_json",
    "on_json_loading_failed",
    "make_form_data_parser",
    "_get_file_stream",
    "close",
    "from_values",
    "_get_stream_for_parsing",
)


def shop(lab: Lab, **options):
    app = lab.app(**options)
    app.add_url_rule("/", "index", lambda: request.path)
    app.add_url_rule("/form", "form", lambda: str(sorted(request.form)), methods=["POST"])
    app.add_url_rule("/files", "files", lambda: str(sorted(request.files)), methods=["POST"])
    app.add_url_rule("/json", "json", lambda: str(request.get_json()), methods=["POST"])
    app.add_url_rule("/data", "data", lambda: str(len(request.data)), methods=["POST"])
    app.add_url_rule("/url", "url", lambda: flask.url_for("index", _external=True))
    return app


def ask(lab: Lab, app):
    return [
        lab.brief(app, "/"),
        lab.brief(app, "POST /form", data={"a": "1"}),
        lab.brief(app, "POST /files", data={"f": (io.BytesIO(b"x"), "f.txt")}),
        lab.brief(app, "POST /json", json=[1]),
        lab.brief(app, "POST /json", data="{", content_type="application/json"),
        lab.brief(app, "POST /data", data=b"raw"),
        lab.brief(app, "/none"),
        lab.brief(app, "/url"),
    ]


@family(*METHODS)
def method_of_a_subclass(lab: Lab, name):
    def method(self, *args, **kwargs):
        lab.say(name)
        return getattr(super(kind, self), name)(*args, **kwargs)

    kind = type("Own", (flask.Request,), {name: method})
    app = shop(lab)
    app.request_class = kind
    return ask(lab, app)


@family(*(name for name in METHODS if name != "from_values"))
def method_patched_on_the_class(lab: Lab, name):
    app = shop(lab)
    ask(lab, app)
    original = getattr(flask.Request, name)

    def method(self, *args, **kwargs):
        lab.say(name)
        return original(self, *args, **kwargs)

    lab.patch(flask.Request, name, method)
    return ask(lab, app)


PROPERTIES = (
    "path",
    "method",
    "args",
    "form",
    "files",
    "values",
    "cookies",
    "headers",
    "host",
    "url",
    "endpoint",
    "blueprint",
    "blueprints",
    "max_content_length",
    "is_json",
    "mimetype",
    "content_type",
    "stream",
    "json",
    "query_string",
    "remote_addr",
    "scheme",
    "root_path",
)


@family(*PROPERTIES)
def property_of_a_subclass(lab: Lab, name):
    """What a subclass answers is what everybody sees."""
    values = {
        "args": {"a": "own"},
        "form": {"a": "own"},
        "files": {},
        "values": {"a": "own"},
        "cookies": {"a": "own"},
        "headers": {"Host": "own.example", "X": "own"},
        "blueprints": ["own"],
        "max_content_length": 3,
        "is_json": True,
        "stream": io.BytesIO(b"own"),
        "json": ["own"],
        "query_string": b"own=1",
        "host": "own.example",
        "scheme": "https",
        "path": "/own",
        "method": "OWN",
    }
    value = values.get(name, "own")
    kind = type(
        "Own",
        (flask.Request,),
        {name: property(lambda self: value, lambda self, new: None)},
    )
    app = lab.app()
    app.request_class = kind
    app.add_url_rule(
        "/", "index", lambda: ascii(lab.raises(getattr, request, name)), methods=["GET", "POST"]
    )
    app.add_url_rule(
        "/url", "url", lambda: ascii(lab.raises(lambda: [request.url, request.full_path]))
    )
    app.add_url_rule("/<x>", "x", lambda x: f"{x} {request.path}")
    return [
        lab.brief(app),
        lab.brief(app, "POST /", data={"a": "1"}),
        lab.brief(app, "/url?a=b"),
        lab.brief(app, "/v"),
        lab.code(app, "/no/ne"),
    ]


@scenario
def subclass_with_its_own_constructor(lab: Lab):
    class Own(flask.Request):
        def __init__(self, environ, populate_request=True, shallow=False):
            super().__init__(environ, populate_request, shallow)
            self.made_with = [populate_request, shallow, environ["PATH_INFO"]]

    app = lab.app()
    app.request_class = Own
    app.add_url_rule("/", "index", lambda: str(request.made_with))
    return lab.brief(app)


@scenario
def files_of_ones_own(lab: Lab):
    class Own(flask.Request):
        def _get_file_stream(
            self, total_content_length, content_type, filename=None, content_length=None
        ):
            lab.say("stream", content_type, filename)
            return io.BytesIO()

    app = shop(lab)
    app.request_class = Own
    return lab.brief(app, "POST /files", data={"f": (io.BytesIO(b"x"), "f.txt", "text/x")})


@scenario
def shallow_and_unpopulated(lab: Lab):
    made = flask.Request(create_environ("/", method="POST", data="a=1"), shallow=True)
    other = flask.Request(create_environ("/"), populate_request=False)
    return [
        lab.raises(lambda: made.form),
        lab.raises(lambda: made.get_data()),
        "werkzeug.request" in other.environ,
        "werkzeug.request" in made.environ,
    ]


@scenario
def copying_a_request(lab: Lab):
    app = lab.app()
    with app.test_request_context("/x?a=1"):
        held = request._get_current_object()
        other = copy.copy(held)
        return [other.path, other.args["a"], other is held, other.environ is held.environ]


@scenario
def two_requests_of_one_environ(lab: Lab):
    environ = create_environ("/x", method="POST", data="a=1", content_type="text/plain")
    one, two = flask.Request(environ), werkzeug.wrappers.Request(environ)
    return [one.get_data(), lab.raises(two.get_data), environ["werkzeug.request"] is two]


@scenario
def closing_a_request_closes_its_files(lab: Lab):
    app, kept = lab.app(), []

    @app.post("/")
    def index():
        upload = request.files["f"]
        kept.append(upload)
        return upload.filename

    body = lab.brief(app, "POST /", data={"f": (io.BytesIO(b"x"), "f.txt")})
    with app.test_request_context("/", method="POST", data={"f": (io.BytesIO(b"x"), "f.txt")}):
        other = request.files["f"]
        request.close()
    return [body, isinstance(kept[0], FileStorage), other.stream.closed]


@scenario
def request_as_a_block(lab: Lab):
    with flask.Request(create_environ("/x")) as made:
        return made.path


@scenario
def application_decorator_of_werkzeug(lab: Lab):
    app = lab.app()

    @flask.Request.application
    def inner(inner_request):
        return flask.Response(f"{type(inner_request).__name__} {inner_request.path}")

    app.add_url_rule("/<path:p>", "inner", lambda p: inner)
    return lab.brief(app, "/deep/er")


@scenario
def mounted_application_called_in_a_view(lab: Lab):
    """The inner dispatcher writes SCRIPT_NAME and PATH_INFO into the shared environ."""
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    app, inner = lab.app(), lab.app("inner")
    inner.add_url_rule("/page", "page", lambda: f"inner {request.script_root} {request.path}")
    dispatcher = DispatcherMiddleware(lab.app("nobody"), {"/mount": inner})
    app.add_url_rule("/mount/<path:p>", "mount", lambda p: dispatcher)

    @app.after_request
    def after(response):
        lab.say("after", request.path, request.script_root, request.url)
        return response

    app.teardown_request(lambda error: lab.say("teardown", request.path))
    return lab.briefs(app, "/mount/page", "/mount/none")


@scenario
def attributes_deleted_and_set(lab: Lab):
    app = lab.app()
    with app.test_request_context("/x?a=1", method="POST", data={"f": "1"}):
        seen = [request.args["a"]]
        request.args = {"a": "set"}
        seen.append(request.args["a"])
        del request.args
        seen.append(lab.raises(lambda: request.args["a"]))
        request.form = {"f": "set"}
        seen.append(request.form["f"])
        request.data = b"set"
        seen.append(request.data)
        request.own = 1
        del request.own
        seen.append(lab.raises(lambda: request.own))
        return seen


@scenario
def dictionary_of_a_request(lab: Lab):
    app = lab.app()
    with app.test_request_context("/x?a=1"):
        held = request._get_current_object()
        held.args  # noqa: B018
        return [name in vars(held) for name in ("environ", "args", "form")]
