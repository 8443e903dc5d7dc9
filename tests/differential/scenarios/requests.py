"""The request: every view of what a client sent."""

from __future__ import annotations

import io
import json

from werkzeug.test import EnvironBuilder, create_environ

import flask
from flask import request

from ..harness import Lab, family, scenario

PROPERTIES = (
    "method",
    "path",
    "full_path",
    "url",
    "base_url",
    "url_root",
    "host_url",
    "root_url",
    "host",
    "scheme",
    "is_secure",
    "root_path",
    "script_root",
    "query_string",
    "remote_addr",
    "remote_user",
    "endpoint",
    "view_args",
    "blueprint",
    "blueprints",
    "content_type",
    "mimetype",
    "mimetype_params",
    "content_length",
    "content_encoding",
    "is_json",
    "access_route",
    "referrer",
    "date",
    "max_forwards",
    "origin",
    "is_multithread",
    "is_multiprocess",
    "is_run_once",
    "server",
    "pragma",
    "user_agent",
    "accept_mimetypes",
    "accept_languages",
    "accept_charsets",
    "accept_encodings",
    "if_match",
    "if_none_match",
    "if_modified_since",
    "range",
    "if_range",
    "cache_control",
    "authorization",
    "cookies",
    "args",
    "form",
    "values",
    "want_form_data_parsed",
    "routing_exception",
    "url_rule",
    "access_control_request_method",
    "access_control_request_headers",
    "content_md5",
)


def seen_by(lab: Lab, **options):
    app = lab.app(SECRET_KEY="k")
    answer = {}

    def view(**values):
        for name in PROPERTIES:
            value = getattr(request, name)
            if name in {"args", "form", "values"} or name == "cookies":
                value = list(value.items(multi=True))
            answer[name] = (
                value
                if isinstance(value, (str, int, bytes, list, dict, type(None), bool))
                else str(value)
            )
        answer["headers"] = sorted([k, v] for k, v in request.headers if k not in {"User-Agent"})
        return "x"

    app.add_url_rule(
        "/page/<path:rest>", "page", view, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]
    )
    path = options.pop("path", "/page/one")
    code = lab.code(app, path, **options)
    return [code, answer]


