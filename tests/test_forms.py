"""Forms, uploads and queries that are parsed here come out as Werkzeug's parsers have them."""

from __future__ import annotations

import io
import tempfile
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl

import pytest
import werkzeug.wrappers.request
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.formparser import FormDataParser, MultiPartParser
from werkzeug.sansio.multipart import MultipartDecoder
from werkzeug.test import create_environ
from werkzeug.wrappers import Request as WerkzeugRequest

from flask import Flask, Request
from flask.http import forms
from flask.http.streams import AT_ONCE

# Werkzeug leaves the files of a body that it refuses to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

URLENCODED = "application/x-www-form-urlencoded"
BOUNDARY = "----WebKitFormBoundary7MA4YWxk"


class Limited(WerkzeugRequest):
    max_form_memory_size = 500_000


def ask(
    kind: type[WerkzeugRequest], body: bytes, content_type: str, **settings: Any
) -> tuple[Any, ...]:
    """What a request of that class makes of a body, or how it fails; and what is left of it."""
    environ = create_environ("/", method="POST", input_stream=io.BytesIO(body))
    environ["CONTENT_TYPE"] = content_type
    environ["CONTENT_LENGTH"] = str(len(body))
    made = kind(environ)
    for name, value in settings.items():
        setattr(made, name, value)
    outcome: Any
    try:
        outcome = list(made.form.lists())
        outcome += [(name, list(map(told, files))) for name, files in made.files.lists()]
    except Exception as error:
        outcome = type(error), str(error)
    try:
        return outcome, made.stream.read(), made.get_data(), made.mimetype_params
    finally:
        made.close()


def told(file: Any) -> tuple[Any, ...]:
    position = file.stream.tell()
    return type(file.stream), position, file.read(), file.filename, file.name, list(file.headers)


def compare(body: bytes, content_type: str, **settings: Any) -> None:
    assert ask(Request, body, content_type, **settings) == ask(
        Limited, body, content_type, **settings
    )


def is_parsed_here(body: bytes, content_type: str, size: int | None = 500_000) -> bool:
    environ = create_environ("/", method="POST", input_stream=io.BytesIO(body))
    environ["CONTENT_TYPE"] = content_type
    with Request(environ) as made:
        made.max_form_memory_size = 10**9 if size is None else size
        made._was_parsed = True  # so that it closes what load_form opens
        return forms.load_form(made)


# Urlencoded forms and queries

pieces = st.sampled_from([*"&=+%;", "a", "b", "%C3%A9", "%E9", "%26", "%zz", "é", " ", "\n"])
queries = st.lists(pieces, max_size=12).map("".join) | st.text(max_size=10)


@given(queries)
@settings(max_examples=500, deadline=None)
def test_pairs_are_those_of_the_standard_library(query: str) -> None:
    pairs = parse_qsl(query, keep_blank_values=True, errors="werkzeug.url_quote")
    expected: MultiDict[str, str] = MultiDict(pairs)
    made = forms.parse_query(query)
    assert type(made) is ImmutableMultiDict
    assert list(made.lists()) == list(expected.lists())


@given(st.binary(max_size=12) | queries.map(lambda query: query.encode(errors="replace")))
@settings(max_examples=500, deadline=None)
def test_urlencoded_forms_are_werkzeugs(body: bytes) -> None:
    compare(body, URLENCODED)
    compare(body, f"{URLENCODED}; charset=utf-8")


@pytest.mark.parametrize("size", [10, 11, 12, 10**6])
def test_urlencoded_form_above_the_limit_is_refused_where_werkzeug_does(size: int) -> None:
    # Werkzeug 3.1.0 does, later releases don't.
    compare(b"name=" + b"x" * 6, URLENCODED, max_form_memory_size=size)


@pytest.mark.parametrize("query", ["", "a=b&a=c", "a=%C3%A9+x", "a=é", "a=%FF", "&=&&b"])
def test_the_query_of_a_request_is_werkzeugs(query: str) -> None:
    environ = create_environ("/")
    environ["QUERY_STRING"] = query.encode().decode("latin1")
    assert list(Request(environ).args.lists()) == list(WerkzeugRequest(environ).args.lists())
    made = Request(environ)
    made.parameter_storage_class = MultiDict  # type: ignore[assignment]
    assert type(made.args) is MultiDict
    assert list(made.args.lists()) == list(Request(environ).args.lists())


