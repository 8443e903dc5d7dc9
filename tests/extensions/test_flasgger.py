"""Flasgger: API descriptions in docstrings, the page that shows them, validation against them."""

from __future__ import annotations

import pytest
from flasgger import Swagger, SwaggerView, swag_from

from flask import Flask, jsonify, request


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config["SWAGGER"] = {"title": "Colours", "uiversion": 3}
    swagger = Swagger(app)

    @app.route("/colours/<palette>/")
    def colours(palette):
        """List colours.
        ---
        parameters:
          - name: palette
            in: path
            type: string
            enum: [all, rgb]
            required: true
        responses:
          200:
            description: A list of colours
        """
        return jsonify({palette: ["red"]})

    @app.post("/colours")
    @swagger.validate("Colour")
    def add():
        """Add a colour.
        ---
        parameters:
          - name: body
            in: body
            required: true
            schema:
              id: Colour
              required: [name]
              properties:
                name: {type: string}
        responses:
          200:
            description: The colour
        """
        return request.json

    class Palettes(SwaggerView):
        tags = ["palettes"]
        responses = {200: {"description": "All"}}

        def get(self):
            """List palettes."""
            return ["rgb"]

    app.add_url_rule("/palettes", view_func=Palettes.as_view("palettes"))

    @app.route("/plain")
    @swag_from({"responses": {200: {"description": "From a dictionary"}}})
    def plain():
        return "plain"

    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_views_answer_as_before(client):
    assert client.get("/colours/rgb/").json == {"rgb": ["red"]}
    assert client.get("/palettes").json == ["rgb"]
    assert client.get("/plain").text == "plain"


def test_description_is_collected_from_all_views(client):
    description = client.get("/apispec_1.json").json
    assert description["info"]["title"] == "Colours"
    assert set(description["paths"]) == {"/colours/{palette}/", "/colours", "/palettes", "/plain"}
    assert description["paths"]["/palettes"]["get"]["tags"] == ["palettes"]
    assert description["definitions"]["Colour"]["required"] == ["name"]


def test_the_page_and_its_files(client):
    page = client.get("/apidocs/")
    assert page.status_code == 200
    assert "/flasgger_static/" in page.text
    with client.get("/flasgger_static/swagger-ui.css") as style:
        assert style.mimetype == "text/css"


def test_a_body_against_its_description_is_refused(client):
    assert client.post("/colours", json={"name": "red"}).json == {"name": "red"}
    answer = client.post("/colours", json={"name": 1})
    assert answer.status_code == 400
    assert "is not of type" in answer.text