REQUESTS = {
    "plain": {},
    "query": {"path": "/page/x?a=1&a=2&b=&c&=d&e=%C3%BC+%2B&f=%ff"},
    "post_form": {"method": "POST", "data": {"a": ["1", "2"], "b": "\u00fc"}},
    "post_query": {"method": "POST", "path": "/page/x?a=q", "data": {"a": "f"}},
    "get_with_form": {"path": "/page/x?a=q", "data": {"a": "f"}},
    "https": {"base_url": "https://host.example:8443/mounted/"},
    "port_80": {"base_url": "http://host.example:80/"},
    "json": {"method": "POST", "json": {"a": 1}},
    "cookies": {"headers": {"X-Y": "1"}},
    "put_raw": {"method": "PUT", "data": b"raw", "content_type": "application/octet-stream"},
    "many_headers": {
        "headers": [
            ("X-Multi", "1"),
            ("X-Multi", "2"),
            ("Accept", "text/html;q=0.5, application/json"),
            ("Accept-Language", "de, en;q=0.3"),
            ("Accept-Encoding", "gzip"),
            ("Referer", "http://r.example/"),
            ("Origin", "http://o.example"),
        ]
    },
    "conditional": {
        "headers": {
            "If-None-Match": '"a", W/"b"',
            "If-Match": "*",
            "If-Modified-Since": "Sun, 13 Sep 2020 12:26:40 GMT",
            "Range": "bytes=0-5",
            "If-Range": '"x"',
            "Cache-Control": "no-cache, max-age=5",
            "Pragma": "no-cache",
            "Date": "Sun, 13 Sep 2020 12:26:40 GMT",
            "Max-Forwards": "5",
        }
    },
    "basic": {"auth": ("user", "p:w\u00fc")},
    "bearer": {"headers": {"Authorization": "Bearer tok.en"}},
    "digest": {"headers": {"Authorization": 'Digest username="u", realm="r", nonce="n", uri="/"'}},
    "auth_bad": {"headers": {"Authorization": "Basic !!!"}},
    "forwarded": {
        "headers": {
            "X-Forwarded-For": "1.1.1.1, 2.2.2.2",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil",
        }
    },
    "environ": {
        "environ_overrides": {
            "REMOTE_ADDR": "9.9.9.9",
            "REMOTE_USER": "ann",
            "wsgi.multithread": True,
            "SERVER_NAME": "srv",
            "SERVER_PORT": "1234",
        }
    },
    "content_encoding": {
        "method": "POST",
        "data": b"x",
        "headers": {"Content-Encoding": "gzip", "Content-MD5": "abc"},
        "content_type": "text/plain; charset=latin-1; a=b",
    },
    "cors": {
        "headers": {
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "X-A, X-B",
        }
    },
    "path_unicode": {"path": "/page/\u00fc/\u2603"},
    "path_encoded": {"path": "/page/a%20b%2Fc%3F"},
    "multipart": {"method": "POST", "data": {"a": "1", "f": (None, None)}},
    "patch": {
        "method": "PATCH",
        "data": "x=1",
        "content_type": "application/x-www-form-urlencoded",
    },
    "delete": {"method": "DELETE"},
    "script_name": {"environ_overrides": {"SCRIPT_NAME": "/mnt"}},
    "empty_query": {"path": "/page/x?"},
    "query_odd": {"path": "/page/x?a=b=c&d&&;e"},
    "fragment": {"path": "/page/x#frag"},
    "accept_star": {"headers": {"Accept": "*/*;q=0.1, text/*"}},
}


@family(*REQUESTS)
def request_as(lab: Lab, name):
    options = dict(REQUESTS[name])
    if name == "multipart":
        options["data"] = {"a": "1", "f": (io.BytesIO(b"file"), "f.txt")}
    return seen_by(lab, **options)


def raw(lab: Lab, app, **environ):
    base = create_environ("/", "http://localhost/")
    base.update(environ)
    answer = lab.wsgi(app, base)
    lab.events.clear()
    return [answer.get("status"), answer.get("raised"), answer["chunks"]]


