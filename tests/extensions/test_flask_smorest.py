"""flask-smorest: a pet API from marshmallow schemas, with its OpenAPI document."""

from __future__ import annotations

import marshmallow as ma
import pytest
from flask_smorest import Api, Blueprint, abort
from flask_smorest.exceptions import MissingAPIParameterError
from flask_smorest.fields import Upload

import flask
from flask.views import MethodView


class PetSchema(ma.Schema):
    id = ma.fields.Int(dump_only=True)
    name = ma.fields.String(required=True, validate=ma.validate.Length(min=2))
    kind = ma.fields.String(load_default="cat", validate=ma.validate.OneOf(["cat", "dog"]))

    class Meta:
        unknown = ma.RAISE


class PetQuery(ma.Schema):
    kind = ma.fields.String()


class Files(ma.Schema):
    picture = Upload(required=True)


def create_app() -> flask.Flask:
    app = flask.Flask(__name__)
    app.config["API_TITLE"] = "Pets"
    app.config["API_VERSION"] = "v1"
    app.config["OPENAPI_VERSION"] = "3.0.3"
    app.config["OPENAPI_URL_PREFIX"] = "/doc"
    app.config["OPENAPI_SWAGGER_UI_PATH"] = "/swagger"
    app.config["OPENAPI_SWAGGER_UI_URL"] = "/static/"
    app.config["ETAG_DISABLED"] = False
    api = Api(app)
    blp = Blueprint("pets", "pets", url_prefix="/pets", description="Operations on pets")
    pets: dict[int, dict[str, object]] = {}

    @blp.route("/")
    class Pets(MethodView):
        @blp.arguments(PetQuery, location="query")
        @blp.response(200, PetSchema(many=True))
        @blp.paginate(page_size=2)
        def get(self, query, pagination_parameters):
            """List the pets"""
            found = [pet for pet in pets.values() if pet["kind"] == query.get("kind", pet["kind"])]
            page = pagination_parameters
            page.item_count = len(found)
            return found[page.first_item : page.last_item + 1]

        @blp.arguments(PetSchema)
        @blp.response(201, PetSchema, headers={"X-Count": {"schema": {"type": "integer"}}})
        def post(self, data):
            number = len(pets) + 1
            pets[number] = data | {"id": number, "secret": "x"}
            return pets[number], {"X-Count": number}

    @blp.route("/<int:number>")
    class Pet(MethodView):
        @blp.etag
        @blp.response(200, PetSchema)
        def get(self, number):
            if number not in pets:
                abort(404, message="no such pet", errors={"number": [number]})
            return pets[number]

        @blp.etag
        @blp.arguments(PetSchema)
        @blp.response(200, PetSchema)
        def put(self, data, number):
            blp.check_etag(pets[number], PetSchema)
            pets[number] |= data
            return pets[number]

        @blp.response(204)
        def delete(self, number):
            del pets[number]

    @blp.route("/picture", methods=["POST"])
    @blp.arguments(Files, location="files")
    @blp.response(200)
    def picture(files):
        return {"bytes": len(files["picture"].read())}

    api.register_blueprint(blp)
    app.get("/page")(lambda: "page")
    return app


@pytest.fixture
def client():
    return create_app().test_client()


def test_pet_is_made_with_defaults_and_shown_by_its_schema(client) -> None:
    made = client.post("/pets/", json={"name": "Tom"})
    assert (made.status_code, made.json) == (201, {"id": 1, "name": "Tom", "kind": "cat"})
    assert made.headers["X-Count"] == "1"
    assert client.get("/pets/1").json == made.json


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "T"}, "name"),
        ({"name": "Tom", "kind": "cow"}, "kind"),
        ({"name": "Tom", "age": 1}, "age"),
    ],
)
def test_body_against_the_schema_is_a_422(client, body: object, field: str) -> None:
    refused = client.post("/pets/", json=body)
    assert refused.status_code == 422
    assert refused.json["code"] == 422
    assert list(refused.json["errors"]["json"]) == [field]


