"""Hosts, subdomains, trusted hosts."""

from __future__ import annotations

from werkzeug.test import create_environ

import flask
from flask import Blueprint, request, url_for

from ..harness import Lab, family, scenario
from .urls import echo, shop


@family(
    "shop.example",
    "admin.shop.example",
    "shop.example:80",
    "else.example",
    "localhost",
    "www.shop.example",
    "SHOP.example",
    "a.b.shop.example",
    "shop.example.",
)
def subdomains(lab: Lab, host):
    app = lab.app(SERVER_NAME="shop.example", subdomain_matching=True)
    app.add_url_rule("/", "index", echo)
    app.add_url_rule("/", "admin", echo, subdomain="admin")
    app.add_url_rule("/", "user", echo, subdomain="<user>.users")
    app.add_url_rule("/", "any", echo, subdomain="<sub>")
    client = app.test_client()
    return [
        lab.brief(client, "/", base_url=f"http://{host}/"),
        lab.code(client, "/x", base_url=f"http://{host}/"),
    ]


@scenario
def subdomain_rules_without_matching(lab: Lab):
    app = lab.app(SERVER_NAME="shop.example")
    app.add_url_rule("/", "index", echo)
    app.add_url_rule("/admin", "admin", echo, subdomain="admin")
    with app.app_context():
        urls = [url_for("index"), url_for("admin")]
    return [
        urls,
        lab.codes(app, "/", "/admin"),
        lab.code(app, "/admin", base_url="http://admin.shop.example"),
        lab.code(app, "/admin", subdomain="admin"),
    ]


@scenario
def subdomain_urls(lab: Lab):
    app = lab.app(SERVER_NAME="shop.example:5000", subdomain_matching=True)
    app.add_url_rule("/", "index", echo)
    app.add_url_rule("/a", "admin", echo, subdomain="admin")
    app.add_url_rule("/u", "user", echo, subdomain="<user>")
    bp = Blueprint("bp", __name__, subdomain="bp")
    bp.add_url_rule("/b", "b", echo)
    bp.add_url_rule("/own", "own", echo, subdomain="other")
    app.register_blueprint(bp)
    app.register_blueprint(bp, name="again", subdomain="moved")
    seen = {}
    with app.app_context():
        seen["app"] = [
            url_for(e, **v)
            for e, v in (
                ("index", {}),
                ("admin", {}),
                ("user", {"user": "ann"}),
                ("bp.b", {}),
                ("bp.own", {}),
                ("again.b", {}),
                ("again.own", {}),
            )
        ]
    with app.test_request_context("/a", subdomain="admin"):
        seen["admin"] = [
            request.endpoint,
            url_for("admin"),
            url_for("index"),
            url_for("user", user="x"),
            url_for("admin", _external=True),
        ]
    with app.test_request_context("/"):
        seen["main"] = [request.endpoint, url_for("admin"), url_for("index"), url_for("bp.b")]
    return seen


@scenario
def default_subdomain(lab: Lab):
    app = lab.app(SERVER_NAME="shop.example", subdomain_matching=True)
    app.url_map.default_subdomain = "www"
    app.add_url_rule("/", "index", echo)
    app.add_url_rule("/bare", "bare", echo, subdomain="")
    return [
        lab.code(app, path, base_url=f"http://{host}")
        for path in ("/", "/bare")
        for host in ("shop.example", "www.shop.example")
    ]


@scenario
def subdomain_matching_without_server_name(lab: Lab):
    app = lab.app(subdomain_matching=True)
    app.add_url_rule("/", "index", echo)
    app.add_url_rule("/", "admin", echo, subdomain="admin")
    return [
        lab.brief(app, "/", base_url=f"http://{host}")
        for host in ("localhost", "admin.localhost", "x.example")
    ]


