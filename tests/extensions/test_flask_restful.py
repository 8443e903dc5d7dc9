"""Flask-RESTful: a to-do API beside an ordinary page, each with its own errors."""

from __future__ import annotations

from datetime import datetime

import flask_restful.fields as f
import pytest
from flask_restful import Api, Resource, abort, marshal_with, reqparse
from werkzeug.exceptions import Conflict

import flask

TASK = {
    "id": f.Integer,
    "task": f.String(attribute="text"),
    "link": f.Url(".task"),
    "due": f.DateTime(dt_format="iso8601"),
    "tags": f.List(f.String),
    "owner": f.Nested({"name": f.String(default="nobody")}, allow_null=True),
}


class OutOfPaper(Exception):
    pass


def create_app(*, on_blueprint: bool = False, catch_all_404s: bool = False) -> flask.Flask:
    app = flask.Flask(__name__)
    place = flask.Blueprint("api", __name__, url_prefix="/api") if on_blueprint else app
    api = Api(
        place,
        prefix="" if on_blueprint else "/api",
        catch_all_404s=catch_all_404s,
        errors={"OutOfPaper": {"message": "bring paper", "status": 507}},
    )
    tasks = {1: {"id": 1, "text": "read", "due": datetime(2030, 1, 2), "tags": ["a"]}}

    parser = reqparse.RequestParser(bundle_errors=True)
    parser.add_argument("task", required=True, help="what is to be done")
    parser.add_argument("tags", action="append", default=[])
    parser.add_argument("size", type=int, choices=(1, 2))
    parser.add_argument("X-Owner", location="headers", dest="owner")

    class Task(Resource):
        @marshal_with(TASK)
        def get(self, id: int):
            if id not in tasks:
                abort(404, message=f"no task {id}", known=sorted(tasks))
            return tasks[id]

        def delete(self, id: int):
            del tasks[id]
            return "", 204

        def put(self, id: int):
            raise Conflict("locked")

        def patch(self, id: int):
            raise OutOfPaper

    class Tasks(Resource):
        method_decorators = {"post": [count_calls]}

        @marshal_with(TASK, envelope="tasks")
        def get(self):
            return list(tasks.values())

        @marshal_with(TASK)
        def post(self):
            given = parser.parse_args()
            number = max(tasks) + 1
            owner = {"name": given["owner"]} if given["owner"] else None
            tasks[number] = {"id": number, "text": given["task"], "tags": given["tags"]}
            tasks[number]["owner"] = owner
            return tasks[number], 201, {"X-Number": str(number)}

    api.add_resource(Task, "/tasks/<int:id>", endpoint="task")
    api.add_resource(Tasks, "/tasks", "/todo")

    @api.resource("/raw")
    class Raw(Resource):
        def get(self):
            return flask.Response("as it is", mimetype="text/x-raw")

    @api.representation("text/csv")
    def as_csv(data, code, headers=None):
        return flask.make_response(",".join(map(str, data)), code, headers)

    @api.resource("/numbers")
    class Numbers(Resource):
        def get(self):
            return [1, 2, 3]

    adder = reqparse.RequestParser()
    adder.add_argument("n", type=int, action="append", location="values")
    adder.add_argument("name", location="values")

    @api.resource("/sum")
    class Sum(Resource):
        def post(self):
            given = adder.parse_args()
            return {given["name"]: sum(given["n"])}

    if on_blueprint:
        app.register_blueprint(place)

    app.get("/", endpoint="page")(lambda: "page")
    app.register_error_handler(404, lambda error: ("<h1>no such page</h1>", 404))
    app.register_error_handler(500, lambda error: ("<h1>our fault</h1>", 500))
    app.get("/broken", endpoint="broken")(lambda: 1 / 0)
    return app


def count_calls(view):
    def counted(*args, **kwargs):
        flask.g.calls = flask.g.get("calls", 0) + 1
        flask.after_this_request(lambda r: r.headers.add("X-Calls", flask.g.calls) or r)
        return view(*args, **kwargs)

    return counted


@pytest.fixture(params=["app", "blueprint"])
def app(request: pytest.FixtureRequest) -> flask.Flask:
    return create_app(on_blueprint=request.param == "blueprint")


@pytest.fixture
def client(app: flask.Flask):
    return app.test_client()


def test_resource_is_marshalled(client) -> None:
    plain = client.get("/api/tasks/1")
    assert plain.mimetype == "application/json"
    assert plain.json == {
        "id": 1,
        "task": "read",
        "link": "/api/tasks/1",
        "due": "2030-01-02T00:00:00",
        "tags": ["a"],
        "owner": None,
    }


