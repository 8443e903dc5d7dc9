"""Lines that are not the application's: CR, LF and NUL in whatever it puts into headers."""

from __future__ import annotations

import io
import typing as t
from collections.abc import Callable, Iterator
from itertools import product

from hypothesis import strategies as st

import flask
from flask import Flask, request

from . import inputs
from .caller import Answer, Twins, environ_of
from .case import Tally, case

BREAKS = ["\r\n", "\n", "\r", "\0", "\r\n\r\n", "\n\n", "\r\n ", "\n\t", "\u2028", "\x85", "\u560a"]
BREAKS += ["\x0b", "\x0c", "\x1c", "\u010a", "\u010d", "%0d%0a", "\\r\\n", "\u00e5\u0098\u008a"]
PAYLOADS = ["X-Injected: yes", "Set-Cookie: session=stolen", "<script>alert(1)</script>", ""]
AROUND = [
    ("", ""),
    ("/", ""),
    ("https://a.example/", ""),
    ("a", "b"),
    ('"', '"'),
    ("\xe9", "\u2603"),
]


def _corpus() -> Iterator[str]:
    for first, payload, (before, after) in product(BREAKS, PAYLOADS, AROUND):
        yield before + first + payload + after


Write = Callable[[str], t.Any]


def _header(value: str) -> t.Any:
    return "x", 200, {"X-Given": value}


def _header_name(value: str) -> t.Any:
    return "x", 200, {value: "given"}


def _header_later(value: str) -> t.Any:
    answer = flask.make_response("x")
    answer.headers["X-Given"] = value
    answer.headers.add("X-More", "x", filename=value)
    answer.headers.extend([("X-Again", value)])
    return answer


def _status(value: str) -> t.Any:
    return "x", f"200 {value}"


def _content_type(value: str) -> t.Any:
    return flask.Response("x", content_type=value)


def _mimetype(value: str) -> t.Any:
    return flask.Response("x", mimetype=value)


def _redirect(value: str) -> t.Any:
    return flask.redirect(value)


def _location(value: str) -> t.Any:
    answer = flask.Response("x", 302)
    answer.location = value
    answer.autocorrect_location_header = True
    return answer


def _built(value: str) -> t.Any:
    parts = flask.url_for("aim", name=value, q=value, _anchor=value)
    return flask.redirect(parts)


def _cookie(value: str) -> t.Any:
    answer = flask.make_response("x")
    answer.set_cookie("given", value)
    return answer


def _cookie_name(value: str) -> t.Any:
    answer = flask.make_response("x")
    answer.set_cookie(value, "x")
    return answer


def _cookie_path(value: str) -> t.Any:
    answer = flask.make_response("x")
    answer.set_cookie("a", "x", path=value)
    return answer


def _cookie_domain(value: str) -> t.Any:
    answer = flask.make_response("x")
    answer.set_cookie("a", "x", domain=value)
    return answer


def _session(value: str) -> t.Any:
    flask.session["given"] = value
    flask.session[value] = "given"
    flask.flash(value, value)
    return "x"


def _download(value: str) -> t.Any:
    return flask.send_file(
        io.BytesIO(b"x"), "text/plain", as_attachment=True, download_name=value, etag="e"
    )


def _etag(value: str) -> t.Any:
    return flask.send_file(io.BytesIO(b"x"), "text/plain", etag=value)


def _send_mimetype(value: str) -> t.Any:
    return flask.send_file(io.BytesIO(b"x"), mimetype=value)


def _vary(value: str) -> t.Any:
    answer = flask.make_response("x")
    answer.vary.add(value)
    answer.allow.add(value)
    answer.content_language.add(value)
    answer.cache_control.private = value
    return answer


def _authenticate(value: str) -> t.Any:
    flask.abort(401, www_authenticate=_challenge(value))


def _challenge(value: str) -> t.Any:
    from werkzeug.datastructures import WWWAuthenticate

    return WWWAuthenticate("basic", {"realm": value})


WRITERS: dict[str, Write] = {
    write.__name__.strip("_"): write
    for write in (
        *(_header, _header_name, _header_later, _status, _content_type, _mimetype, _redirect),
        *(_location, _built, _cookie, _cookie_name, _cookie_path, _cookie_domain, _session),
        *(_download, _etag, _send_mimetype, _vary, _authenticate),
    )
}


def _make(app_class: type[Flask]) -> Flask:
    app = app_class(f"writing_{app_class.__name__.lower()}", static_folder=None)
    app.secret_key = "key"

    @app.route("/aim/<name>")
    def aim(name: str) -> str:
        return name

    @app.route("/write/<writer>")
    def write(writer: str) -> t.Any:
        try:
            return flask.make_response(WRITERS[writer](request.args["value"]))
        except (ValueError, TypeError):  # refused, where the application can see it
            return "refused", 400

    return app


def _ask(tally: Tally, twins: Twins, writer: str, value: str) -> None:
    # Not by way of the query's own rules: every character is to arrive as it is.
    query = "".join(f"%{byte:02x}" for byte in value.encode("utf-8", "replace"))
    answer = twins.ask(Tally(), environ_of(f"/write/{writer}", QUERY_STRING=f"value={query}"))
    tally.tried += 1
    for fault in [*answer.faults, *_faults(answer)]:
        if fault not in _REFUSALS:
            tally.fail(f"{fault}, by {writer}", value)


_REFUSALS = {
    "500 by ValueError from werkzeug",  # outside of the view, which cannot catch it
    "a header that no server can send",  # and so no server does
}


def _faults(answer: Answer) -> Iterator[str]:
    names = {name.lower() for name, _ in answer.headers}
    if "x-injected" in names:
        yield "a header was injected"
    cookies = [value for name, value in answer.headers if name == "Set-Cookie"]
    if any(cookie.startswith("session=stolen") for cookie in cookies):
        yield "a cookie was injected"


@case(
    "injection",
    "CR, LF, NUL and what becomes of them, in headers, status, redirects, built URLs, cookies,"
    " session, file names, ETags, challenges: no answer carries them in a header",
)
def injection(tally: Tally) -> None:
    twins = Twins(_make)
    for writer in WRITERS:
        for value in tally.some(_corpus()):
            _ask(tally, twins, writer, value)


@case("injection-generated", "the same places, with generated text")
def injection_generated(tally: Tally) -> None:
    twins = Twins(_make)
    values = st.tuples(inputs.anything, st.sampled_from(BREAKS), inputs.anything).map("".join)
    tally.explore(
        st.tuples(st.sampled_from(sorted(WRITERS)), values),
        lambda drawn: _ask(tally, twins, *drawn),
        counts=False,
    )
