"""The document and its page, served: caching, blueprints, mounting, the page's policy."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from typing import Annotated, Any

import msgspec
import pytest
from werkzeug.datastructures import FileStorage

from flask import Blueprint, Flask
from flask.openapi import OpenAPI, operation
from flask.params import Body, File, Form, Query


class Item(msgspec.Struct):
    """A *thing* <script>alert(1)</script>."""

    name: Annotated[str, msgspec.Meta(min_length=1, description="As it is `shown`")]
    tags: list[str] = []


def make_app(**settings: Any) -> Flask:
    app = Flask(__name__)
    OpenAPI(app, title="Shop <b>", version="1.0", **settings)

    @app.put("/items/<int:number>")
    def put(number: int, item: Body[Item], page: Query[int] = 1) -> Item:
        """Store it & show it."""
        return item

    @app.post("/pictures")
    @operation(tags=["pictures"], security=[])
    def upload(title: Form[str], picture: File[FileStorage]) -> list[Item]:
        return []

    return app


def test_the_document_has_an_etag() -> None:
    client = make_app().test_client()
    first = client.get("/openapi.json")
    assert first.content_type == "application/json"
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert make_app().test_client().get("/openapi.json").headers["ETag"] == first.headers["ETag"]


def test_the_document_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    extension: Any = sys.modules["flask.openapi.extension"]
    build = extension.build_document
    monkeypatch.setattr(
        extension, "build_document", lambda *args: calls.append(args) or build(*args)
    )
    client = make_app().test_client()
    assert client.get("/openapi.json").data == client.get("/openapi.json").data
    assert len(calls) == 1


def test_a_mounted_application_names_its_server() -> None:
    client = make_app().test_client()
    plain = client.get("/openapi.json").json
    mounted = client.get("/openapi.json", environ_overrides={"SCRIPT_NAME": "/api"}).json
    assert plain["servers"] == [{"url": "/"}]
    assert mounted["servers"] == [{"url": "/api"}]
    page = client.get("/docs", environ_overrides={"SCRIPT_NAME": "/api"}).text
    assert 'href="/api/docs/docs.css"' in page


def test_mounts_that_clients_invent_are_not_all_kept() -> None:
    app = make_app()
    client = app.test_client()
    for number in range(50):
        client.get("/openapi.json", environ_overrides={"SCRIPT_NAME": f"/{number}"})
    [scope] = app.extensions["openapi"]
    assert len(scope._kept) <= 16


def test_urls_can_be_chosen_or_left_out() -> None:
    client = make_app(document_url="/api.json", docs_url="/help/").test_client()
    assert client.get("/api.json").status_code == 200
    assert client.get("/openapi.json").status_code == 404
    assert client.get("/help/").status_code == 200
    assert client.get("/help/docs.css").content_type.startswith("text/css")
    hidden = make_app(document_url=None, docs_url=None).test_client()
    assert hidden.get("/openapi.json").status_code == hidden.get("/docs").status_code == 404


def test_a_blueprint_has_a_document_of_its_own() -> None:
    app = make_app()
    outer = Blueprint("api", __name__, url_prefix="/api")
    inner = Blueprint("v1", __name__, url_prefix="/v1")
    OpenAPI(inner, title="Version 1")

    @inner.get("/items")
    def items(page: Query[int] = 1) -> list[Item]:
        return []

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    client = app.test_client()
    own = client.get("/api/v1/openapi.json").json
    assert own["info"]["title"] == "Version 1"
    assert list(own["paths"]) == ["/api/v1/items"]
    whole = client.get("/openapi.json").json
    assert set(whole["paths"]) == {"/items/{number}", "/pictures", "/api/v1/items"}
    page = client.get("/api/v1/docs").text
    assert "/api/v1/docs/docs.css" in page
    assert "Version 1" in page


def test_one_extension_serves_several_applications() -> None:
    openapi = OpenAPI(title="Shared")
    apps = [Flask("a"), Flask("b")]
    for app in apps:
        openapi.init_app(app)

        def view(it: Query[int]) -> str:
            return ""

        app.add_url_rule(f"/{app.name}", view_func=view)
    for app in apps:
        paths = app.test_client().get("/openapi.json").json["paths"]
        assert list(paths) == [f"/{app.name}"]


# The page


class Elements(HTMLParser):
    """Collects elements and checks that they are closed in their order."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]


@pytest.fixture
def page() -> Elements:
    app = make_app(
        description="[it](https://example.com), [not](javascript:alert).\n\n- `one`\n- **two**",
        security_schemes={
            "token": {"type": "http", "scheme": "bearer"},
            "login": {"type": "http", "scheme": "basic"},
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        },
        security=["token"],
        servers=[{"url": "/"}, {"url": "https://other.example/api"}],
    )
    response = app.test_client().get("/docs")
    assert response.content_type == "text/html; charset=utf-8"
    assert "<script>alert(1)" not in response.text
    assert "javascript:alert" in response.text  # as text
    assert not re.search(r"href=.javascript", response.text)
    elements = Elements(response.text)
    assert elements.open == []
    return elements


def test_the_page_loads_only_its_own_files(page: Elements) -> None:
    assert [it["src"] for it in page.all("script")] == ["/docs/docs.js"]
    assert [it["href"] for it in page.all("link")] == ["data:,", "/docs/docs.css"]
    attributes = {name for _, attrs in page.found for name in attrs}
    assert not any(name == "style" or name.startswith("on") for name in attributes)


def test_everything_on_the_page_has_a_name(page: Elements) -> None:
    labels = {it["for"] for it in page.all("label")}
    for tag in ("input", "select", "textarea"):
        for attrs in page.all(tag):
            assert attrs.get("type") == "hidden" or attrs["id"] in labels
    ids = [attrs["id"] for _, attrs in page.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.found:
        for name in ("aria-labelledby", "aria-controls"):
            assert attrs.get(name) is None or attrs[name] in ids
    links = [it["href"] or "" for it in page.all("a")]
    assert {it.removeprefix("#") for it in links if it.startswith("#")} <= set(ids)
    assert page.all("html") == [{"lang": "en"}]


def test_the_page_shows_operations_and_schemas(page: Elements) -> None:
    ids = {attrs.get("id") for _, attrs in page.found}
    assert {"op-put", "op-upload", "schema-Item", "tag-pictures"} <= ids
    assert [it["data-path"] for it in page.all("form")] == ["/items/{number}", "/pictures"]
    assert [it["data-schemes"] for it in page.all("form")] == ["token", ""]
    assert {it["data-scheme"] for it in page.all("fieldset")} == {"token", "login", "key"}
    assert "file" in {it.get("type") for it in page.all("input")}


def test_the_page_works_under_its_own_policy() -> None:
    servers = [{"url": "/api"}, {"url": "https://other.example/api"}]
    response = make_app(servers=servers).test_client().get("/docs")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "connect-src 'self' https://other.example;" in policy
    assert "unsafe" not in policy


def test_assets_are_a_fixed_set() -> None:
    client = make_app().test_client()
    for name in ("docs.html", "swagger.html", "..%2fextension.py", "nothing"):
        assert client.get(f"/docs/{name}").status_code == 404


def test_an_unknown_page_is_refused() -> None:
    with pytest.raises(ValueError, match="There is no page 'other'"):
        OpenAPI(page="other")  # type: ignore[arg-type]


def test_swagger_without_its_extra_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "swagger_ui_bundle", None)
    with pytest.raises(RuntimeError, match=r"flask\[swagger-ui\]"):
        OpenAPI(page="swagger-ui")
