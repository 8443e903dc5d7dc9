"""flask-restx: a documented API of namespaces, its Swagger page and its own errors."""

from __future__ import annotations

import pytest
from flask_restx import Api, Namespace, Resource, abort, fields, marshal, reqparse
from werkzeug.datastructures import FileStorage

import flask


class NoCat(Exception):
    """The cat is not there."""


class AnyTrouble(Exception):
    pass


def create_app(*, on_blueprint: bool = False, **settings: object) -> flask.Flask:
    app = flask.Flask(__name__)
    app.config.update(settings)
    place = flask.Blueprint("v1", __name__, url_prefix="/v1") if on_blueprint else app
    api = Api(place, version="1.2", title="Cats", doc="/docs/", prefix="/api", validate=True)
    ns = Namespace("cats", description="All about cats")
    api.add_namespace(ns, path="/cats")

    cat = ns.model(
        "Cat",
        {
            "id": fields.Integer(readonly=True),
            "name": fields.String(required=True, min_length=2, description="how it is called"),
            "lives": fields.Integer(default=9, min=0, max=9),
        },
    )
    tabby = ns.inherit("Tabby", cat, {"stripes": fields.Integer})
    cats = {1: {"id": 1, "name": "Tom", "lives": 7, "secret": "mouse"}}

    query = reqparse.RequestParser()
    query.add_argument("limit", type=int, location="args", default=10, help="at most so many")
    query.add_argument("order", choices=("name", "id"), location="args")
    upload = reqparse.RequestParser()
    upload.add_argument("file", type=FileStorage, location="files", required=True)

    @ns.route("/")
    class Cats(Resource):
        @ns.doc("list_cats")
        @ns.expect(query)
        @ns.marshal_list_with(cat, envelope="cats")
        def get(self):
            return list(cats.values())[: query.parse_args()["limit"]]

        @ns.expect(cat)
        @ns.marshal_with(cat, code=201)
        def post(self):
            number = max(cats) + 1
            cats[number] = ns.payload | {"id": number}
            return cats[number], 201, {"Location": api.url_for(Cat, number=number)}

    @ns.route("/<int:number>")
    @ns.param("number", "The cat's number")
    @ns.response(404, "No such cat")
    class Cat(Resource):
        @ns.marshal_with(cat, skip_none=True)
        def get(self, number):
            if number not in cats:
                raise NoCat(f"no cat {number}")
            return cats[number]

        def delete(self, number):
            abort(409, "cats stay", remaining=len(cats))

        def put(self, number):
            raise AnyTrouble("inside")

        def patch(self, number):
            raise ZeroDivisionError

    @ns.route("/<int:number>/picture")
    class Picture(Resource):
        @ns.expect(upload)
        def post(self, number):
            file = upload.parse_args()["file"]
            return {"name": file.filename, "bytes": len(file.read())}

    @ns.route("/tabby")
    class Tabby(Resource):
        def get(self):
            return marshal({"name": "Stripes", "stripes": 5}, tabby)

    @api.errorhandler(NoCat)
    def no_cat(error):
        """There is no such cat."""
        return {"message": str(error), "kind": "cat"}, 404, {"X-Cat": "none"}

    @ns.errorhandler(AnyTrouble)
    def trouble(error):
        return {"message": f"trouble {error}"}, 503

    if on_blueprint:
        app.register_blueprint(place)

    app.get("/page", endpoint="page")(lambda: "page")
    app.get("/broken", endpoint="broken")(lambda: 1 / 0)
    app.register_error_handler(404, lambda error: ("<h1>no such page</h1>", 404))
    app.register_error_handler(500, lambda error: ("<h1>our fault</h1>", 500))
    return app


@pytest.fixture(params=["", "/v1"], ids=["app", "blueprint"])
def base(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def app(base: str) -> flask.Flask:
    return create_app(on_blueprint=bool(base))


@pytest.fixture
def client(app: flask.Flask):
    return app.test_client()


def test_list_is_marshalled_into_its_envelope(client, base: str) -> None:
    assert client.get(f"{base}/api/cats/").json == {"cats": [{"id": 1, "name": "Tom", "lives": 7}]}


def test_cat_is_made_and_found_at_the_address_given(client, base: str) -> None:
    made = client.post(f"{base}/api/cats/", json={"name": "Felix"})
    assert (made.status_code, made.json) == (201, {"id": 2, "name": "Felix", "lives": 9})
    assert made.location == f"{base}/api/cats/2"
    assert client.get(made.location).json["name"] == "Felix"


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "name"), ({"name": "X"}, "name"), ({"name": "Al", "lives": 10}, "lives")],
)
def test_body_against_the_model_is_refused(client, base: str, body: object, field: str) -> None:
    refused = client.post(f"{base}/api/cats/", json=body)
    assert refused.status_code == 400
    assert refused.json["message"] == "Input payload validation failed"
    assert list(refused.json["errors"]) == [field]