@family("POST", "PUT", "PATCH", "DELETE", "GET")
def form_and_files(lab: Lab, method):
    app = lab.app()

    @app.route("/", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def index():
        upload = request.files.get("up")
        return json.dumps(
            [
                sorted(request.form.items(multi=True)),
                [
                    [f.filename, f.mimetype, f.read().decode(), f.headers.get("Content-Type")]
                    for f in request.files.getlist("up")
                ],
                upload.name if upload else None,
                sorted(request.values.items(multi=True)),
                request.get_data().decode(),
            ]
        )

    data = {
        "a": ["1", "2"],
        "u": "\u00fc",
        "up": [(io.BytesIO(b"one"), "one.txt"), (io.BytesIO(b"two"), "two.html", "text/x")],
    }
    return lab.brief(app, f"{method} /?q=1&a=q", data=data)


@family(
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=b",
    "text/plain",
    "application/json",
    "",
    "application/x-www-form-urlencoded; charset=latin-1",
    "x/y; boundary=",
    "multipart/mixed; boundary=b",
)
def form_by_content_type(lab: Lab, kind):
    app = lab.app()
    app.add_url_rule(
        "/",
        "index",
        lambda: ascii(
            [
                list(request.form.items(multi=True)),
                sorted(request.files),
                request.get_data(),
                len(request.stream.read()),
            ]
        ),
        methods=["POST"],
    )
    body = (
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nval\r\n--b--\r\n'
        if "boundary=b" in kind
        else b"a=1&b=%C3%BC&a=2"
    )
    return lab.brief(app, "POST /", data=body, content_type=kind)


BROKEN = {
    "no_end": b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nval',
    "no_headers": b"--b\r\n\r\nval\r\n--b--",
    "wrong_boundary": b"--c\r\n\r\nval\r\n--c--",
    "empty": b"",
    "only_end": b"--b--",
    "no_name": b"--b\r\nContent-Disposition: form-data\r\n\r\nval\r\n--b--\r\n",
    "file_no_type": (
        b'--b\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\nval\r\n--b--\r\n'
    ),
    "file_empty_name": (
        b'--b\r\nContent-Disposition: form-data; name="a"; filename=""\r\n\r\n\r\n--b--\r\n'
    ),
    "bad_disposition": b"--b\r\nContent-Disposition: nothing\r\n\r\nval\r\n--b--\r\n",
    "long_header": b"--b\r\nX: " + b"y" * 10000 + b"\r\n\r\nv\r\n--b--\r\n",
    "latin_value": b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xe9\r\n--b--\r\n',
    "encoded_name": (
        b'--b\r\nContent-Disposition: form-data; name="a"; '
        b"filename*=utf-8''%C3%BC.txt\r\n\r\nval\r\n--b--\r\n"
    ),
}


@family(**BROKEN)
def broken_multipart(lab: Lab, body):
    app = lab.app()
    app.add_url_rule(
        "/",
        "index",
        lambda: ascii(
            [
                list(request.form.items(multi=True)),
                [[k, f.filename, f.read()] for k, f in request.files.items(multi=True)],
            ]
        ),
        methods=["POST"],
    )
    return lab.brief(app, "POST /", data=body, content_type="multipart/form-data; boundary=b")


DATA_ORDER = {
    "data_then_form": lambda: [request.get_data(), dict(request.form)],
    "form_then_data": lambda: [dict(request.form), request.get_data()],
    "data_no_cache": lambda: [request.get_data(cache=False), request.get_data()],
    "data_text": lambda: [request.get_data(as_text=True)],
    "data_parse": lambda: [request.get_data(parse_form_data=True), dict(request.form)],
    "stream_then_form": lambda: [request.stream.read(3), dict(request.form)],
    "data_property": lambda: [request.data, dict(request.form)],
    "json_then_form": lambda: [request.get_json(silent=True, force=True), dict(request.form)],
    "twice": lambda: [request.get_data(), request.get_data()],
    "stream_twice": lambda: [request.stream.read(), request.stream.read()],
    "input_stream": lambda: [request.input_stream.read(4)],
}


@family(**DATA_ORDER)
def reading_the_body(lab: Lab, use):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: ascii(use()), methods=["POST"])
    return lab.brief(
        app, "POST /", data="a=1&b=2", content_type="application/x-www-form-urlencoded"
    )


@scenario
def request_class_of_ones_own(lab: Lab):
    class Own(flask.Request):
        @property
        def shout(self):
            return self.path.upper()

    class Shop(flask.Flask):
        request_class = Own

    app = lab.app(cls=Shop)
    app.add_url_rule(
        "/path", "index", lambda: f"{request.shout} {type(request._get_current_object()).__name__}"
    )
    return lab.brief(app, "/path")


@scenario
def request_class_replaced_after_the_first_request(lab: Lab):
    class Own(flask.Request):
        pass

    app = lab.app()
    app.add_url_rule("/", "index", lambda: type(request._get_current_object()).__name__)
    first = lab.brief(app)
    app.request_class = Own
    return [first, lab.brief(app)]


@scenario
def request_class_with_other_storages(lab: Lab):
    from werkzeug.datastructures import ImmutableOrderedMultiDict, OrderedMultiDict  # noqa: F401

    class Own(flask.Request):
        parameter_storage_class = dict
        form_data_parser_class = flask.Request.form_data_parser_class

    app = lab.app()
    app.request_class = Own
    app.add_url_rule("/", "index", lambda: type(request.args).__name__)
    return lab.brief(app, "/?a=1")


