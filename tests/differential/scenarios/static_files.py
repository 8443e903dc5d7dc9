"""Files: the static route, ``send_file`` and ``send_from_directory``."""

from __future__ import annotations

import datetime
import io
import pathlib

import flask
from flask import send_file, send_from_directory

from ..harness import Lab, family, scenario

CONTENT = b"0123456789" * 10


def disk(lab: Lab, **options):
    lab.file("static/a.txt", CONTENT)
    lab.file("static/deep/b.css", "b { }")
    lab.file("static/sp ace.txt", "space")
    lab.file("static/\u00fc.txt", "umlaut")
    lab.file("static/empty.txt", "")
    lab.file("static/a.tar.gz", b"gz")
    lab.file("static/script.js", "js")
    lab.file("static/unknownext.zzz", "z")
    lab.file("static/none", "no extension")
    lab.file("static/page.html", "<p>")
    lab.file("secret.txt", "secret")
    return lab.app(**options)


PATHS = (
    "/static/a.txt",
    "/static/deep/b.css",
    "/static/sp%20ace.txt",
    "/static/%C3%BC.txt",
    "/static/empty.txt",
    "/static/a.tar.gz",
    "/static/script.js",
    "/static/unknownext.zzz",
    "/static/none",
    "/static/page.html",
    "/static/missing.txt",
    "/static/deep",
    "/static/deep/",
    "/static/",
    "/static",
    "/static/../secret.txt",
    "/static/%2e%2e/secret.txt",
    "/static/deep/../a.txt",
    "/static//a.txt",
    "/static/a.txt/",
    "/static/a.txt?v=1",
    "/static/..%2fsecret.txt",
    "/static/a%00.txt",
    "/static/a\\b",
    "/static/.",
    "/static/%5c..%5csecret.txt",
    "/static/C:/x",
)


@family(*PATHS)
def static_path(lab: Lab, path):
    return lab.hit(disk(lab), path)


REQUESTS = {
    "head": {"method": "HEAD"},
    "post": {"method": "POST"},
    "range": {"headers": {"Range": "bytes=0-4"}},
    "range_middle": {"headers": {"Range": "bytes=5-"}},
    "range_suffix": {"headers": {"Range": "bytes=-3"}},
    "range_beyond": {"headers": {"Range": "bytes=500-"}},
    "range_many": {"headers": {"Range": "bytes=0-1,4-5"}},
    "range_bad": {"headers": {"Range": "lines=1-2"}},
    "range_reverse": {"headers": {"Range": "bytes=5-2"}},
    "since_same": {"headers": {"If-Modified-Since": "Sun, 13 Sep 2020 12:26:40 GMT"}},
    "since_older": {"headers": {"If-Modified-Since": "Sat, 12 Sep 2020 12:26:40 GMT"}},
    "since_bad": {"headers": {"If-Modified-Since": "yesterday"}},
    "none_match_star": {"headers": {"If-None-Match": "*"}},
    "none_match_other": {"headers": {"If-None-Match": '"x"'}},
    "if_range_date": {
        "headers": {"If-Range": "Sun, 13 Sep 2020 12:26:40 GMT", "Range": "bytes=0-1"}
    },
    "if_range_old": {
        "headers": {"If-Range": "Sun, 13 Sep 2010 12:26:40 GMT", "Range": "bytes=0-1"}
    },
    "unmodified_since": {"headers": {"If-Unmodified-Since": "Sun, 13 Sep 2010 12:26:40 GMT"}},
    "if_match": {"headers": {"If-Match": '"x"'}},
    "options": {"method": "OPTIONS"},
}


@family(**REQUESTS)
def static_request(lab: Lab, options):
    return lab.hit(disk(lab), "/static/a.txt", **options)


@scenario
def static_etag_round_trip(lab: Lab):
    client = disk(lab).test_client()
    first = client.get("/static/a.txt")
    first.close()
    tag = first.headers["ETag"]
    return [
        lab.hit(client, "/static/a.txt", headers={"If-None-Match": tag}),
        lab.hit(client, "/static/a.txt", headers={"If-None-Match": f"W/{tag}"}),
        lab.hit(client, "/static/a.txt", headers={"If-Range": tag, "Range": "bytes=0-1"}),
    ]