def test_collection_stands_in_its_envelope_under_each_address(client) -> None:
    assert [task["id"] for task in client.get("/api/tasks").json["tasks"]] == [1]
    assert client.get("/api/todo").json == client.get("/api/tasks").json


def test_status_and_headers_of_a_returned_tuple_are_kept(client) -> None:
    made = client.post(
        "/api/tasks", json={"task": "write", "tags": ["x", "y"]}, headers={"X-Owner": "ada"}
    )
    assert (made.status_code, made.headers["X-Number"]) == (201, "2")
    assert (made.json["tags"], made.json["owner"]) == (["x", "y"], {"name": "ada"})
    assert made.headers["X-Calls"] == "1"


def test_parser_of_the_usual_places_wants_json(client) -> None:
    refused = client.post("/api/tasks", data={"task": "write"})
    assert refused.status_code == 415
    assert refused.is_json


def test_parser_reads_form_and_query_together(client) -> None:
    answer = client.post("/api/sum?n=1&n=2", data={"n": "3", "name": "total"})
    assert answer.json == {"total": 6}
    assert "int()" in client.post("/api/sum?n=x&name=total").json["message"]["n"]


def test_parser_tells_all_faults_at_once(client) -> None:
    refused = client.post("/api/tasks", json={"size": 7})
    assert refused.status_code == 400
    assert refused.json["message"]["task"] == "what is to be done"
    assert "7 is not a valid choice" in refused.json["message"]["size"]


def test_body_that_is_not_json_is_refused_as_json(client) -> None:
    refused = client.post("/api/tasks", data="{", content_type="application/json")
    assert refused.status_code == 400
    assert refused.is_json


def test_empty_answer(client) -> None:
    gone = client.delete("/api/tasks/1")
    assert gone.status_code == 204


def test_abort_carries_its_data(client) -> None:
    missing = client.get("/api/tasks/9")
    assert missing.status_code == 404
    assert missing.json == {"message": "no task 9", "known": [1]}


def test_http_exception_of_a_resource_is_json(client) -> None:
    refused = client.put("/api/tasks/1")
    assert (refused.status_code, refused.json) == (409, {"message": "locked"})


def test_named_error_has_its_own_status_and_message(client) -> None:
    refused = client.patch("/api/tasks/1")
    assert refused.status_code == 507
    assert refused.json == {"message": "bring paper", "status": 507}


def test_unhandled_error_of_a_resource_is_a_json_500_and_of_a_page_the_apps(client) -> None:
    assert client.delete("/api/tasks/9").json == {"message": "Internal Server Error"}
    broken = client.get("/broken")
    assert (broken.status_code, broken.text) == (500, "<h1>our fault</h1>")


def test_error_is_raised_when_testing(app: flask.Flask) -> None:
    app.testing = True
    with pytest.raises(KeyError):
        app.test_client().delete("/api/tasks/9")


def test_method_that_a_resource_lacks_is_a_json_405(client) -> None:
    refused = client.delete("/api/tasks")
    assert refused.status_code == 405
    assert refused.is_json
    assert {"GET", "POST"} <= set(refused.headers["Allow"].split(", "))


def test_unknown_page_has_the_apps_error_page(client) -> None:
    missing = client.get("/nowhere")
    assert (missing.status_code, missing.text) == (404, "<h1>no such page</h1>")


def test_api_may_answer_every_404() -> None:
    missing = create_app(catch_all_404s=True).test_client().get("/nowhere")
    assert missing.status_code == 404
    assert missing.is_json


def test_response_object_passes_untouched(client) -> None:
    raw = client.get("/api/raw")
    assert (raw.text, raw.mimetype) == ("as it is", "text/x-raw")


def test_representation_follows_what_the_client_accepts(client) -> None:
    assert client.get("/api/numbers").json == [1, 2, 3]
    assert client.get("/api/numbers", headers={"Accept": "text/csv"}).text == "1,2,3"
    assert client.get("/api/numbers", headers={"Accept": "image/png"}).json == [1, 2, 3]


def test_head_and_options_work_without_methods_of_their_own(client) -> None:
    head = client.head("/api/numbers")
    assert (head.status_code, head.data) == (200, b"")
    assert "GET" in client.options("/api/numbers").headers["Allow"]


def test_page_beside_the_api_is_untouched(client) -> None:
    assert client.get("/").text == "page"
