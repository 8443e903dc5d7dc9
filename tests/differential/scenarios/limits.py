"""Limits on what a client may send."""

from __future__ import annotations

import io

import flask
from flask import request

from ..harness import Lab, family, scenario


def taking(lab: Lab, **options):
    app = lab.app(**options)

    @app.post("/form")
    def form():
        size = sum(len(value) for value in request.form.values())
        return f"{len(request.form)} {size} {sorted(request.files)}"

    @app.post("/data")
    def data():
        return str(len(request.get_data()))

    @app.post("/json")
    def json():
        return str(request.get_json())

    @app.post("/stream")
    def stream():
        return str(len(request.stream.read()))

    @app.post("/unread")
    def unread():
        return "unread"

    @app.post("/limits")
    def limits():
        return (
            f"{request.max_content_length} {request.max_form_memory_size} {request.max_form_parts}"
        )

    @app.post("/own")
    def own():
        request.max_content_length = 20
        request.max_form_memory_size = 10
        request.max_form_parts = 2
        limits = [request.max_content_length, request.max_form_memory_size, request.max_form_parts]
        return f"{len(request.form)} {limits}"

    return app


BODIES = {
    "small_form": {"data": {"a": "1"}},
    "form": {"data": {"a": "x" * 90}},
    "many": {"data": {f"f{n}": "v" for n in range(12)}},
    "multipart": {"data": {"a": "x" * 90}, "content_type": "multipart/form-data"},
    "multipart_many": {
        "data": {f"f{n}": "v" for n in range(12)},
        "content_type": "multipart/form-data",
    },
    "file": {"data": {"f": (io.BytesIO, b"y" * 200, "a.txt")}},
    "raw": {"data": b"z" * 90, "content_type": "application/octet-stream"},
    "raw_json": {"data": b"[" + b"1," * 40 + b"1]", "content_type": "application/json"},
    "nothing": {},
}
LIMITS = {
    "none": {},
    "content_50": {"MAX_CONTENT_LENGTH": 50},
    "content_0": {"MAX_CONTENT_LENGTH": 0},
    "content_exact": {"MAX_CONTENT_LENGTH": 90},
    "memory_50": {"MAX_FORM_MEMORY_SIZE": 50},
    "memory_none": {"MAX_FORM_MEMORY_SIZE": None},
    "parts_5": {"MAX_FORM_PARTS": 5},
    "parts_none": {"MAX_FORM_PARTS": None},
    "parts_0": {"MAX_FORM_PARTS": 0},
    "content_none": {"MAX_CONTENT_LENGTH": None},
}


def fresh(options):
    made = dict(options)
    if isinstance(made.get("data"), dict):
        made["data"] = {
            k: (v[0](v[1]), v[2]) if isinstance(v, tuple) else v for k, v in made["data"].items()
        }
    return made


@family(**LIMITS)
def limit(lab: Lab, settings):
    seen = {}
    for name, body in BODIES.items():
        app = taking(lab, **settings)
        seen[name] = [
            lab.brief(app, path, method="POST", **fresh(body))
            for path in ("/form", "/data", "/stream", "/unread", "/limits")
        ]
    return seen


@scenario
def json_beyond_the_limit(lab: Lab):
    app = taking(lab, MAX_CONTENT_LENGTH=20)
    return [lab.code(app, "POST /json", json=[1]), lab.code(app, "POST /json", json=["x" * 30])]


@scenario
def limits_of_one_request(lab: Lab):
    app = taking(lab, MAX_CONTENT_LENGTH=1000, MAX_FORM_MEMORY_SIZE=1000, MAX_FORM_PARTS=1000)
    multipart = {"content_type": "multipart/form-data"}
    return [
        lab.brief(app, "POST /own", data={"a": "1"}),
        lab.brief(app, "POST /own", data={"a": "1" * 30}),
        lab.brief(app, "POST /own", data={"a": "1" * 15}),
        lab.brief(app, "POST /own", data={"a": "1"}, **multipart),
        lab.brief(app, "POST /own", data={"a": "1", "b": "2", "c": "3"}, **multipart),
        lab.brief(app, "POST /limits"),
    ]


@scenario
def limits_set_in_a_before_request_hook(lab: Lab):
    app = taking(lab, MAX_CONTENT_LENGTH=10)

    @app.before_request
    def raise_limit():
        if request.path == "/form":
            request.max_content_length = 500

    return [
        lab.brief(app, path, method="POST", data={"a": "x" * 50}) for path in ("/form", "/data")
    ]


@scenario
def limits_on_the_request_class(lab: Lab):
    class Small(flask.Request):
        max_content_length = 15
        max_form_memory_size = 5
        max_form_parts = 1

    app = taking(lab, MAX_CONTENT_LENGTH=500)
    app.request_class = Small
    return [
        lab.brief(app, path, method="POST", data={"a": "x" * 50})
        for path in ("/form", "/data", "/limits")
    ]


@scenario
def limits_read_outside_of_an_app(lab: Lab):
    made = flask.Request(
        {
            "REQUEST_METHOD": "POST",
            "wsgi.input": io.BytesIO(b""),
            "SERVER_NAME": "x",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
        }
    )
    seen = [made.max_content_length, made.max_form_memory_size, made.max_form_parts]
    made.max_content_length, made.max_form_memory_size, made.max_form_parts = 1, 2, 3
    return [seen, made.max_content_length, made.max_form_memory_size, made.max_form_parts]


@scenario
def limits_changed_between_requests(lab: Lab):
    app = taking(lab, MAX_CONTENT_LENGTH=10)
    first = lab.code(app, "POST /data", data="x" * 50)
    app.config["MAX_CONTENT_LENGTH"] = 100
    return [first, lab.code(app, "POST /data", data="x" * 50)]


@scenario
def handler_for_413(lab: Lab):
    app = taking(lab, MAX_CONTENT_LENGTH=10)
    app.register_error_handler(413, lambda error: (f"{type(error).__name__}", 413))
    return [
        lab.brief(app, "POST /form", data={"a": "x" * 50}),
        lab.brief(app, "POST /unread", data={"a": "x" * 50}),
    ]


@scenario
def chunked_body_without_a_length(lab: Lab):
    seen = {}
    for settings in ({}, {"MAX_CONTENT_LENGTH": 5}):
        for terminated in (False, True):
            app = taking(lab, **settings)
            environ = {
                "wsgi.input_terminated": terminated,
                "CONTENT_LENGTH": "",
                "HTTP_TRANSFER_ENCODING": "chunked",
            }
            seen[f"{settings} {terminated}"] = lab.brief(
                app, "POST /data", input_stream=io.BytesIO(b"0123456789"), environ_overrides=environ
            )
    return seen


@family("-1", "abc", "", "5", "99999999999999999999", "1e3", " 5 ", "+5")
def content_length_header(lab: Lab, value):
    app = taking(lab, MAX_CONTENT_LENGTH=50)
    return [
        lab.brief(
            app,
            "POST /data",
            input_stream=io.BytesIO(b"0123456789"),
            environ_overrides={"CONTENT_LENGTH": value},
        ),
        lab.brief(app, "POST /unread", environ_overrides={"CONTENT_LENGTH": value}),
    ]
