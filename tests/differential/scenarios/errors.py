"""Errors: which handler is chosen, what propagates, what is logged."""

from __future__ import annotations

import werkzeug.exceptions as http

from flask import Blueprint, abort

from ..harness import Lab, family, scenario


class Base(Exception):
    pass


class Middle(Base):
    pass


class Leaf(Middle):
    pass


class Teapot(http.HTTPException):
    code = 418
    description = "short and stout"


class OwnForbidden(http.Forbidden):
    description = "own"


RAISERS = {
    "/leaf": Leaf,
    "/middle": Middle,
    "/base": Base,
    "/zero": ZeroDivisionError,
    "/key": lambda: KeyError("k"),
    "/404": http.NotFound,
    "/403": http.Forbidden,
    "/own403": OwnForbidden,
    "/500": http.InternalServerError,
    "/teapot": Teapot,
    "/exit": lambda: SystemExit(3),
}


def failing(lab: Lab, **options):
    app = lab.app(**options)
    for path, make in RAISERS.items():

        def view(make=make):
            raise make()

        app.add_url_rule(path, path[1:], view)
    return app


def naming(name: str, status: int = 299):
    def handler(error):
        return f"{name} got {type(error).__name__}", status

    return handler


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def without_any_handler(lab: Lab, path):
    return lab.code(failing(lab), path)


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def without_any_handler_while_testing(lab: Lab, path):
    return lab.code(failing(lab, TESTING=True), path)


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def with_a_handler_for_exception(lab: Lab, path):
    app = failing(lab)
    app.register_error_handler(Exception, naming("exception"))
    return lab.brief(app, path)


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def with_a_handler_for_http_exception(lab: Lab, path):
    app = failing(lab)
    app.register_error_handler(http.HTTPException, naming("http"))
    return lab.brief(app, path)


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def with_a_handler_for_500(lab: Lab, path):
    app = failing(lab)

    @app.errorhandler(500)
    def handler(error):
        original = getattr(error, "original_exception", "no such attribute")
        return f"{type(error).__name__} from {type(original).__name__}", 500

    return lab.brief(app, path)


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def with_handlers_of_every_kind(lab: Lab, path):
    app = failing(lab)
    for kind in (Base, Leaf, 404, http.Forbidden, http.HTTPException, Exception, ArithmeticError):
        app.register_error_handler(kind, naming(str(getattr(kind, "__name__", kind))))
    return lab.brief(app, path)


@scenario
def system_exit_is_not_handled(lab: Lab):
    app = failing(lab)
    app.register_error_handler(Exception, naming("exception"))
    return lab.raises(app.test_client().get, "/exit")


@scenario
def nearest_class_in_the_mro_wins(lab: Lab):
    seen = []
    for kinds in ((Base,), (Base, Middle), (Exception, Middle)):
        app = failing(lab)
        for kind in kinds:
            app.register_error_handler(kind, naming(kind.__name__))
        seen.append(lab.briefs(app, "/leaf", "/middle", "/base"))
    return seen


@scenario
def code_before_class(lab: Lab):
    app = failing(lab)
    app.register_error_handler(http.HTTPException, naming("http"))
    app.register_error_handler(403, naming("code"))
    return lab.briefs(app, "/403", "/own403", "/404")


@scenario
def class_and_code_of_the_same_error(lab: Lab):
    app = failing(lab)
    app.register_error_handler(http.Forbidden, naming("class"))
    app.register_error_handler(403, naming("code"))
    return [lab.briefs(app, "/403", "/own403"), _shape(app)]


@scenario
def subclass_of_a_coded_exception(lab: Lab):
    app = failing(lab)
    app.register_error_handler(OwnForbidden, naming("own"))
    return lab.briefs(app, "/403", "/own403")


def _shape(app):
    return {
        str(scope): {
            str(code): sorted(kind.__name__ for kind in kinds)
            for code, kinds in codes.items()
            if kinds
        }
        for scope, codes in app.error_handler_spec.items()
    }