AGES = {
    "default": None,
    "number": 60,
    "zero": 0,
    "delta": datetime.timedelta(days=1),
    "negative": -1,
}


@family(**AGES)
def max_age_setting(lab: Lab, value):
    app = disk(lab, SEND_FILE_MAX_AGE_DEFAULT=value)
    app.add_url_rule("/own", "own", lambda: send_file(lab.tmp / "secret.txt", max_age=5))
    app.add_url_rule("/auto", "auto", lambda: send_file(lab.tmp / "secret.txt"))
    with app.app_context():
        direct = app.get_send_file_max_age("x")
    return [
        direct,
        *[
            [h for h in lab.hit(app, p)["headers"] if h.startswith(("Cache", "Expires"))]
            for p in ("/static/a.txt", "/own", "/auto")
        ],
    ]


@scenario
def max_age_overridden(lab: Lab):
    class Shop(flask.Flask):
        def get_send_file_max_age(self, filename):
            lab.say("max_age", filename)
            return (
                1
                if filename and filename.endswith(".js")
                else super().get_send_file_max_age(filename)
            )

    app = disk(lab, cls=Shop)
    app.add_url_rule("/send", "send", lambda: send_file(io.BytesIO(b"x"), "text/plain"))
    app.add_url_rule(
        "/named", "named", lambda: send_file(io.BytesIO(b"x"), "text/plain", download_name="n.js")
    )
    app.add_url_rule("/file", "file", lambda: send_from_directory(lab.tmp / "static", "script.js"))
    return [
        [h for h in lab.hit(app, p)["headers"] if h.startswith(("Cache", "Expires"))]
        for p in ("/static/script.js", "/static/a.txt", "/send", "/named", "/file")
    ]


FOLDERS = {
    "default": {},
    "other": {"static_folder": "assets"},
    "url": {"static_url_path": "/files"},
    "both": {"static_folder": "assets", "static_url_path": "/files"},
    "none": {"static_folder": None},
    "deep": {"static_folder": "deep/assets"},
    "url_root": {"static_url_path": ""},
    "url_slash": {"static_url_path": "/"},
    "no_slash": {"static_url_path": "files"},
    "trailing": {"static_url_path": "/files/"},
    "folder_trailing": {"static_folder": "assets/"},
    "missing": {"static_folder": "nowhere"},
    "url_only_no_folder": {"static_folder": None, "static_url_path": "/files"},
    "path_object": {"static_folder": pathlib.Path("assets")},
    "dot": {"static_folder": "."},
}


@family(**FOLDERS)
def static_folder(lab: Lab, options):
    lab.file("static/a.txt", "static")
    lab.file("assets/a.txt", "assets")
    lab.file("deep/assets/a.txt", "deep assets")
    lab.file("a.txt", "root")
    facts = lab.raises(lab.app, **options)
    if "raised" in facts:
        return facts
    app = lab.app(**options)
    with app.test_request_context("/"):
        url = lab.raises(flask.url_for, "static", filename="a.txt")
    rules = [r.rule for r in app.url_map.iter_rules()]
    return [
        rules,
        str(app.static_folder),
        lab.raises(lambda: app.static_url_path),
        app.has_static_folder,
        url,
        lab.briefs(app, "/static/a.txt", "/assets/a.txt", "/files/a.txt", "/a.txt"),
    ]


@scenario
def static_folder_set_later(lab: Lab):
    lab.file("assets/a.txt", "assets")
    app = lab.app()
    seen = [lab.code(app, "/static/a.txt")]
    app.static_folder = "assets"
    seen += [lab.brief(app, "/static/a.txt"), app.static_folder, app.static_url_path]
    app.static_url_path = "/elsewhere"
    app.static_folder = None
    return [*seen, app.static_url_path, app.has_static_folder, lab.code(app, "/static/a.txt")]


@scenario
def send_static_file_overridden(lab: Lab):
    class Shop(flask.Flask):
        def send_static_file(self, filename):
            lab.say("send_static_file", filename)
            return super().send_static_file(filename)

    app = disk(lab, cls=Shop)
    instance = disk(lab)
    instance.send_static_file = lambda filename: f"instance {filename}"
    return [lab.brief(app, "/static/script.js"), lab.brief(instance, "/static/script.js")]


