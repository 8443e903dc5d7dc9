"""Sessions opened from outside, by `session_transaction`."""

from __future__ import annotations

from flask import request, session

from ..harness import Lab, scenario
from .testing import mirror


@scenario
def session_transactions(lab: Lab):
    client = mirror(lab).test_client()
    seen = []
    with client.session_transaction() as stored:
        seen += [dict(stored), lab.state(), stored.new]
        stored["v"] = "from outside"
    seen.append(lab.brief(client, "/session/next"))
    with client.session_transaction() as stored:
        seen.append(dict(stored))
        stored.clear()
    with client.session_transaction() as stored:
        seen.append(dict(stored))
    return seen


@scenario
def session_transaction_with_arguments(lab: Lab):
    app = mirror(lab, SESSION_COOKIE_PATH="/session")
    client = app.test_client()
    with client.session_transaction("/session/x", base_url="https://localhost/") as stored:
        stored["v"] = "deep"
    return [
        lab.brief(client, "/session/y", base_url="https://localhost/"),
        [c.key for c in [client.get_cookie("session", path="/session")] if c],
    ]


@scenario
def session_transaction_needs_a_session(lab: Lab):
    app = lab.app()

    def use():
        with app.test_client().session_transaction():
            pass

    return lab.raises(use)


@scenario
def session_transaction_left_by_an_error(lab: Lab):
    client = mirror(lab).test_client()

    def use():
        with client.session_transaction() as stored:
            stored["v"] = "lost?"
            raise KeyError

    facts = lab.raises(use)
    return [facts, lab.brief(client, "/session/x"), lab.state()]


@scenario
def session_transaction_inside_a_kept_context(lab: Lab):
    with mirror(lab).test_client() as client:
        client.get("/session/one")
        inside = [session["v"], request.path]
        with client.session_transaction() as stored:
            stored["v"] = "two"
            during = request.path
        return [inside, during, session["v"], request.path, client.get("/session/three").get_data()]


@scenario
def session_transaction_with_a_custom_interface(lab: Lab):
    from flask.sessions import SecureCookieSessionInterface

    class Loud(SecureCookieSessionInterface):
        def open_session(self, app, request):
            lab.say("open", request.path)
            return super().open_session(app, request)

        def save_session(self, app, session, response):
            lab.say("save", dict(session))
            return super().save_session(app, session, response)

        def is_null_session(self, obj):
            lab.say("is_null")
            return super().is_null_session(obj)

    app = mirror(lab)
    app.session_interface = Loud()
    with app.test_client().session_transaction() as stored:
        stored["x"] = 1