# Multipart forms

names = st.sampled_from(["a", "b", "é", "", 'q"', "a%22b", "a\\b", "a;b", "a\r\nb"])
delimiters = ["--%s", "\r\n--%s", "\n--%s\r\n", "\r\n--%s \r\n", "xyz--%s--"]
plain_contents = [b"", b"text", b"\xc3\xa9", b"\xff", b"\r\n", b"\n", b"\r", b"--", b"\r\n--x"]
contents = st.one_of(
    st.sampled_from(plain_contents),
    st.sampled_from([(text % BOUNDARY).encode() for text in delimiters]),
    st.binary(max_size=8),
)
more_headers = st.sampled_from(
    [
        "",
        "Content-Type: text/plain",
        "Content-Type: text/plain; charset=iso-8859-1",
        "content-type:image/png",
        "Content-Length: 3",
        "X-Empty:",
        "X-Tab:\ta ",
        "X-Folded: a\r\n b",
        "X-\xe9: \xe9",
        "no colon",
        "Content-Disposition: form-data; name=other",
    ]
)


DISPOSITIONS = ["Content-Disposition: form-data; name=", "content-disposition:form-data;name="]


@st.composite
def part(draw: st.DrawFn) -> bytes:
    header = f'{draw(st.sampled_from(DISPOSITIONS))}"{draw(names)}"'
    if draw(st.booleans()):
        header += f'; filename="{draw(names)}"'
    lines = [header, *draw(st.lists(more_headers.filter(bool), max_size=2))]
    if draw(st.integers(0, 9)) == 0:
        lines.reverse()
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + draw(contents)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    delimiter = b"--" + BOUNDARY.encode()
    parts = draw(st.lists(part(), max_size=3))
    body = b"".join(delimiter + b"\r\n" + one + b"\r\n" for one in parts)
    body += delimiter + draw(st.sampled_from([b"--\r\n", b"--", b"--\r\nepilogue", b"", b"\r\n"]))
    if draw(st.integers(0, 4)) == 0:  # something is wrong with it
        at = draw(st.integers(0, len(body)))
        instead = draw(st.sampled_from([b"", b"\r", b"\n", b"-", b"x", b" "]))
        body = body[:at] + instead + body[at + 1 :]
    return body


@given(bodies(), st.sampled_from([None, 1, 2]), st.sampled_from([None, 40, 500_000]))
@settings(max_examples=500, deadline=None)
def test_multipart_forms_are_werkzeugs(body: bytes, parts: int | None, size: int | None) -> None:
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    compare(body, content_type, max_form_parts=parts, max_form_memory_size=size)


def upload(size: int, *, filename: str = "cat.png", boundary: str = BOUNDARY) -> bytes:
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="title"\r\n\r\nA picture é\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; filename="{filename}"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode()


@pytest.mark.parametrize(
    "size", [0, 1, 300, *range(AT_ONCE - 430, AT_ONCE - 200, 3), 2 * AT_ONCE - 300, 511_000]
)
def test_uploads_of_any_size_are_werkzeugs(size: int) -> None:
    """Werkzeug's parser takes a body in pieces, the ends of which may fall anywhere."""
    compare(upload(size), f"multipart/form-data; boundary={BOUNDARY}", max_form_memory_size=None)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=x",
        "multipart/form-data;boundary=x",
        'multipart/form-data; boundary="x"',
        "multipart/form-data; charset=utf-8; boundary=x",
        "multipart/form-data; boundary=x; charset=utf-8",
        "multipart/form-data; boundary=x y",
        "multipart/form-data; boundary=",
        "multipart/form-data",
        "Multipart/Form-Data; boundary=x",
        "multipart/form-data; boundary*=utf-8''x",
        "multipart/form-data; boundary=\xe9",
        "multipart/mixed; boundary=x",
        URLENCODED,
        "",
    ],
)
def test_boundaries_are_found_as_werkzeug_finds_them(content_type: str) -> None:
    compare(upload(9, boundary="x"), content_type)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"title=a+b&author=%C3%A9", URLENCODED),
        (upload(64 * 1024), f"multipart/form-data; boundary={BOUNDARY}"),
        (upload(0, filename=""), f'multipart/form-data; boundary="{BOUNDARY}"'),
        (f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"),
    ],
)
def test_usual_bodies_are_parsed_here(body: bytes, content_type: str) -> None:
    assert is_parsed_here(body, content_type)
    compare(body, content_type)