def test_query_against_the_parser_is_refused(client, base: str) -> None:
    refused = client.get(f"{base}/api/cats/?limit=many")
    assert refused.status_code == 400
    assert "limit" in refused.json["errors"]


def test_upload_reaches_the_parser(client, base: str, tmp_path) -> None:
    (tmp_path / "tom.png").write_bytes(b"12345")
    with (tmp_path / "tom.png").open("rb") as file:
        sent = client.post(f"{base}/api/cats/1/picture", data={"file": (file, "tom.png")})
    assert sent.json == {"name": "tom.png", "bytes": 5}
    assert client.post(f"{base}/api/cats/1/picture").status_code == 400


def test_inherited_model_has_the_fields_of_both(client, base: str) -> None:
    assert client.get(f"{base}/api/cats/tabby").json == {
        "id": None,
        "name": "Stripes",
        "lives": 9,
        "stripes": 5,
    }


def test_error_handler_of_the_api_answers_with_its_headers(client, base: str) -> None:
    missing = client.get(f"{base}/api/cats/9")
    assert missing.status_code == 404
    assert missing.headers["X-Cat"] == "none"
    assert missing.json["kind"] == "cat"
    assert missing.json["message"].startswith("no cat 9. You have requested this URI")
    client.application.config["RESTX_ERROR_404_HELP"] = False
    assert client.get(f"{base}/api/cats/9").json["message"] == "no cat 9"


def test_error_handler_of_the_namespace_answers(client, base: str) -> None:
    answer = client.put(f"{base}/api/cats/1")
    assert (answer.status_code, answer.json) == (503, {"message": "trouble inside"})


def test_abort_carries_its_data(client, base: str) -> None:
    refused = client.delete(f"{base}/api/cats/1")
    assert (refused.status_code, refused.json) == (409, {"remaining": 1, "message": "cats stay"})


def test_unhandled_error_of_a_resource_is_json_and_of_a_page_the_apps(client, base: str) -> None:
    failed = client.patch(f"{base}/api/cats/1")
    assert (failed.status_code, failed.json) == (500, {"message": "Internal Server Error"})
    broken = client.get("/broken")
    assert (broken.status_code, broken.text) == (500, "<h1>our fault</h1>")


def test_method_that_a_resource_lacks_is_a_json_405(client, base: str) -> None:
    refused = client.delete(f"{base}/api/cats/")
    assert refused.status_code == 405
    assert refused.is_json
    assert "GET" in refused.headers["Allow"]


def test_page_beside_the_api_has_the_apps_404(client) -> None:
    assert client.get("/page").text == "page"
    assert client.get("/nowhere").text == "<h1>no such page</h1>"


def test_swagger_document_describes_the_resources(client, base: str) -> None:
    document = client.get(f"{base}/api/swagger.json").json
    assert document["info"] == {"title": "Cats", "version": "1.2"}
    assert document["basePath"] == f"{base}/api"
    assert set(document["paths"]) == {
        "/cats/",
        "/cats/tabby",
        "/cats/{number}",
        "/cats/{number}/picture",
    }
    listing = document["paths"]["/cats/"]["get"]
    assert listing["operationId"] == "list_cats"
    assert [it["name"] for it in listing["parameters"]] == ["limit", "order", "X-Fields"]
    assert document["definitions"]["Cat"]["required"] == ["name"]
    assert document["paths"]["/cats/{number}"]["get"]["responses"]["404"]["description"]


def test_swagger_page_loads_document_and_scripts_of_its_own(client, base: str) -> None:
    page = client.get(f"{base}/docs/")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assert f"{base}/api/swagger.json" in page.text
    script = next(part for part in page.text.split('"') if part.endswith("swagger-ui-bundle.js"))
    with client.get(script) as answer:
        assert answer.status_code == 200
        assert "javascript" in answer.mimetype


def test_root_of_the_api_is_its_own(client, base: str) -> None:
    assert client.get(f"{base}/api/").status_code == 404


def test_field_mask_narrows_the_answer(client, base: str) -> None:
    masked = client.get(f"{base}/api/cats/1", headers={"X-Fields": "{name}"})
    assert masked.json == {"name": "Tom"}


def test_indented_json_of_configuration() -> None:
    client = create_app(RESTX_JSON={"indent": 1}).test_client()
    assert client.get("/api/cats/1").text.startswith('{\n "id": 1,')


def test_error_is_raised_when_testing_without_a_handler(app: flask.Flask, base: str) -> None:
    app.testing = True
    with pytest.raises(ZeroDivisionError):
        app.test_client().patch(f"{base}/api/cats/1")


def test_api_may_answer_every_404() -> None:
    app = flask.Flask(__name__)
    Api(app, catch_all_404s=True)
    missing = app.test_client().get("/nowhere")
    assert missing.status_code == 404
    assert missing.is_json
