"""Requests with odd bytes in their path, query and headers."""

from __future__ import annotations

from flask import request

from ..harness import Lab, family
from .requests import raw

ODD_PATHS = {
    "latin": "/\xe9",
    "bad_utf8": "/\xff\xfe",
    "empty": "",
    "no_slash": "x",
    "null": "/\x00",
    "cr": "/a\r\nb",
    "space": "/ a",
    "utf8": "/\u00fc".encode().decode("latin-1"),
    "percent": "/%41",
    "double": "//x",
    "star": "*",
    "long": "/" + "a" * 3000,
    "surrogate": "/\xed\xa0\x80",
}


@family(**ODD_PATHS)
def odd_path_info(lab: Lab, path):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: ascii([request.path, request.url, request.full_path]))
    app.add_url_rule("/<path:p>", "path", lambda p: ascii([p, request.path, request.url])[:300])
    return raw(lab, app, PATH_INFO=path)


ODD_QUERIES = {
    "latin": "a=\xe9",
    "bad": "a=%ff%fe",
    "bare_percent": "a=%",
    "percent_g": "a=%zz",
    "plus": "a=1+2",
    "empty": "",
    "amps": "&&&",
    "equals": "===",
    "semicolon": "a=1;b=2",
    "unicode": "a=\u00fc".encode().decode("latin-1"),
    "null": "a=%00",
    "many": "&".join(f"k{n}={n}" for n in range(50)),
    "space": "a=b c",
    "hash": "a=#b",
    "newline": "a=%0d%0ab",
    "brackets": "a[]=1&a[]=2",
}


@family(**ODD_QUERIES)
def odd_query_string(lab: Lab, query):
    app = lab.app()
    app.add_url_rule(
        "/",
        "index",
        lambda: ascii(
            [
                list(request.args.items(multi=True)),
                request.query_string,
                request.full_path,
                request.url,
            ]
        )[:800],
    )
    return raw(lab, app, QUERY_STRING=query)


ODD_HEADERS = {
    "cookie_plain": {"HTTP_COOKIE": "a=1; b=2; a=3"},
    "cookie_bad": {"HTTP_COOKIE": 'a; =b; c==d;;; e="quoted\\"x"'},
    "cookie_latin": {"HTTP_COOKIE": "a=\xe9; \xfc=1"},
    "cookie_utf8": {"HTTP_COOKIE": "a=\u00fc".encode().decode("latin-1")},
    "latin": {"HTTP_X_A": "\xe9"},
    "empty": {"HTTP_X_A": ""},
    "comma": {"HTTP_X_A": "a,b"},
    "underscore": {"HTTP_X__A": "1"},
    "type_odd": {"CONTENT_TYPE": "text/html; charset"},
    "type_bad": {"CONTENT_TYPE": ";;;"},
    "type_missing": {"CONTENT_TYPE": ""},
    "length_bad": {"CONTENT_LENGTH": "x"},
    "accept_bad": {"HTTP_ACCEPT": ";;q=x,,"},
    "auth_empty": {"HTTP_AUTHORIZATION": ""},
    "range_bad": {"HTTP_RANGE": "bytes=x"},
    "agent": {"HTTP_USER_AGENT": "Agent/1.0 (x; \xe9)"},
    "date_bad": {"HTTP_IF_MODIFIED_SINCE": "bad"},
    "method_odd": {"REQUEST_METHOD": "BREW"},
    "method_lower": {"REQUEST_METHOD": "get"},
    "method_empty": {"REQUEST_METHOD": ""},
    "scheme": {"wsgi.url_scheme": "gopher"},
    "host_missing": {"HTTP_HOST": ""},
    "cookie_long": {"HTTP_COOKIE": "a=" + "x" * 5000},
}


@family(**ODD_HEADERS)
def odd_header(lab: Lab, environ):
    app = lab.app()

    def view():
        parts = [
            list(request.cookies.items(multi=True)),
            request.headers.get("X-A"),
            request.headers.get("X--A"),
            request.content_type,
            request.mimetype,
            request.content_length,
            str(request.accept_mimetypes),
            request.authorization and request.authorization.type,
            str(request.range),
            str(request.user_agent),
            request.if_modified_since,
            request.method,
            request.host,
            request.scheme,
        ]
        return ascii(parts)[:700]

    app.add_url_rule("/", "index", view)
    return raw(lab, app, **environ)
