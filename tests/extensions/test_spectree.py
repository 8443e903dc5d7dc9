"""spectree: validation of requests and responses by models, and the OpenAPI description."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field
from spectree import Response, SpecTree

from flask import Blueprint, Flask, jsonify, request


class Query(BaseModel):
    text: str = "default"


class Profile(BaseModel):
    name: str = Field(max_length=5)
    age: int


class Message(BaseModel):
    text: str


@pytest.fixture
def app():
    app = Flask(__name__)
    spec = SpecTree("flask", title="People")
    people = Blueprint("people", __name__, url_prefix="/people")

    @people.post("/<int:number>")
    @spec.validate(json=Profile, query=Query, resp=Response(HTTP_200=Message), tags=["people"])
    def change(number):
        profile = request.context.json
        return jsonify(text=f"{number} {profile.name} {request.context.query.text}")

    @people.get("/typed")
    @spec.validate(resp=Response(HTTP_200=Message))
    def typed(query: Query):
        return Message(text=query.text)

    @people.get("/wrong")
    @spec.validate(resp=Response(HTTP_200=Message))
    def wrong():
        return jsonify(number=1)

    app.register_blueprint(people)
    spec.register(app)
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_valid_requests_reach_the_view(client):
    answer = client.post("/people/1?text=hi", json={"name": "Ann", "age": "3"})
    assert answer.json == {"text": "1 Ann hi"}
    assert client.get("/people/typed?text=hello").json == {"text": "hello"}


def test_invalid_requests_are_refused(client):
    answer = client.post("/people/1", json={"name": "too long", "age": 3})
    assert answer.status_code == 422
    assert answer.json[0]["loc"] == ["name"]
    assert client.post("/people/1").status_code == 422


def test_an_answer_against_its_model_is_an_error(client):
    assert client.get("/people/wrong").status_code == 500


def test_description_and_pages(client):
    description = client.get("/apidoc/openapi.json").json
    assert description["info"]["title"] == "People"
    assert set(description["paths"]) == {"/people/{number}", "/people/typed", "/people/wrong"}
    assert description["paths"]["/people/{number}"]["post"]["tags"] == ["people"]
    assert client.get("/apidoc/swagger/").status_code == 200
    assert client.get("/apidoc/redoc/").status_code == 200