@family(
    "one.example",
    "two.example",
    "none.example",
    "ann.users.example",
    "one.example:8080",
    "two.example:99",
)
def host_matching(lab: Lab, host):
    app = lab.app(host_matching=True, static_host="static.example")
    app.add_url_rule("/", "one", echo, host="one.example")
    app.add_url_rule("/", "two", echo, host="two.example:99")
    app.add_url_rule("/", "user", echo, host="<user>.users.example")
    app.add_url_rule("/w", "wild", echo, host="<anything>")
    client = app.test_client()
    with app.test_request_context("/", base_url=f"http://{host}"):
        urls = [
            lab.raises(url_for, "one"),
            lab.raises(url_for, "two"),
            lab.raises(url_for, "user", user="b"),
            lab.raises(url_for, "static", filename="a"),
        ]
    return [
        lab.brief(client, "/", base_url=f"http://{host}"),
        lab.brief(client, "/w", base_url=f"http://{host}"),
        urls,
    ]


@family(
    both={"host_matching": True, "static_host": "s.example"},
    no_host={"host_matching": True},
    no_static={"host_matching": True, "static_folder": None},
    static_host_alone={"static_host": "s.example"},
    with_subdomains={"host_matching": True, "subdomain_matching": True, "static_folder": None},
)
def static_host_arguments(lab: Lab, options):
    facts = lab.raises(lab.app, **options)
    if "raised" in facts:
        return facts
    app = lab.app(**options)
    return [[rule.rule, rule.host, rule.endpoint] for rule in app.url_map.iter_rules()]


TRUSTED = {
    "none": None,
    "exact": ["shop.example"],
    "dot": [".shop.example"],
    "port": ["shop.example:8080"],
    "several": ["a.example", ".b.example"],
    "empty": [],
    "localhost": ["localhost"],
    "text": "shop.example",
}


@family(**TRUSTED)
def trusted_hosts(lab: Lab, hosts):
    app = shop(lab, TRUSTED_HOSTS=hosts)
    seen = {}
    for host in (
        "shop.example",
        "shop.example:8080",
        "x.shop.example",
        "a.example",
        "q.b.example",
        "evil.example",
        "localhost",
        "",
    ):
        environ = create_environ("/item/1", "http://localhost/")
        environ["HTTP_HOST"] = host
        seen[host] = lab.wsgi(app, environ)["status"]
    lab.events.clear()
    return seen


@scenario
def trusted_hosts_set_on_the_request(lab: Lab):
    class Picky(flask.Request):
        trusted_hosts = ["only.example"]

    app = shop(lab)
    app.request_class = Picky
    return [lab.code(app, "/", base_url=f"http://{host}") for host in ("only.example", "localhost")]


@family("untrusted", "none")
def links_without_an_adapter(lab: Lab, reason):
    """URLs built in an error handler of a request that has no URL adapter."""
    app = lab.app(TRUSTED_HOSTS=["only.example"])
    if reason == "none":
        app.create_url_adapter = lambda request: None
    given = []
    app.url_defaults(lambda endpoint, values: given.append(endpoint))

    def tried(**values):
        return lab.raises(url_for, **values)

    def answer(error):
        found = [
            tried(endpoint="item", x=1),
            tried(endpoint=".item", x=1),
            tried(endpoint="unknown"),
            tried(endpoint="item", x=1, _external=True),
            tried(endpoint="item", x=1, _scheme="https", _external=False),
        ]
        return {"raised": found, "defaults": given}, 400

    app.add_url_rule("/item/<x>", "item", lambda x: x)
    app.register_error_handler(Exception, answer)
    return lab.hit(app, "/item/1", base_url="http://evil.example")


@family(
    "shop.example",
    "bad host",
    "a b",
    "under_score.example",
    "[::1]",
    "[::1]:80",
    "host:notaport",
    "host:99999",
    "..",
    "-x.example",
    "ex\u00e4mple",
    "a/b",
    "a@b",
    "user:pw@host",
)
def odd_host_header(lab: Lab, host):
    app = shop(lab)
    app.add_url_rule("/host", "host", lambda: request.host)
    environ = create_environ("/host", "http://localhost/")
    environ["HTTP_HOST"] = host
    answer = lab.wsgi(app, environ)
    lab.events.clear()
    return [answer.get("status"), answer.get("raised"), answer["chunks"]]
