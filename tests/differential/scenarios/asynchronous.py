"""Coroutine functions as views, hooks and handlers."""

from __future__ import annotations

import asyncio

import flask
from flask import Blueprint, g, request, session
from flask.views import MethodView, View

from ..harness import Lab, family, scenario


def waiting(lab: Lab, **options):
    app = lab.app(SECRET_KEY="k", **options)

    @app.get("/")
    async def index():
        await asyncio.sleep(0)
        lab.say("view", lab.state())
        return f"async {request.path}"

    @app.get("/fail")
    async def fail():
        await asyncio.sleep(0)
        raise LookupError("async")

    @app.get("/abort")
    async def abort():
        flask.abort(409)

    @app.get("/value/<int:n>")
    async def value(n):
        return {"n": n}, 201, {"X-Async": "1"}

    @app.get("/session")
    async def store():
        session["a"] = session.get("a", 0) + 1
        g.x = "gx"
        return f"{session['a']} {g.x}"

    return app


@family("/", "/fail", "/abort", "/value/5", "/session", "/none")
def view(lab: Lab, path):
    return lab.hit(waiting(lab), path)


@scenario
def every_hook(lab: Lab):
    app = waiting(lab)

    @app.before_request
    async def before():
        await asyncio.sleep(0)
        lab.say("before", lab.state())
        g.seen = "set in before"

    @app.after_request
    async def after(response):
        await asyncio.sleep(0)
        lab.say("after", g.seen)
        response.headers["X-After"] = "async"
        return response

    @app.teardown_request
    async def down(error):
        lab.say("teardown_request", error, lab.state())

    @app.teardown_appcontext
    async def app_down(error):
        lab.say("teardown_appcontext", error, lab.state())

    @app.url_value_preprocessor
    def pull(endpoint, values):
        lab.say("pull", endpoint)

    return lab.hits(app, "/", "/fail", "/none")


@scenario
def before_request_that_answers(lab: Lab):
    app = waiting(lab)

    @app.before_request
    async def before():
        return "stopped", 202

    return lab.brief(app)


@scenario
def error_handlers(lab: Lab):
    app = waiting(lab)

    @app.errorhandler(LookupError)
    async def lookup(error):
        await asyncio.sleep(0)
        return f"async handler {type(error).__name__}", 418

    @app.errorhandler(404)
    async def missing(error):
        return "async 404", 404

    @app.errorhandler(500)
    async def broken(error):
        return f"async 500 {type(error.original_exception).__name__}", 500

    app.add_url_rule("/zero", "zero", lambda: 1 / 0)
    return lab.briefs(app, "/fail", "/none", "/zero", "/abort")


@scenario
def after_this_request(lab: Lab):
    app = waiting(lab)

    @app.get("/this")
    async def this():
        @flask.after_this_request
        async def later(response):
            await asyncio.sleep(0)
            response.headers["X-This"] = "1"
            return response

        return "x"

    return lab.hit(app, "/this")


@scenario
def copied_context_of_a_coroutine_function(lab: Lab):
    app = waiting(lab)

    @app.get("/copy")
    async def copy():
        @flask.copy_current_request_context
        def work():
            return request.path

        return await asyncio.get_running_loop().run_in_executor(None, work)

    return lab.brief(app, "/copy")


@scenario
def class_views(lab: Lab):
    app = lab.app()

    class Plain(View):
        async def dispatch_request(self, **values):
            await asyncio.sleep(0)
            return f"view {sorted(values)}"

    class Methods(MethodView):
        async def get(self):
            await asyncio.sleep(0)
            return "get"

        def post(self):
            return "sync post"

    class Once(View):
        init_every_request = False

        async def dispatch_request(self):
            return "once"

    app.add_url_rule("/plain/<x>", view_func=Plain.as_view("plain"))
    app.add_url_rule("/methods", view_func=Methods.as_view("methods"))
    app.add_url_rule("/once", view_func=Once.as_view("once"))
    return lab.briefs(
        app, "/plain/1", "/methods", "POST /methods", "HEAD /methods", "DELETE /methods", "/once"
    )


