"""APIFlask: a subclass of Flask that validates and documents the input of views."""

from __future__ import annotations

import pytest
from apiflask import APIBlueprint, APIFlask, HTTPTokenAuth, Schema, abort
from apiflask.exceptions import HTTPError
from apiflask.fields import Field, File, Integer, String
from apiflask.validators import Length, OneOf
from apiflask.views import MethodView

import flask
from flask.views import View


class PetIn(Schema):
    name = String(required=True, validate=Length(1, 10))
    category = String(required=True, validate=OneOf(["dog", "cat"]))


class PetOut(Schema):
    id = Integer()
    name = String()
    category = String()


class Page(Schema):
    page = Integer(load_default=1)


class Picture(Schema):
    image = File(required=True)


class PetNotFound(HTTPError):
    status_code = 404
    message = "This pet is missing."
    extra_data = {"error_code": "2323"}


PROGRAM = """
from apiflask import APIFlask
app = APIFlask(__name__, title="Printed")
app.get("/")(lambda: {})
"""


def create_app(**options: object) -> APIFlask:
    app = APIFlask(__name__, title="Pet API", version="1.0", **options)
    auth = HTTPTokenAuth(scheme="Bearer")
    pets = [{"id": 0, "name": "Kitty", "category": "cat", "secret": 1}]

    @auth.verify_token
    def verify(token: str):
        return {"name": "ada"} if token == "right" else None

    @app.get("/")
    def say_hello():
        """Just Say Hello"""
        return {"message": "Hello!"}

    @app.get("/pets/<int:pet_id>")
    @app.output(PetOut)
    def get_pet(pet_id):
        if pet_id >= len(pets):
            raise PetNotFound
        return pets[pet_id]

    @app.post("/pets")
    @app.input(PetIn)
    @app.output(PetOut, status_code=201)
    def create_pet(json_data):
        pets.append(json_data | {"id": len(pets)})
        return pets[-1]

    @app.get("/pets")
    @app.input(Page, location="query")
    @app.output(PetOut(many=True))
    def list_pets(query_data):
        return pets if query_data["page"] == 1 else []

    @app.post("/picture")
    @app.input(Picture, location="files")
    def picture(files_data):
        return {"bytes": len(files_data["image"].read())}

    @app.delete("/pets/<int:pet_id>")
    @app.auth_required(auth)
    @app.output({}, status_code=204)
    @app.doc(summary="Remove a pet", tags=["danger"])
    def delete_pet(pet_id):
        del pets[pet_id]
        return ""

    @app.get("/teapot")
    def teapot():
        abort(418, message="short and stout", detail={"lid": "on"}, headers={"X-Tea": "green"})

    @app.get("/broken")
    def broken():
        raise ZeroDivisionError

    api = APIBlueprint("shop", __name__, url_prefix="/shop", tag="Shop")

    @api.route("/orders/<int:number>")
    class Order(MethodView):
        @api.output({"number": Integer(), "by": String()})
        def get(self, number):
            return {"number": number, "by": "class"}

        @api.input({"amount": Integer(required=True)}, location="json")
        def patch(self, number, json_data):
            return {"sum": number + json_data["amount"]}

    app.register_blueprint(api)
    return app


@pytest.fixture
def client():
    return create_app().test_client()


def test_dictionary_is_answered_as_json(client) -> None:
    assert client.get("/").json == {"message": "Hello!"}


def test_output_is_shaped_by_its_schema(client) -> None:
    assert client.get("/pets/0").json == {"id": 0, "name": "Kitty", "category": "cat"}
    assert len(client.get("/pets").json) == 1
    assert client.get("/pets?page=2").json == []


def test_input_is_handed_to_the_view_beside_the_address(client) -> None:
    made = client.post("/pets", json={"name": "Rex", "category": "dog"})
    assert (made.status_code, made.json) == (201, {"id": 1, "name": "Rex", "category": "dog"})
    assert client.patch("/shop/orders/40", json={"amount": 2}).json == {"sum": 42}


def test_wrong_input_is_a_422_with_its_fields(client) -> None:
    refused = client.post("/pets", json={"name": "", "category": "cow"})
    assert refused.status_code == 422
    assert refused.json["message"] == "Validation error"
    assert set(refused.json["detail"]["json"]) == {"name", "category"}
    assert client.get("/pets?page=x").json["detail"] == {
        "query": {"page": ["Not a valid integer."]}
    }