def test_long_bodies_are_left_to_werkzeug() -> None:
    body = upload(forms.AT_MOST)
    assert not is_parsed_here(body, f"multipart/form-data; boundary={BOUNDARY}", size=None)
    compare(body, f"multipart/form-data; boundary={BOUNDARY}", max_form_memory_size=None)


def test_a_body_that_was_read_before_is_parsed() -> None:
    for kind in (Request, WerkzeugRequest):
        for content_type, body in (
            (URLENCODED, b"a=b"),
            (f"multipart/form-data; boundary={BOUNDARY}", upload(9)),
            (f"multipart/form-data; boundary={BOUNDARY}", upload(9)[:-9]),
        ):
            environ = create_environ("/", method="POST", input_stream=io.BytesIO(body))
            environ["CONTENT_TYPE"] = content_type
            made = kind(environ)
            assert made.get_data() == body
            assert bool(made.form) == body.endswith((b"a=b", b"--\r\n"))
            assert made.get_data() == body
            assert made.stream.read() == b""
            made.close()


@pytest.mark.parametrize("content_type", [URLENCODED, f"multipart/form-data; boundary={BOUNDARY}"])
@pytest.mark.parametrize("missing", [1, 70_000])
def test_a_client_that_goes_away_is_a_bad_request(content_type: str, missing: int) -> None:
    body = upload(70_000)
    for kind in (Request, WerkzeugRequest):
        environ = create_environ("/", method="POST", input_stream=io.BytesIO(body[:-missing]))
        environ.update(CONTENT_TYPE=content_type, CONTENT_LENGTH=str(len(body)))
        with pytest.raises(Exception, match="400 Bad Request"):
            kind(environ).form  # noqa: B018 - parsed when asked for


@pytest.mark.parametrize(
    ("setting", "value"),
    [("MAX_CONTENT_LENGTH", 100), ("MAX_FORM_MEMORY_SIZE", 5), ("MAX_FORM_PARTS", 1)],
)
def test_limits_of_the_configuration_hold(setting: str, value: int) -> None:
    app = Flask("shop")
    app.config[setting] = value

    @app.post("/")
    def view() -> str:
        from flask import request

        return "".join(request.files)

    data = {"title": "A picture", "picture": (io.BytesIO(b"x" * 200), "cat.png")}
    assert app.test_client().post("/", data=data).status_code == 413


@pytest.mark.parametrize("content_type", [URLENCODED, f"multipart/form-data; boundary={BOUNDARY}"])
@pytest.mark.parametrize(
    "limits", [{}, {"max_form_memory_size": 5}, {"max_form_parts": 0}], ids=str
)
@pytest.mark.parametrize("kept", [0, 9, 300, -9])
def test_a_short_body_fails_as_werkzeugs_parser_fails(
    content_type: str, limits: dict[str, int], kept: int
) -> None:
    body = upload(400)
    outcomes = []
    for kind in (Request, Limited):
        environ = create_environ("/", method="POST", input_stream=io.BytesIO(body[:kept]))
        environ.update(CONTENT_TYPE=content_type, CONTENT_LENGTH=str(len(body)))
        made = kind(environ)
        for name, value in limits.items():
            setattr(made, name, value)
        with pytest.raises(HTTPException) as caught:
            made.form  # noqa: B018 - parsed when asked for
        outcomes.append((caught.type, str(caught.value)))
    assert outcomes[0] == outcomes[1]


# Whoever replaces a part of the parsing is asked


class Parser(FormDataParser):
    def parse(self, *arguments: Any, **keywords: Any) -> Any:
        stream, _, files = super().parse(*arguments, **keywords)
        return stream, ImmutableMultiDict([("parsed", "by another")]), files


@pytest.fixture(params=["subclass", "instance"])
def overriding(request: pytest.FixtureRequest) -> Any:
    """Make a request that has an attribute of its own, in a subclass or on the instance."""

    def make(name: str, value: Any, body: bytes, content_type: str) -> Request:
        environ = create_environ("/", method="POST", input_stream=io.BytesIO(body))
        environ["CONTENT_TYPE"] = content_type
        if request.param == "subclass":
            return type("Own", (Request,), {name: value})(environ)  # type: ignore[no-any-return]
        made = Request(environ)
        setattr(
            made, name, value.__get__(made) if callable(getattr(value, "__get__", 0)) else value
        )
        return made

    return make