@scenario
def blueprint_hooks(lab: Lab):
    app = waiting(lab)
    bp = Blueprint("bp", __name__, url_prefix="/bp")

    @bp.before_request
    async def before():
        lab.say("bp before")

    @bp.after_request
    async def after(response):
        lab.say("bp after")
        return response

    @bp.teardown_request
    async def down(error):
        lab.say("bp teardown")

    @bp.before_app_request
    async def before_app():
        lab.say("before app")

    @bp.errorhandler(ValueError)
    async def handler(error):
        return "bp handler", 400

    @bp.get("/")
    async def index():
        raise ValueError

    app.register_blueprint(bp)
    return lab.briefs(app, "/bp/", "/")


@scenario
def ensure_sync_of_functions(lab: Lab):
    app = lab.app()

    async def coroutine(x):
        return x * 2

    def plain(x):
        return x

    def generator():
        yield 1

    class Callable:
        async def __call__(self):
            return "called"

    synced = app.ensure_sync(coroutine)
    return [
        app.ensure_sync(plain) is plain,
        app.ensure_sync(generator) is generator,
        synced(4),
        app.ensure_sync(coroutine) is coroutine,
        type(app.ensure_sync(Callable())).__name__,
        app.async_to_sync(coroutine)(3),
    ]


@scenario
def async_to_sync_overridden(lab: Lab):
    class Shop(flask.Flask):
        def async_to_sync(self, func):
            lab.say("async_to_sync", func.__name__)

            def wrapper(*args, **kwargs):
                return asyncio.run(func(*args, **kwargs))

            return wrapper

    app = waiting(lab, cls=Shop)
    return lab.briefs(app, "/", "/value/2")


@scenario
def context_variables(lab: Lab):
    import contextvars

    mark = contextvars.ContextVar("mark", default="default")
    app = lab.app()

    @app.before_request
    async def before():
        mark.set("from before")

    @app.get("/")
    async def index():
        seen = mark.get()
        mark.set("from view")
        return seen

    @app.after_request
    def after(response):
        response.headers["X-Mark"] = mark.get()
        return response

    return lab.hit(app)


@scenario
def concurrent_tasks_in_a_view(lab: Lab):
    app = lab.app()

    @app.get("/")
    async def index():
        async def one(n):
            await asyncio.sleep(0)
            return f"{n}{request.path}"

        return ",".join(await asyncio.gather(*(one(n) for n in range(3))))

    return lab.brief(app)


@scenario
def async_generator_returned(lab: Lab):
    app = lab.app(PROPAGATE_EXCEPTIONS=True)

    @app.get("/")
    async def index():
        async def generate():
            yield "x"

        return generate()

    return lab.code(app)


@scenario
def sync_generator_from_an_async_view(lab: Lab):
    app = lab.app()

    @app.get("/")
    async def index():
        @flask.stream_with_context
        def generate():
            yield request.path

        return generate()

    return lab.brief(app)


@scenario
def coroutine_returned_by_a_sync_view(lab: Lab):
    app = lab.app(PROPAGATE_EXCEPTIONS=True)

    async def work():
        return "x"

    kept = []

    @app.get("/")
    def index():
        kept.append(work())
        return kept[0]

    code = lab.code(app)
    kept[0].close()
    return code


@scenario
def template_rendered_in_an_async_view(lab: Lab):
    app = lab.app()

    @app.get("/")
    async def index():
        return flask.render_template_string("{{ request.path }}")

    @app.get("/stream")
    async def stream():
        return flask.stream_template_string("{{ request.path }}")

    return lab.briefs(app, "/", "/stream")


@scenario
def signals_of_an_async_view(lab: Lab):
    app = waiting(lab)
    lab.watch(app)
    return lab.codes(app, "/", "/fail")


@scenario
def async_view_called_inside_a_running_loop(lab: Lab):
    app = waiting(lab)

    async def main():
        return app.test_client().get("/").get_data()

    return lab.raises(lambda: asyncio.run(main()))


@scenario
def teardown_that_raises(lab: Lab):
    app = waiting(lab)

    @app.teardown_request
    async def down(error):
        lab.say("raising")
        raise OSError

    return lab.code(app)


@scenario
def async_cli_command_is_not_awaited(lab: Lab):
    app = lab.app()
    kept = []

    @app.cli.command("later")
    def later():
        async def work():
            return 1

        kept.append(app.async_to_sync(work)())
        print("t:", kept[0])

    return app.test_cli_runner().invoke(args=["later"]).output


@scenario
def context_processors_must_be_plain(lab: Lab):
    app = lab.app()

    @app.context_processor
    async def processor():
        return {"x": 1}

    with app.app_context():
        return lab.raises(flask.render_template_string, "{{ x }}")