def test_upload(client, tmp_path) -> None:
    (tmp_path / "x").write_bytes(b"12")
    with (tmp_path / "x").open("rb") as file:
        assert client.post("/picture", data={"image": file}).json == {"bytes": 2}
    assert client.post("/picture", data={"image": "text"}).status_code == 422


def test_class_of_a_blueprint(client) -> None:
    assert client.get("/shop/orders/7").json == {"number": 7, "by": "class"}
    assert client.post("/shop/orders/7").status_code == 405


def test_errors_are_json_with_message_detail_and_headers(client) -> None:
    tea = client.get("/teapot")
    assert (tea.status_code, tea.headers["X-Tea"]) == (418, "green")
    assert tea.json == {"message": "short and stout", "detail": {"lid": "on"}}
    missing = client.get("/pets/5")
    assert missing.status_code == 404
    assert missing.json["message"] == "This pet is missing."
    assert missing.json["error_code"] == "2323"


def test_unknown_address_method_and_failure_are_json(client) -> None:
    assert client.get("/nowhere").json["message"] == "Not Found"
    refused = client.put("/pets")
    assert refused.json["message"] == "Method Not Allowed"
    assert set(refused.headers["Allow"].split(", ")) >= {"GET", "POST"}
    assert client.get("/broken").json["message"] == "Internal Server Error"


def test_errors_can_be_left_as_pages() -> None:
    client = create_app(json_errors=False).test_client()
    missing = client.get("/nowhere")
    assert (missing.status_code, missing.mimetype) == (404, "text/html")


def test_error_processor_shapes_errors() -> None:
    app = create_app()

    @app.error_processor
    def shape(error):
        return {"status": error.status_code, "why": error.message}, error.status_code

    assert app.test_client().get("/nowhere").json == {"status": 404, "why": "Not Found"}


def test_token_is_asked_for_and_checked(client) -> None:
    refused = client.delete("/pets/0")
    assert (refused.status_code, refused.json["message"]) == (401, "Unauthorized")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    wrong = client.delete("/pets/0", headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401
    right = client.delete("/pets/0", headers={"Authorization": "Bearer right"})
    assert right.status_code == 204


def test_base_response_wraps_every_output() -> None:
    app = create_app()

    class Wrapped(Schema):
        data = Field()
        code = Integer()

    app.config["BASE_RESPONSE_SCHEMA"] = Wrapped

    @app.get("/wrapped")
    @app.output(PetOut)
    def wrapped():
        return {"data": {"id": 1, "name": "Kitty"}, "code": 200}

    expected = {"data": {"id": 1, "name": "Kitty"}, "code": 200}
    assert app.test_client().get("/wrapped").json == expected


def test_document_describes_the_views(client) -> None:
    document = client.get("/openapi.json").json
    assert document["info"] == {"title": "Pet API", "version": "1.0"}
    paths = document["paths"]
    assert paths["/"]["get"]["summary"] == "Just Say Hello"
    removal = paths["/pets/{pet_id}"]["delete"]
    assert (removal["summary"], removal["tags"]) == ("Remove a pet", ["danger"])
    assert removal["security"] == [{"BearerAuth": []}]
    assert paths["/shop/orders/{number}"]["get"]["tags"] == ["Shop"]
    assert set(document["components"]["schemas"]) >= {"PetIn", "PetOut", "ValidationError"}


def test_pages_of_documentation(client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "/openapi.json" in page.text


def test_document_is_printed_by_its_flask_command(run_command, tmp_path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    done = run_command("flask", "spec")
    assert done.returncode == 0, done.stderr
    assert flask.json.loads(done.stdout)["info"]["title"] == "Printed"
    assert run_command("flask", "spec", "--format", "yaml").stdout.startswith("info:")


def test_async_view() -> None:
    app = create_app()

    @app.post("/later")
    @app.input(PetIn)
    async def later(json_data):
        return json_data["name"]

    answer = app.test_client().post("/later", json={"name": "Rex", "category": "dog"})
    assert answer.text == "Rex"


def test_plain_view_class_is_served() -> None:
    app = create_app()

    class Plain(View):
        def dispatch_request(self, word):
            return word

    app.add_url_rule("/plain/<word>", view_func=Plain.as_view("plain"))
    assert app.test_client().get("/plain/word").text == "word"
