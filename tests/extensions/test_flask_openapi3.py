"""flask-openapi3: parameters and bodies as models, and the OpenAPI description."""

from __future__ import annotations

import io

import pytest
from flask_openapi3 import APIBlueprint, APIView, FileStorage, Info, OpenAPI, Tag
from openapi_spec_validator import validate
from pydantic import BaseModel, Field

from flask import Flask

BOOKS = Tag(name="books")


class BookPath(BaseModel):
    id: int = Field(description="number of the book")


class Search(BaseModel):
    word: str = Field(min_length=2)
    pages: list[int] = []


class Book(BaseModel):
    title: str
    pages: int = Field(gt=0)


class Upload(BaseModel):
    name: str
    cover: FileStorage


class Tracking(BaseModel):
    trace: str = Field(alias="X-Trace")


@pytest.fixture
def app():
    app = OpenAPI(
        __name__,
        info=Info(title="Library", version="1"),
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
    )
    api = APIBlueprint("api", __name__, url_prefix="/api")
    views = APIView(url_prefix="/v2", view_tags=[BOOKS])

    @app.get("/books/<int:id>", tags=[BOOKS], responses={200: Book})
    def book(path: BookPath):
        "One book"
        return {"title": f"Number {path.id}", "pages": 1}

    @app.get("/books")
    def search(query: Search, header: Tracking):
        return [query.word, query.pages, header.trace]

    @api.post("/books", responses={201: Book})
    def add(body: Book):
        return body.model_dump(), 201

    @api.post("/covers")
    def cover(form: Upload):
        return f"{form.name} {form.cover.filename} {len(form.cover.read())}"

    @views.route("/books")
    class Books:
        @views.doc(summary="Search again")
        def get(self, query: Search):
            return query.word

    app.register_api(api)
    app.register_api_view(views)
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_arguments_are_models(app, client):
    assert isinstance(app, Flask)
    assert client.get("/books/3").json == {"title": "Number 3", "pages": 1}
    answer = client.get("/books?word=sea&pages=1&pages=2", headers={"X-Trace": "t"})
    assert answer.json == ["sea", [1, 2], "t"]
    assert client.get("/v2/books?word=sea").text == "sea"
    made = client.post("/api/books", json={"title": "Dune", "pages": "412"})
    assert (made.status_code, made.json) == (201, {"title": "Dune", "pages": 412})


def test_invalid_arguments_are_named(client):
    answer = client.post("/api/books", json={"pages": 0})
    assert answer.status_code == 422
    assert sorted(error["loc"][0] for error in answer.json) == ["pages", "title"]
    assert client.get("/books?word=x").status_code == 422
    assert client.get("/books/x").status_code == 404


def test_files_of_forms(client):
    data = {"name": "Dune", "cover": (io.BytesIO(b"12345"), "dune.png")}
    assert client.post("/api/covers", data=data).text == "Dune dune.png 5"


def test_published_description_is_valid(client):
    description = client.get("/openapi/openapi.json").json
    validate(description)
    assert sorted(description["paths"]) == [
        "/api/books",
        "/api/covers",
        "/books",
        "/books/{id}",
        "/v2/books",
    ]
    assert description["paths"]["/books/{id}"]["get"]["summary"] == "One book"