@scenario
def static_view_replaced(lab: Lab):
    app = disk(lab)
    first = lab.code(app, "/static/a.txt")
    app.view_functions["static"] = lambda filename: f"replaced {filename}"
    return [first, lab.brief(app, "/static/a.txt")]


@scenario
def send_static_file_by_hand(lab: Lab):
    app = disk(lab)
    with app.test_request_context("/"):
        response = app.send_static_file("script.js")
        response.direct_passthrough = False
        bare = disk(lab, static_folder=None)
    with bare.test_request_context("/"):
        wrong = lab.raises(bare.send_static_file, "script.js")
    return [lab.see(response), wrong]


SENDS = {
    "path": lambda t: send_file(t / "static/a.txt"),
    "string": lambda t: send_file(str(t / "static/a.txt")),
    "relative": lambda t: send_file("secret.txt"),
    "relative_deep": lambda t: send_file("static/deep/b.css"),
    "missing": lambda t: send_file(t / "none"),
    "directory": lambda t: send_file(t / "static"),
    "mimetype": lambda t: send_file(t / "secret.txt", mimetype="text/x-own"),
    "mimetype_charset": lambda t: send_file(t / "secret.txt", mimetype="text/css"),
    "attachment": lambda t: send_file(t / "secret.txt", as_attachment=True),
    "attachment_name": lambda t: send_file(
        t / "secret.txt", as_attachment=True, download_name="other.pdf"
    ),
    "name_only": lambda t: send_file(t / "secret.txt", download_name="other.pdf"),
    "name_unicode": lambda t: send_file(
        t / "secret.txt", as_attachment=True, download_name="\u00fc\u2603 x.txt"
    ),
    "name_quotes": lambda t: send_file(
        t / "secret.txt", as_attachment=True, download_name='a"b;c.txt'
    ),
    "not_conditional": lambda t: send_file(t / "secret.txt", conditional=False),
    "no_etag": lambda t: send_file(t / "secret.txt", etag=False),
    "etag": lambda t: send_file(t / "secret.txt", etag="own"),
    "modified": lambda t: send_file(
        t / "secret.txt", last_modified=datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
    ),
    "modified_number": lambda t: send_file(t / "secret.txt", last_modified=1000000000),
    "max_age": lambda t: send_file(t / "secret.txt", max_age=77),
    "max_age_callable": lambda t: send_file(
        t / "secret.txt", max_age=lambda name: 60 + len(pathlib.Path(name).name)
    ),
    "max_age_zero": lambda t: send_file(t / "secret.txt", max_age=0),
    "bytesio": lambda t: send_file(io.BytesIO(b"bytes"), mimetype="text/plain"),
    "bytesio_no_mimetype": lambda t: send_file(io.BytesIO(b"bytes")),
    "bytesio_name": lambda t: send_file(io.BytesIO(b"bytes"), download_name="x.csv"),
    "bytesio_attachment": lambda t: send_file(
        io.BytesIO(b"bytes"), "text/plain", as_attachment=True
    ),
    "stringio": lambda t: send_file(io.StringIO("text"), mimetype="text/plain"),
    "open_file": lambda t: send_file((t / "secret.txt").open("rb"), download_name="o.txt"),
    "open_text": lambda t: send_file((t / "secret.txt").open(), download_name="o.txt"),
    "bytesio_position": lambda t: send_file(seeked(), mimetype="text/plain"),
    "positional": lambda t: send_file(t / "secret.txt", "text/a", True, "p.txt"),
    "gz": lambda t: send_file(t / "static/a.tar.gz"),
    "unknown": lambda t: send_file(t / "static/unknownext.zzz"),
    "empty": lambda t: send_file(t / "static/empty.txt"),
    "number": lambda t: send_file(5),
    "none": lambda t: send_file(None),
}


def seeked():
    stream = io.BytesIO(b"0123456789")
    stream.seek(4)
    return stream