def test_body_that_is_not_json_is_a_400(client) -> None:
    refused = client.post("/pets/", data="{", content_type="application/json")
    assert refused.status_code == 400
    assert refused.json["status"] == "Bad Request"


def test_abort_carries_message_and_errors(client) -> None:
    missing = client.get("/pets/7")
    assert missing.status_code == 404
    assert missing.json["message"] == "no such pet"
    assert missing.json["errors"] == {"number": [7]}


def test_pages_are_told_in_a_header(client) -> None:
    for name in ("Ann", "Bob", "Cid"):
        client.post("/pets/", json={"name": name})
    first = client.get("/pets/")
    assert [pet["name"] for pet in first.json] == ["Ann", "Bob"]
    told = flask.json.loads(first.headers["X-Pagination"])
    assert (told["total"], told["total_pages"], told["next_page"]) == (3, 2, 2)
    assert [pet["name"] for pet in client.get("/pets/?page=2").json] == ["Cid"]
    assert client.get("/pets/?page=0").status_code == 422
    assert client.get("/pets/?kind=dog").json == []


def test_unchanged_pet_is_a_304(client) -> None:
    client.post("/pets/", json={"name": "Tom"})
    etag = client.get("/pets/1").headers["ETag"]
    again = client.get("/pets/1", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_change_needs_the_present_etag(client) -> None:
    client.post("/pets/", json={"name": "Tom"})
    etag = client.get("/pets/1").headers["ETag"]
    assert client.put("/pets/1", json={"name": "Tim"}).status_code == 428
    changed = client.put("/pets/1", json={"name": "Tim"}, headers={"If-Match": etag})
    assert changed.json["name"] == "Tim"
    assert changed.headers["ETag"] != etag
    late = client.put("/pets/1", json={"name": "Tam"}, headers={"If-Match": etag})
    assert late.status_code == 412


def test_no_content(client) -> None:
    client.post("/pets/", json={"name": "Tom"})
    assert client.delete("/pets/1").status_code == 204


def test_upload_is_validated(client, tmp_path) -> None:
    (tmp_path / "p.png").write_bytes(b"1234")
    with (tmp_path / "p.png").open("rb") as file:
        assert client.post("/pets/picture", data={"picture": file}).json == {"bytes": 4}
    assert client.post("/pets/picture").status_code == 422


def test_unhandled_and_unknown_are_json(client) -> None:
    assert client.delete("/pets/9").json == {"code": 500, "status": "Internal Server Error"}
    assert client.get("/nowhere").json == {"code": 404, "status": "Not Found"}
    refused = client.patch("/pets/")
    assert refused.json == {"code": 405, "status": "Method Not Allowed"}


def test_page_beside_the_api(client) -> None:
    assert client.get("/page").text == "page"


def test_document_describes_paths_and_schemas(client) -> None:
    document = client.get("/doc/openapi.json").json
    assert document["info"] == {"title": "Pets", "version": "v1"}
    assert set(document["paths"]) == {"/pets/", "/pets/{number}", "/pets/picture"}
    listing = document["paths"]["/pets/"]["get"]
    assert listing["summary"] == "List the pets"
    assert {it["name"] for it in listing["parameters"] if "name" in it} >= {"kind"}
    number = document["paths"]["/pets/{number}"]["parameters"][0]
    assert (number["in"], number["schema"]["type"]) == ("path", "integer")
    assert document["components"]["schemas"]["Pet"]["required"] == ["name"]
    assert document["tags"] == [{"name": "pets", "description": "Operations on pets"}]


def test_swagger_page_reads_the_document(client) -> None:
    page = client.get("/doc/swagger")
    assert page.status_code == 200
    assert "/doc/openapi.json" in page.text


def test_document_is_had_from_the_command_line() -> None:
    result = create_app().test_cli_runner().invoke(args=["openapi", "print"])
    assert result.exit_code == 0
    assert flask.json.loads(result.output)["info"]["title"] == "Pets"


def test_app_without_title_is_refused() -> None:
    with pytest.raises(MissingAPIParameterError, match="API title"):
        Api(flask.Flask("bare"))