@scenario
def request_is_a_proxy(lab: Lab):
    app = lab.app()
    with app.test_request_context("/x"):
        held = request._get_current_object()
        return [
            isinstance(request, flask.Request),
            request == held,
            type(request).__name__,
            repr(request) == repr(held),
            bool(request),
            repr(held),
        ]


@scenario
def environ_holds_the_request(lab: Lab):
    app = lab.app()
    with app.test_request_context("/x"):
        return [
            request.environ.get("werkzeug.request") is request._get_current_object(),
            request.environ["PATH_INFO"],
            sorted(k for k in request.environ if "." in k),
        ]


@scenario
def request_outside_of_an_app(lab: Lab):
    made = flask.Request(create_environ("/x?a=1", "http://h.example/"))
    return [
        made.path,
        made.args["a"],
        made.endpoint,
        made.blueprint,
        made.blueprints,
        made.url_rule,
        made.view_args,
        made.routing_exception,
        made.host,
    ]


@scenario
def attributes_may_be_set(lab: Lab):
    app = lab.app()

    @app.before_request
    def before():
        request.user = "ann"
        request.custom = {"a": 1}

    app.add_url_rule(
        "/", "index", lambda: f"{request.user} {request.custom} {hasattr(request, 'nothing')}"
    )
    return lab.brief(app)


@scenario
def request_data_is_immutable(lab: Lab):
    app = lab.app()
    with app.test_request_context(
        "/?a=1", data={"f": "1"}, method="POST", headers={"Cookie": "c=1"}
    ):
        return [
            lab.raises(request.args.__setitem__, "b", 1),
            lab.raises(request.form.__setitem__, "b", 1),
            lab.raises(request.cookies.__setitem__, "b", 1),
            lab.raises(request.files.__setitem__, "b", 1),
            lab.raises(request.headers.__setitem__, "b", "1"),
            lab.raises(request.values.__setitem__, "b", 1),
        ]


@scenario
def values_combine_args_and_form(lab: Lab):
    app = lab.app()
    seen = []
    for method in ("GET", "POST", "PUT"):
        with app.test_request_context("/?a=query&q=1", data={"a": "form", "f": "2"}, method=method):
            seen.append(
                [
                    request.values["a"],
                    request.values.getlist("a"),
                    request.values.get("f"),
                    sorted(request.values),
                ]
            )
    return seen


@scenario
def typed_access(lab: Lab):
    app = lab.app()
    with app.test_request_context("/?n=5&x=abc&n=6"):
        return [
            request.args.get("n", type=int),
            request.args.get("x", 9, type=int),
            request.args.getlist("n", type=int),
            request.args.get("none"),
            request.args.to_dict(),
            request.args.to_dict(flat=False),
            lab.raises(lambda: request.args["none"]),
        ]


@scenario
def url_rule_and_endpoint_facts(lab: Lab):
    app = lab.app()
    app.add_url_rule(
        "/<int:n>",
        "page",
        lambda n: (
            f"{request.url_rule.rule} {request.url_rule.endpoint} "
            f"{sorted(request.url_rule.methods)} {request.endpoint} {request.view_args}"
        ),
    )
    return lab.brief(app, "/5")


@scenario
def websocket_environ(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: request.scheme + request.url)
    builder = EnvironBuilder("/", "ws://h.example/")
    return raw(lab, app, **builder.get_environ())


@scenario
def chained_proxies_of_the_same_request(lab: Lab):
    app = lab.app()
    with app.test_request_context("/one"):
        one = request._get_current_object()
        with app.test_request_context("/two"):
            two = request.path
        return [one.path, two, request.path]


@scenario
def limits_and_config_are_read_lazily(lab: Lab):
    app = lab.app()
    with app.test_request_context("/", method="POST", data="x" * 50):
        app.config["MAX_CONTENT_LENGTH"] = 10
        return lab.raises(request.get_data)