@pytest.mark.parametrize("content_type", [URLENCODED, f"multipart/form-data; boundary={BOUNDARY}"])
def test_another_parser_class_is_used(overriding: Any, content_type: str) -> None:
    body = b"a=b" if content_type == URLENCODED else upload(9)
    with overriding("form_data_parser_class", Parser, body, content_type) as made:
        assert made.form.to_dict() == {"parsed": "by another"}


def test_another_method_that_makes_the_parser_is_used(overriding: Any) -> None:
    made = overriding("make_form_data_parser", lambda self: Parser(), b"a=b", URLENCODED)
    assert made.form.to_dict() == {"parsed": "by another"}


def test_another_storage_class_is_used(overriding: Any) -> None:
    made = overriding("parameter_storage_class", MultiDict, b"a=b", URLENCODED)
    assert type(made.form) is MultiDict
    assert made.form.to_dict() == {"a": "b"}


def test_another_factory_of_file_streams_is_used(overriding: Any) -> None:
    asked: list[Any] = []

    def make(self: Any, **keywords: Any) -> Any:
        asked.append(keywords["filename"])
        return tempfile.TemporaryFile()

    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    with overriding("_get_file_stream", make, upload(9), content_type) as made:
        assert len(made.files["picture"].read()) == 9
    assert asked == ["cat.png"]


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (FormDataParser, "parse"),
        (FormDataParser, "_parse_multipart"),
        (MultiPartParser, "parse"),
        (MultipartDecoder, "next_event"),
    ],
)
def test_a_parser_that_was_patched_is_used(owner: type, name: str) -> None:
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    original = getattr(owner, name)
    called: list[str] = []

    def patched(*arguments: Any, **keywords: Any) -> Any:
        called.append(name)
        return original(*arguments, **keywords)

    with mock.patch.object(owner, name, patched):
        compare(upload(9), content_type)
    assert len(called) >= 2
    assert is_parsed_here(upload(9), content_type)


@pytest.mark.parametrize("more", ["", "content-length: 9\r\n", "X-Extra: 1\r\n"])
def test_a_patched_factory_of_file_streams_is_told_the_same(more: str) -> None:
    body = upload(9).replace(b"Content-Type:", more.encode() + b"Content-Type:")
    told: list[dict[str, Any]] = []

    def make(**keywords: Any) -> Any:
        told.append(keywords)
        return io.BytesIO()

    with mock.patch.object(werkzeug.wrappers.request, "default_stream_factory", make):
        compare(body, f"multipart/form-data; boundary={BOUNDARY}")
    assert told[0] == told[1]
    assert told[0]["content_type"] == "image/png"


def test_the_stream_may_be_taken_before_the_form() -> None:
    for kind in (Request, WerkzeugRequest):
        environ = create_environ("/", method="POST", input_stream=io.BytesIO(b"x=1&a=b"))
        environ["CONTENT_TYPE"] = URLENCODED
        made = kind(environ)
        assert made.stream.read(4) == b"x=1&"
        assert made.form.to_dict() == {"a": "b"}


def test_a_stream_of_the_requests_class_is_read() -> None:
    class Own(Request):
        @property
        def stream(self) -> Any:
            return io.BytesIO(b"from=another")

    environ = create_environ("/", method="POST", input_stream=io.BytesIO(b"a=b"))
    environ["CONTENT_TYPE"] = URLENCODED
    assert Own(environ).form.to_dict() == {"from": "another"}


def test_a_form_is_not_taken_from_the_rest_of_a_body() -> None:
    for kind in (Request, WerkzeugRequest):
        environ = create_environ("/", method="POST", input_stream=io.BytesIO(b"a=b&c"))
        environ.update(CONTENT_TYPE=URLENCODED, CONTENT_LENGTH="9")
        made = kind(environ)
        for ask in (made.get_data, lambda made=made: made.form):
            with pytest.raises(ClientDisconnected):
                ask()


def test_shallow_requests_are_not_read() -> None:
    environ = create_environ("/", method="POST", data={"a": "b"})
    with pytest.raises(RuntimeError, match="shallow"):
        Request(environ, shallow=True).form  # noqa: B018 - parsed when asked for