@scenario
def shape_of_the_registry(lab: Lab):
    app = failing(lab)
    app.register_error_handler(404, naming("a"))
    app.register_error_handler(Base, naming("b"))
    app.register_error_handler(http.HTTPException, naming("c"))
    bp = Blueprint("bp", __name__)
    bp.register_error_handler(403, naming("d"))
    bp.app_errorhandler(500)(naming("e"))
    before = {str(k): {str(c) for c in v} for k, v in bp.error_handler_spec.items()}
    app.register_blueprint(bp)
    return [before, _shape(app)]


def with_blueprint(lab: Lab):
    app = failing(lab)
    bp = Blueprint("bp", __name__, url_prefix="/bp")
    for path, make in RAISERS.items():

        def view(make=make):
            raise make()

        bp.add_url_rule(path, path[1:], view)
    return app, bp


@scenario
def blueprint_before_app(lab: Lab):
    app, bp = with_blueprint(lab)
    bp.register_error_handler(Base, naming("bp"))
    app.register_error_handler(Base, naming("app"))
    app.register_blueprint(bp)
    return lab.briefs(app, "/leaf", "/bp/leaf")


@scenario
def app_code_against_blueprint_class(lab: Lab):
    app, bp = with_blueprint(lab)
    bp.register_error_handler(http.HTTPException, naming("bp http"))
    app.register_error_handler(404, naming("app 404"))
    app.register_blueprint(bp)
    return lab.briefs(app, "/404", "/bp/404", "/bp/403", "/bp/no/such")


@scenario
def app_nearer_class_against_blueprint_wider_class(lab: Lab):
    app, bp = with_blueprint(lab)
    bp.register_error_handler(Exception, naming("bp any"))
    app.register_error_handler(Leaf, naming("app leaf"))
    app.register_blueprint(bp)
    return lab.briefs(app, "/leaf", "/bp/leaf", "/bp/404")


@scenario
def app_errorhandler_of_a_blueprint(lab: Lab):
    app, bp = with_blueprint(lab)
    bp.app_errorhandler(404)(naming("from bp"))
    bp.app_errorhandler(Base)(naming("base from bp"))
    app.register_blueprint(bp)
    return lab.briefs(app, "/404", "/nowhere", "/leaf", "/bp/leaf")


@scenario
def missing_page_below_a_blueprint_prefix_is_the_apps(lab: Lab):
    app, bp = with_blueprint(lab)
    bp.register_error_handler(404, naming("bp 404"))
    bp.register_error_handler(405, naming("bp 405"))
    app.register_blueprint(bp)
    return lab.codes(app, "/bp/nowhere", "POST /bp/404", "/bp/404")


@scenario
def nearest_nested_blueprint(lab: Lab):
    app = lab.app()
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")

    def view():
        raise Leaf

    outer.add_url_rule("/", "view", view)
    inner.add_url_rule("/", "view", view)
    outer.register_error_handler(Middle, naming("outer middle"))
    inner.register_error_handler(Base, naming("inner base"))
    app.register_error_handler(Leaf, naming("app leaf"))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return lab.briefs(app, "/outer/", "/outer/inner/")


@scenario
def handler_of_the_outer_blueprint_serves_the_inner(lab: Lab):
    app = lab.app()
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")

    @inner.get("/")
    def view():
        abort(409)

    outer.register_error_handler(409, naming("outer"))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return lab.brief(app, "/outer/inner/")


REGISTERED = {
    "code": 404,
    "unknown_code": 999,
    "text": "404",
    "no_exception_class": dict,
    "instance": ValueError("x"),
    "http_instance": http.NotFound(),
    "base_exception": BaseException,
    "none": None,
    "code_299": 299,
    "code_308": 308,
    "code_200": 200,
    "system_exit": SystemExit,
    "list": [404],
    "function": len,
}


@family(**REGISTERED)
def registering_for(lab: Lab, kind):
    app = lab.app()
    return [
        lab.raises(app.register_error_handler, kind, naming("x")),
        lab.raises(lambda: app.errorhandler(kind)(naming("x")).__name__),
    ]


@scenario
def errorhandler_gives_the_function_back(lab: Lab):
    app = lab.app()

    def handler(error):
        return "x"

    return app.errorhandler(404)(handler) is handler


