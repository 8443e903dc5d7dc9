"""The test client, the CLI runner and what they make possible."""

from __future__ import annotations

import io

import flask
from flask import request, session
from flask.testing import EnvironBuilder, FlaskClient

from ..harness import Lab, family, scenario


def mirror(lab: Lab, **options):
    app = lab.app(SECRET_KEY="k", **options)

    @app.route("/", methods=["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
    def index():
        return {
            "method": request.method,
            "url": request.url,
            "args": request.args.to_dict(flat=False),
            "form": request.form.to_dict(flat=False),
            "type": request.content_type and request.content_type.split(";")[0],
            "data": request.get_data(as_text=True),
            "cookies": request.cookies,
            "headers": sorted(
                f"{k}: {v}"
                for k, v in request.headers
                if k not in {"User-Agent", "Content-Type", "Content-Length"}
            ),
            "remote": request.remote_addr,
            "json": request.get_json(silent=True),
            "script": request.script_root,
        }

    @app.get("/redirect")
    def redirect():
        return flask.redirect(request.args.get("to", "/"), int(request.args.get("code", 302)))

    @app.get("/chain/<int:n>")
    def chain(n):
        return flask.redirect(f"/chain/{n - 1}" if n else "/")

    @app.get("/loop")
    def loop():
        return flask.redirect("/loop")

    @app.get("/cookie/<name>/<value>")
    def cookie(name, value):
        response = flask.make_response("set")
        response.set_cookie(
            name,
            value,
            path=request.args.get("path", "/"),
            domain=request.args.get("domain"),
            max_age=request.args.get("age", type=int),
            secure="secure" in request.args,
        )
        return response

    @app.get("/session/<value>")
    def store(value):
        old, session["v"] = session.get("v", "nothing"), value
        return old

    @app.get("/fail")
    def fail():
        raise LookupError("fail")

    @app.post("/redirected")
    def redirected():
        return flask.redirect("/", int(request.args["code"]))

    return app


OPENS = {
    "get": lambda c: c.get("/"),
    "post_form": lambda c: c.post("/", data={"a": "1", "b": ["2", "3"]}),
    "post_text": lambda c: c.post("/", data="raw"),
    "post_bytes": lambda c: c.post("/", data=b"raw", content_type="x/y"),
    "json": lambda c: c.post("/", json={"a": 1}),
    "json_none": lambda c: c.post("/", json=None),
    "json_list": lambda c: c.put("/", json=[]),
    "json_type": lambda c: c.post("/", json={"a": 1}, content_type="application/vnd.x+json"),
    "json_and_data": lambda c: c.post("/", json=1, data="x"),
    "query_dict": lambda c: c.get("/", query_string={"a": "1", "b": ["2", "3"]}),
    "query_text": lambda c: c.get("/", query_string="a=1&b=2"),
    "query_both": lambda c: c.get("/?a=1", query_string={"b": 2}),
    "base_url": lambda c: c.get("/", base_url="https://h.example:99/mnt"),
    "base_url_and_query": lambda c: c.get("/?x=1", base_url="http://h.example"),
    "full_url": lambda c: c.get("https://h.example/?x=1"),
    "subdomain": lambda c: c.get("/", subdomain="sub"),
    "subdomain_base": lambda c: c.get("/", subdomain="sub", base_url="http://x"),
    "scheme": lambda c: c.get("/", url_scheme="https"),
    "scheme_base": lambda c: c.get("/", url_scheme="https", base_url="http://x"),
    "headers": lambda c: c.get("/", headers={"X-A": "1", "Host": "hosted"}),
    "headers_list": lambda c: c.get("/", headers=[("X-A", "1"), ("X-A", "2")]),
    "environ_overrides": lambda c: c.get(
        "/", environ_overrides={"REMOTE_ADDR": "5.5.5.5", "HTTP_X_E": "e"}
    ),
    "environ_base": lambda c: c.get("/", environ_base={"REMOTE_ADDR": "6.6.6.6"}),
    "method": lambda c: c.open("/", method="PATCH"),
    "options": lambda c: c.options("/"),
    "head": lambda c: c.head("/"),
    "delete": lambda c: c.delete("/", data="x"),
    "trace": lambda c: c.trace("/"),
    "patch": lambda c: c.patch("/", json=1),
    "auth": lambda c: c.get("/", auth=("u", "p")),
    "input_stream": lambda c: c.post("/", input_stream=io.BytesIO(b"in"), content_length=2),
    "content_length": lambda c: c.post("/", data="abc", headers={"X": "1"}),
    "builder": lambda c: c.open(
        EnvironBuilder(c.application, "/?b=1", method="POST", data="built")
    ),
    "environ": lambda c: c.open(EnvironBuilder(c.application, "/?e=1").get_environ()),
    "request": lambda c: c.open(EnvironBuilder(c.application, "/?r=1", method="PUT").get_request()),
    "nothing": lambda c: c.open(),
    "positional": lambda c: c.open("/", "http://pos.example"),
    "wrong_keyword": lambda c: c.get("/", nonsense=1),
    "path_no_slash": lambda c: c.get("redirect?to=/x"),
    "empty_path": lambda c: c.get(""),
    "unicode_query": lambda c: c.get("/?\u00fc=\u2603"),
    "files": lambda c: c.post("/", data={"f": (io.BytesIO(b"x"), "f.txt"), "a": "1"}),
    "buffered": lambda c: c.get("/", buffered=True),
}


@family(*OPENS)
def opening(lab: Lab, name):
    client = mirror(lab).test_client()
    try:
        response = OPENS[name](client)
    except Exception as error:
        return lab.facts(error)
    seen = lab.see(response)
    if name == "files":
        seen.pop("body"), seen.pop("headers")
    return seen


CONFIGS = {
    "bare": {},
    "name": {"SERVER_NAME": "shop.example"},
    "root": {"APPLICATION_ROOT": "/root"},
    "scheme": {"PREFERRED_URL_SCHEME": "https"},
    "all": {
        "SERVER_NAME": "shop.example:8080",
        "APPLICATION_ROOT": "/root",
        "PREFERRED_URL_SCHEME": "https",
    },
}


@family(**CONFIGS)
def environment_from_the_config(lab: Lab, settings):
    app = mirror(lab, **settings)
    seen = [lab.hit(app).get("body", "none")[-200:], lab.code(app)]
    for options in (
        {},
        {"subdomain": "sub"},
        {"url_scheme": "wss"},
        {"base_url": "http://given.example/b"},
    ):
        builder = EnvironBuilder(app, "/x?q=1", **options)
        seen.append(
            [
                builder.base_url,
                builder.path,
                builder.query_string,
                builder.url_scheme,
                builder.server_name,
                builder.server_port,
            ]
        )
        with app.test_request_context("/x", **options):
            seen.append(request.url)
    return seen


@scenario
def environ_builder_json(lab: Lab):
    app = mirror(lab)
    builder = EnvironBuilder(app, "/", json={"b": 1, "a": 2}, method="POST")
    environ = builder.get_environ()
    return [
        environ["CONTENT_TYPE"],
        environ["wsgi.input"].read(),
        builder.json_dumps({"b": 1, "a": 2}),
        builder.app is app,
    ]


@scenario
def environ_builder_conflicts(lab: Lab):
    app = mirror(lab)
    return [
        lab.raises(EnvironBuilder, app, "/", base_url="http://x", subdomain="s"),
        lab.raises(EnvironBuilder, app, "/", base_url="http://x", url_scheme="s"),
        lab.raises(app.test_request_context, "/", base_url="http://x", subdomain="s"),
    ]


@scenario
def json_through_the_apps_provider(lab: Lab):
    from flask.json.provider import DefaultJSONProvider

    class Provider(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            lab.say("dumps")
            return super().dumps(obj, **kwargs)

    app = mirror(lab)
    app.json = Provider(app)
    with app.test_request_context("/", json={"x": 1}, method="POST"):
        return request.get_json()


REDIRECTS = {
    "one": "/redirect",
    "chain": "/chain/3",
    "external": "/redirect?to=http://other.example/x",
    "absolute": "/redirect?to=http://localhost/",
    "query": "/redirect?to=/?a=1",
    "relative": "/redirect?to=chain/1",
    "303": "/redirect?code=303",
    "307": "/redirect?code=307",
    "308": "/redirect?code=308",
    "to_missing": "/redirect?to=/none",
    "subdomain": "/redirect?to=http://sub.localhost/",
}


@family(**REDIRECTS)
def following(lab: Lab, path):
    client = mirror(lab).test_client()
    return [lab.code(client, path), lab.hit(client, path, follow_redirects=True)]


@family("301", "302", "303", "307", "308")
def following_after_a_post(lab: Lab, code):
    client = mirror(lab).test_client()
    return lab.hit(client, f"POST /redirected?code={code}", data={"a": "1"}, follow_redirects=True)


@scenario
def following_a_loop(lab: Lab):
    return lab.code(mirror(lab), "/loop", follow_redirects=True)


@scenario
def history_and_request(lab: Lab):
    client = mirror(lab).test_client()
    response = client.get("/chain/2", follow_redirects=True)
    return [
        [[r.status_code, r.request.path] for r in response.history],
        response.request.path,
        response.request.url,
        type(response).__name__,
    ]


@scenario
def cookies_of_the_client(lab: Lab):
    client = mirror(lab).test_client()
    seen = []
    client.get("/cookie/a/1")
    client.get("/cookie/deep/2?path=/session")
    client.get("/cookie/other/3?domain=other.example")
    client.get("/cookie/gone/4?age=0")
    client.get("/cookie/safe/5?secure=1")
    client.set_cookie("by_hand", "6")
    client.set_cookie("for_host", "7", domain="h.example")
    client.set_cookie("options", "8", path="/x", httponly=True, samesite="Lax")
    seen.append(client.get("/").json["cookies"])
    seen.append(client.get("/", base_url="https://localhost").json["cookies"])
    seen.append(client.get("/", base_url="http://h.example").json["cookies"])
    cookie = client.get_cookie("a")
    seen.append(
        [
            cookie.value,
            cookie.path,
            cookie.domain,
            client.get_cookie("none"),
            client.get_cookie("deep"),
            client.get_cookie("deep", path="/session").value,
        ]
    )
    client.delete_cookie("a")
    seen.append(client.get("/").json["cookies"])
    return seen


@scenario
def client_without_cookies(lab: Lab):
    app = mirror(lab)
    client = app.test_client(use_cookies=False)
    client.get("/cookie/a/1")
    return [
        client.get("/").json["cookies"],
        lab.raises(client.set_cookie, "a", "b"),
        lab.raises(lambda: client.session_transaction().__enter__()),
    ]


@scenario
def exceptions_propagate_when(lab: Lab):
    return {
        str(o): lab.code(mirror(lab, **o), "/fail")
        for o in (
            {},
            {"TESTING": True},
            {"DEBUG": True},
            {"PROPAGATE_EXCEPTIONS": True},
            {"TESTING": True, "PROPAGATE_EXCEPTIONS": False},
        )
    }


@scenario
def client_of_ones_own(lab: Lab):
    class Client(FlaskClient):
        def __init__(self, *args, authentication=None, **kwargs):
            lab.say("made", authentication)
            self.authentication = authentication
            super().__init__(*args, **kwargs)

        def open(self, *args, **kwargs):
            headers = dict(kwargs.pop("headers", {}))
            headers["X-Auth"] = self.authentication
            return super().open(*args, headers=headers, **kwargs)

    app = mirror(lab)
    app.test_client_class = Client
    return [
        lab.raises(FlaskClient, app, nonsense=1),
        app.test_client(authentication="token").get("/").json["headers"],
        lab.raises(mirror(lab).test_client, authentication="x"),
    ]


@scenario
def client_facts(lab: Lab):
    app = mirror(lab)
    client = app.test_client()
    return [
        type(client).__name__,
        client.application is app,
        client.environ_base["REMOTE_ADDR"],
        client.environ_base["HTTP_USER_AGENT"].split("/")[0],
        client.preserve_context,
        client.allow_subdomain_redirects,
    ]


@scenario
def environ_base_of_a_client(lab: Lab):
    client = mirror(lab).test_client()
    client.environ_base["HTTP_X_BASE"] = "base"
    client.environ_base["REMOTE_ADDR"] = "7.7.7.7"
    seen = client.get("/").json
    other = mirror(lab).test_client().get("/").json
    return [seen["headers"], seen["remote"], other["remote"]]


@scenario
def client_context_and_url_for(lab: Lab):
    app = mirror(lab)
    with app.test_client() as client:
        client.get("/?x=1")
        return [
            flask.url_for("index"),
            request.args["x"],
            flask.g.get("none"),
            flask.current_app.name,
        ]


@scenario
def response_of_the_client(lab: Lab):
    client = mirror(lab).test_client()
    response = client.get("/", headers={"X-A": "1"})
    return [
        response.json["method"],
        response.is_json,
        response.mimetype,
        response.status,
        response.text[:1],
        response.request.headers["X-A"],
        type(response.request).__name__,
        response.history,
        isinstance(response, flask.Response),
        response.access_control_allow_origin,
    ]


@scenario
def streaming_with_the_client(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown"))

    @app.get("/")
    def index():
        def generate():
            for part in "abc":
                lab.say(part)
                yield part

        return generate()

    client = app.test_client()
    response = client.get("/")
    first = next(response.iter_encoded())
    lab.say("first read")
    response.close()
    lab.say("closed")
    buffered = client.get("/", buffered=True)
    return [first, buffered.get_data()]


@scenario
def kept_context_and_streams(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown"))
    app.add_url_rule("/", "index", lambda: flask.stream_with_context(c for c in request.path))
    with app.test_client() as client:
        response = client.get("/")
        state = lab.state()
        data = response.get_data()
        lab.say("leaving")
    return [state, data, lab.state()]


@scenario
def test_request_context_forms(lab: Lab):
    app = mirror(lab)
    seen = []
    for arguments, options in (
        (("/a?b=1",), {}),
        ((), {"path": "/k", "method": "PUT"}),
        (("/j",), {"json": {"a": 1}}),
        (("/d",), {"data": {"x": "y"}, "method": "POST"}),
        (("/q",), {"query_string": {"a": 1}}),
        (("/b", "http://base.example/p"), {}),
        ((), {}),
    ):
        with app.test_request_context(*arguments, **options):
            seen.append(
                [
                    request.method,
                    request.url,
                    request.form.to_dict(),
                    request.get_json(silent=True),
                    request.content_type,
                ]
            )
    return seen


@scenario
def testing_flag(lab: Lab):
    app = mirror(lab)
    seen = [app.testing]
    app.testing = True
    return [*seen, app.config["TESTING"], lab.code(app, "/fail")]


@scenario
def several_clients_are_apart(lab: Lab):
    app = mirror(lab)
    one, two = app.test_client(), app.test_client()
    return [
        lab.brief(one, "/session/1"),
        lab.brief(two, "/session/2"),
        lab.brief(one, "/session/3"),
        lab.brief(two, "/session/4"),
    ]


@scenario
def copying_the_environ_base(lab: Lab):
    client = mirror(lab).test_client()
    base = {"REMOTE_ADDR": "8.8.8.8"}
    client.get("/", environ_base=base)
    return base


@scenario
def client_open_positional_arguments_win(lab: Lab):
    from werkzeug.test import Client

    app = mirror(lab)
    plain = Client(app)
    return [plain.get("/").get_json()["url"], plain.post("/", json={"a": 1}).get_json()["json"]]
