"""Signals: which are sent, in which order, by whom and with what."""

from __future__ import annotations

import gc

import flask
import flask.signals
from flask import g, request

from ..harness import SIGNALS, Lab, family, scenario


def small(lab: Lab, **options):
    app = lab.app(**options)
    app.add_url_rule("/", "index", lambda: (lab.say("view"), "x")[1])
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.add_url_rule("/template", "template", lambda: flask.render_template_string("t"))
    app.add_url_rule("/flash", "flash", lambda: (flask.flash("m", "cat"), "x")[1])
    app.before_request(lambda: lab.say("before"))
    app.after_request(lambda response: (lab.say("after"), response)[1])
    app.teardown_request(lambda error: lab.say("teardown_request"))
    app.teardown_appcontext(lambda error: lab.say("teardown_appcontext"))
    return app


@family("/", "/fail", "/template", "/flash", "/none", "OPTIONS /")
def whole_request(lab: Lab, path):
    app = small(lab, SECRET_KEY="k")
    lab.watch(app)
    return lab.code(app, path)


@scenario
def whole_request_while_testing(lab: Lab):
    app = small(lab, TESTING=True)
    lab.watch(app)
    return lab.code(app, "/fail")


@scenario
def names_of_the_signals(lab: Lab):
    return {name: getattr(flask.signals, name).name for name in SIGNALS}


@scenario
def exported_by_flask(lab: Lab):
    return [getattr(flask, name) is getattr(flask.signals, name) for name in SIGNALS]


@scenario
def values_carried(lab: Lab):
    app = small(lab, SECRET_KEY="k")

    def note(name, pick):
        def receive(sender, **values):
            lab.say(name, sender is app, pick(values))

        lab.exit.enter_context(getattr(flask, name).connected_to(receive, app))

    note("request_finished", lambda v: [type(v["response"]).__name__, v["response"].status_code])
    note("got_request_exception", lambda v: v["exception"])
    note("request_tearing_down", lambda v: v["exc"])
    note("appcontext_tearing_down", lambda v: v["exc"])
    note("message_flashed", lambda v: [v["message"], v["category"]])
    note("template_rendered", lambda v: [v["template"].name, sorted(v["context"])])
    note("before_render_template", lambda v: [v["template"].name, sorted(v["context"])])
    return lab.codes(app, "/", "/fail", "/flash", "/template")


@scenario
def sender_is_the_app_not_the_proxy(lab: Lab):
    app = small(lab)
    senders = []
    for name in SIGNALS:

        def receive(sender, name=name, **values):
            senders.append([name, type(sender).__name__, sender is app])

        lab.exit.enter_context(getattr(flask, name).connected_to(receive))
    app.secret_key = "k"
    lab.codes(app, "/", "/template", "/flash", "/fail")
    return senders


@scenario
def receivers_of_another_app_stay_silent(lab: Lab):
    app, other = small(lab), lab.app("other")
    with flask.request_started.connected_to(lambda sender, **values: lab.say("wrong"), other):
        return lab.code(app)


@scenario
def contexts_at_each_signal(lab: Lab):
    app = small(lab)
    for name in SIGNALS:

        def receive(sender, name=name, **values):
            lab.say(name, lab.state(), request.path if request else None)

        lab.exit.enter_context(getattr(flask, name).connected_to(receive, app))
    return lab.code(app, "/template")


@scenario
def receiver_connected_during_a_request(lab: Lab):
    app = small(lab)

    def finished(sender, response, **values):
        lab.say("finished")

    @app.get("/connect")
    def connect():
        flask.request_finished.connect(finished, app)
        return "x"

    codes = lab.codes(app, "/connect", "/")
    flask.request_finished.disconnect(finished, app)
    return codes


@scenario
def receiver_with_weak_reference(lab: Lab):
    app = small(lab)

    class Receiver:
        def receive(self, sender, **values):
            lab.say("received")

    receiver = Receiver()
    flask.request_started.connect(receiver.receive, app)
    lab.code(app)
    del receiver
    gc.collect()
    return lab.code(app)


@scenario
def request_finished_may_change_the_response(lab: Lab):
    app = small(lab)

    def change(sender, response, **values):
        response.headers["X-Signal"] = "yes"

    with flask.request_finished.connected_to(change, app):
        return lab.hit(app)


@scenario
def appcontext_pushed_may_fill_g(lab: Lab):
    app = small(lab)
    app.add_url_rule("/g", "g", lambda: str(g.get("user")))

    def fill(sender, **values):
        g.user = "filled"

    with flask.appcontext_pushed.connected_to(fill, app):
        inside = lab.brief(app, "/g")
    return [inside, lab.brief(app, "/g")]


@scenario
def request_started_comes_before_hooks_and_after_matching(lab: Lab):
    app = small(lab)
    app.url_value_preprocessor(lambda endpoint, values: lab.say("url value"))

    def started(sender, **values):
        lab.say("started", request.endpoint)

    with flask.request_started.connected_to(started, app):
        return lab.code(app)


@scenario
def message_flashed_order(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    seen = []

    def receive(sender, message, category, **values):
        seen.append([message, category, [m for _, m in flask.session["_flashes"]]])

    with flask.message_flashed.connected_to(receive, app), app.test_request_context("/"):
        flask.flash("one")
        flask.flash("two", "warn")
    return seen


@scenario
def receivers_in_the_order_of_blinker(lab: Lab):
    app = small(lab)
    with (
        flask.request_started.connected_to(lambda sender, **values: lab.say("only")),
        flask.request_started.connected_to(lambda sender, **values: lab.say("app"), app),
    ):
        code = lab.code(app)
    lab.events.sort(key=str)
    return code


@scenario
def muted_signals(lab: Lab):
    app = small(lab)
    lab.watch(app, "request_started", "request_finished")
    with flask.request_started.muted():
        return lab.code(app)


@scenario
def signals_of_a_nested_request(lab: Lab):
    app = small(lab)

    @app.get("/nested")
    def nested():
        return app.test_client().get("/").get_data()

    lab.watch(
        app,
        "request_started",
        "request_finished",
        "request_tearing_down",
        "appcontext_pushed",
        "appcontext_popped",
    )
    return lab.brief(app, "/nested")


@scenario
def namespace_of_ones_own(lab: Lab):
    from flask.signals import Namespace

    signal = Namespace().signal("own")
    got = []
    signal.connect(receive := (lambda sender, **values: got.append([sender, values])))
    signal.send("who", x=1)
    return [got, receive is not None]


@scenario
def signals_available(lab: Lab):
    return [
        hasattr(flask.signals, "signals_available"),
        lab.raises(lambda: flask.signals_available),
    ]