@scenario
def handler_registered_again_replaces(lab: Lab):
    app = failing(lab)
    app.register_error_handler(404, naming("first"))
    app.register_error_handler(404, naming("second"))
    return lab.brief(app, "/404")


@scenario
def handler_for_redirect_codes(lab: Lab):
    app = lab.app()

    @app.get("/slash/")
    def slash():
        return "slash"

    app.register_error_handler(http.HTTPException, naming("http"))
    return lab.codes(app, "/slash", "/slash/", "/none")


@family(none=None, true=True, false=False)
def propagate_exceptions(lab: Lab, value):
    seen = {}
    for options in ({}, {"TESTING": True}, {"DEBUG": True}):
        app = failing(lab, PROPAGATE_EXCEPTIONS=value, **options)
        seen[str(options)] = lab.codes(app, "/zero", "/404", "/500")
    return seen


@scenario
def propagate_with_a_handler_for_500(lab: Lab):
    app = failing(lab, PROPAGATE_EXCEPTIONS=True)
    app.register_error_handler(500, naming("500"))
    app.register_error_handler(Leaf, naming("leaf"))
    return lab.briefs(app, "/zero", "/500", "/leaf")


@family("code", "class", "http", "any")
def trap_http_exceptions(lab: Lab, kind):
    app = failing(lab, TRAP_HTTP_EXCEPTIONS=True)
    target = {"code": 404, "class": http.NotFound, "http": http.HTTPException, "any": Exception}
    app.register_error_handler(target[kind], naming(kind))
    return lab.briefs(app, "/404", "/403", "/500", "/nowhere")


@scenario
def trap_http_exceptions_without_handler(lab: Lab):
    app = failing(lab, TRAP_HTTP_EXCEPTIONS=True)
    return lab.codes(app, "/404", "/nowhere", "/zero")


@scenario
def error_inside_a_handler(lab: Lab):
    app = failing(lab)

    @app.errorhandler(Leaf)
    def broken(error):
        raise ZeroDivisionError("in handler")

    @app.errorhandler(404)
    def missing(error):
        abort(403)

    app.register_error_handler(ZeroDivisionError, naming("zero"))
    app.register_error_handler(403, naming("403"))
    return lab.codes(app, "/leaf", "/404", "/nowhere")


@scenario
def error_inside_the_handler_for_500(lab: Lab):
    app = failing(lab)

    @app.errorhandler(500)
    def broken(error):
        raise KeyError("in 500")

    return lab.codes(app, "/zero", "/500")


@scenario
def handler_raising_its_own_error_again(lab: Lab):
    app = failing(lab)
    calls = []

    @app.errorhandler(Leaf)
    def again(error):
        calls.append(1)
        raise error

    return [lab.code(app, "/leaf"), len(calls)]


@scenario
def handler_returning_the_http_exception(lab: Lab):
    app = failing(lab)
    app.register_error_handler(404, lambda error: error)
    app.register_error_handler(Leaf, lambda error: http.Gone("by handler"))
    return lab.hits(app, "/404", "/leaf")


@scenario
def handler_returning_nothing(lab: Lab):
    app = failing(lab)
    app.register_error_handler(404, lambda error: None)
    app.register_error_handler(Leaf, lambda error: None)
    return lab.codes(app, "/404", "/leaf")


HANDLER_RETURNS = {
    "dict": {"error": "x"},
    "tuple": ({"error": "x"}, 404, {"X-Why": "because"}),
    "list": [1, 2],
    "text": "plain",
    "text_headers": ("plain", {"X-Why": "b"}),
}


@family(**HANDLER_RETURNS)
def handler_returns(lab: Lab, value):
    app = failing(lab)
    app.register_error_handler(404, lambda error: value)
    return lab.hit(app, "/404")


@scenario
def status_of_a_handler_that_gives_none(lab: Lab):
    app = failing(lab)
    app.register_error_handler(404, lambda error: "no status given")
    app.register_error_handler(500, lambda error: "no status given")
    return lab.briefs(app, "/404", "/zero")
