"""Bad requests by a missing key, trapped or not."""

from __future__ import annotations

from flask import abort, request

from ..harness import Lab, family, scenario
from .errors import naming


def bad_requests(lab: Lab, **options):
    app = lab.app(**options)

    @app.route("/form", methods=["GET", "POST"])
    def form():
        return request.form["missing"]

    @app.get("/args")
    def args():
        return request.args["missing"]

    @app.get("/plain")
    def plain():
        abort(400)

    @app.get("/cookie")
    def cookie():
        return request.cookies["missing"]

    @app.get("/header")
    def header():
        return request.headers["X-Missing"]

    @app.post("/files")
    def files():
        return request.files["missing"].filename

    @app.post("/values")
    def values():
        return request.values["missing"]

    return app


BAD = (
    "/form",
    "POST /form",
    "/args",
    "/plain",
    "/cookie",
    "/header",
    "POST /files",
    "POST /values",
)


@family(none=None, true=True, false=False)
def trap_bad_request_errors(lab: Lab, value):
    return [
        lab.codes(bad_requests(lab, TRAP_BAD_REQUEST_ERRORS=value), *BAD),
        lab.codes(bad_requests(lab, TRAP_BAD_REQUEST_ERRORS=value, DEBUG=True), *BAD),
        lab.codes(bad_requests(lab, TRAP_BAD_REQUEST_ERRORS=value, TESTING=True), *BAD),
    ]


@scenario
def trapped_bad_request_with_a_handler_for_key_error(lab: Lab):
    app = bad_requests(lab, TRAP_BAD_REQUEST_ERRORS=True)
    app.register_error_handler(KeyError, naming("key"))
    return lab.briefs(app, "/args", "/plain")


@scenario
def bad_request_key_shown_or_not(lab: Lab):
    seen = {}
    for name, options in {
        "production": {},
        "debug": {"DEBUG": True, "TRAP_BAD_REQUEST_ERRORS": False},
        "trap": {"TRAP_BAD_REQUEST_ERRORS": True},
        "testing": {"TESTING": True},
    }.items():
        app = bad_requests(lab, **options)

        @app.errorhandler(400)
        def handler(error):
            return str("missing" in error.get_description()), 400

        seen[name] = lab.brief(app, "/args")
    return seen


@scenario
def bad_request_key_error_caught_by_the_view(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        try:
            return request.args["k"]
        except KeyError as error:
            return f"caught {type(error).__name__} {error.args!r}"

    return lab.brief(app)


@scenario
def file_key_in_an_ordinary_form(lab: Lab):
    app = bad_requests(lab, DEBUG=True)
    seen = {}
    app.register_error_handler(
        Exception,
        lambda error: (
            f"{isinstance(error, KeyError)} {isinstance(error, AssertionError)} "
            f"{'missing' in str(error)}",
            400,
        ),
    )
    seen["form"] = lab.brief(app, "POST /files", data={"missing": "name.txt"})
    seen["multipart"] = lab.brief(
        app, "POST /files", data={"other": "x"}, content_type="multipart/form-data"
    )
    seen["nothing"] = lab.brief(app, "POST /files")
    return seen
