"""What the hostile inputs have found, each as the smallest request that shows it."""

import io
import typing as t
from operator import attrgetter

import pytest

from flask import Flask, request


def status_of(app: Flask, **changes: t.Any) -> str:
    """The status for a request whose environment has these changes; ``None`` leaves a key out."""
    environ: dict[str, t.Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    environ.update(changes)
    statuses: list[str] = []
    parts = app(
        {key: value for key, value in environ.items() if value is not None},
        lambda status, headers, exc_info=None: statuses.append(status),  # type: ignore[arg-type]
    )
    b"".join(parts)
    return statuses[0]


@pytest.mark.parametrize("left_out", ["PATH_INFO", "SCRIPT_NAME", "QUERY_STRING", "HTTP_HOST"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_server_may_leave_out_what_is_empty(left_out: str, method: str) -> None:
    app = Flask("left_out")
    app.add_url_rule("/", "front", lambda: "front")
    assert status_of(app, REQUEST_METHOD=method, **{left_out: None}) == "200 OK"


@pytest.mark.parametrize("reads", ["url", "host", "path"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("xn---1xn--", "400 BAD REQUEST"),
        ("a.xn--zz--:8080", "400 BAD REQUEST"),
        ("xn--bcher-kva.example:8080", "200 OK"),
        ("b-xn--.example", "200 OK"),
    ],
)
def test_an_encoded_domain_that_is_none_is_a_bad_request(
    host: str, status: str, reads: str
) -> None:
    app = Flask("hosts")
    app.add_url_rule("/", "front", lambda: str(getattr(request, reads)))
    for _ in range(2):  # a host that was accepted is not looked at again
        assert status_of(app, HTTP_HOST=host) == status


@pytest.mark.parametrize("limit", [None, 100])
@pytest.mark.parametrize("read", ["get_data", "stream.read", "form.to_dict"])
@pytest.mark.parametrize(("sent", "status"), [(b"a=whole", "200 OK"), (b"a=wh", "400 BAD REQUEST")])
def test_half_a_body_is_not_taken_for_whole(
    sent: bytes, status: str, read: str, limit: int | None
) -> None:
    app = Flask("half")
    app.config["MAX_CONTENT_LENGTH"] = limit

    @app.post("/")
    def take() -> str:
        return str(attrgetter(read)(request)())

    environ = {
        "CONTENT_LENGTH": "7",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "wsgi.input": io.BytesIO(sent),
        "wsgi.input_terminated": True,  # by a server that ends the input at a disconnect
    }
    assert status_of(app, REQUEST_METHOD="POST", **environ) == status


def test_a_body_without_a_length_is_read_to_its_end() -> None:
    app = Flask("chunked")
    found: list[bytes] = []
    app.add_url_rule("/", "take", lambda: found.append(request.get_data()) or "", methods=["POST"])
    environ = {"wsgi.input": io.BytesIO(b"chunks"), "wsgi.input_terminated": True}
    environ |= {"REQUEST_METHOD": "POST", "HTTP_TRANSFER_ENCODING": "chunked"}
    assert status_of(app, **environ) == "200 OK"
    assert found == [b"chunks"]