@family(*SENDS)
def sending_a_file(lab: Lab, name):
    app = disk(lab, PROPAGATE_EXCEPTIONS=True)
    app.add_url_rule("/", "index", lambda: SENDS[name](lab.tmp))
    return [lab.hit(app), lab.code(app, headers={"Range": "bytes=1-2"}), lab.hit(app, "HEAD /")]


FROM = {
    "plain": ("static", "a.txt"),
    "deep": ("static", "deep/b.css"),
    "absolute": ("ABS", "a.txt"),
    "missing": ("static", "none"),
    "up": ("static", "../secret.txt"),
    "up_inside": ("static", "deep/../a.txt"),
    "directory": ("static", "deep"),
    "empty": ("static", ""),
    "absolute_file": ("static", "/etc/passwd"),
    "missing_directory": ("none", "a.txt"),
    "null": ("static", "a\x00.txt"),
    "path_object": ("PATH", "a.txt"),
    "file_path_object": ("static", pathlib.Path("deep/b.css")),
    "dot": (".", "secret.txt"),
    "backslash": ("static", "deep\\b.css"),
    "space": ("static", "sp ace.txt"),
}


@family(**FROM)
def sending_from_a_directory(lab: Lab, case):
    directory, name = case
    app = disk(lab)
    directory = {"ABS": str(lab.tmp / "static"), "PATH": lab.tmp / "static"}.get(
        directory, directory
    )
    app.add_url_rule("/", "index", lambda: send_from_directory(directory, name))
    return lab.hit(app)


@scenario
def send_from_directory_options(lab: Lab):
    app = disk(lab)
    app.add_url_rule(
        "/1",
        "one",
        lambda: send_from_directory(
            "static",
            "a.txt",
            as_attachment=True,
            download_name="n.bin",
            mimetype="x/y",
            max_age=3,
            etag="e",
            conditional=False,
            last_modified=5,
        ),
    )
    app.add_url_rule("/2", "two", lambda: send_from_directory(directory="static", path="a.txt"))
    return lab.hits(app, "/1", "/2")


@family(true=True, false=False)
def use_x_sendfile(lab: Lab, value):
    app = disk(lab, USE_X_SENDFILE=value)
    app.add_url_rule("/path", "path", lambda: send_file(lab.tmp / "secret.txt"))
    app.add_url_rule("/io", "io", lambda: send_file(io.BytesIO(b"x"), "text/plain"))
    seen = lab.hits(app, "/path", "/io", "/static/a.txt")
    seen["range"] = lab.hit(app, "/path", headers={"Range": "bytes=0-1"})
    return seen


@scenario
def x_sendfile_set_after_the_first_request(lab: Lab):
    app = disk(lab)
    first = lab.hit(app, "/static/script.js")
    app.use_x_sendfile = True
    app.config["USE_X_SENDFILE"] = True
    return [first["headers"], lab.hit(app, "/static/script.js")["headers"]]


@scenario
def files_are_closed_with_the_response(lab: Lab):
    app = disk(lab)
    kept = []

    @app.get("/")
    def index():
        stream = io.BytesIO(b"content")
        kept.append(stream)
        return send_file(stream, mimetype="text/plain")

    response = app.test_client().get("/")
    seen = [response.get_data(), kept[0].closed]
    response.close()
    return [*seen, kept[0].closed]


@scenario
def file_wrapper_of_the_server_is_used(lab: Lab):
    from werkzeug.test import create_environ

    app = disk(lab)

    def wrapper(stream, size=8192):
        lab.say("wrapper", size)
        return iter([stream.read()])

    environ = create_environ("/static/script.js")
    environ["wsgi.file_wrapper"] = wrapper
    return lab.wsgi(app, environ)


@scenario
def send_file_with_a_root_path(lab: Lab):
    app = disk(lab)
    with app.test_request_context("/"):
        app.root_path = str(lab.tmp / "static")
        response = send_file("script.js")
        response.direct_passthrough = False
        return [response.get_data(), response.mimetype]


@scenario
def response_class_of_send_file(lab: Lab):
    class Own(flask.Response):
        pass

    app = disk(lab)
    app.response_class = Own
    with app.test_request_context("/"):
        sent = send_file(lab.tmp / "secret.txt")
        sent.close()
        return type(sent).__name__
