"""Applications that answer one plain request and change one thing of the framework.

`FACTORIES` maps a name to the function that builds that application. None of the changes does any
work of its own: what a row costs beyond the plain one is the framework's price for the change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinker import NamedSignal

from benchmarks.application import SECRET_KEY
from flask import Blueprint, Flask, Request, Response, request_finished, request_started
from flask import request_tearing_down as tearing_down
from flask.sessions import SecureCookieSessionInterface

_beside = Flask("beside")


def create_plain(kind: type[Flask] = Flask, **options: Any) -> Flask:
    """The application that the others are compared with: a view that returns text."""
    app = kind(__name__, **options)
    app.secret_key = SECRET_KEY
    app.add_url_rule("/", "index", _index)
    return app


def _index() -> str:
    return "Hello, World!"


class OverridesDispatchRequest(Flask):
    def dispatch_request(self) -> Any:
        return super().dispatch_request()


class OverridesMakeResponse(Flask):
    def make_response(self, rv: Any) -> Response:
        return super().make_response(rv)


class OverridesProcessResponse(Flask):
    def process_response(self, response: Response) -> Response:
        return super().process_response(response)


class OverridesFullDispatchRequest(Flask):
    def full_dispatch_request(self) -> Response:
        return super().full_dispatch_request()


class OverridesFinalizeRequest(Flask):
    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Response:
        return super().finalize_request(rv, from_error_handler)


class OverridesPreprocessRequest(Flask):
    def preprocess_request(self) -> Any:
        return super().preprocess_request()


def create_received(signal: NamedSignal) -> Flask:
    """An application in a process that has one receiver of that signal, whoever sends it."""
    signal.connect(_receiver)
    return create_plain()


def create_received_elsewhere() -> Flask:
    """A plain application beside one whose signal has a receiver."""
    request_started.connect(_receiver, _beside)
    return create_plain()


def _receiver(sender: Flask, **details: Any) -> None:
    pass


def create_matching_hosts() -> Flask:
    app = Flask(__name__, host_matching=True, static_folder=None)
    app.secret_key = SECRET_KEY
    app.add_url_rule("/", "index", _index, host="127.0.0.1:8000")
    return app


def create_matching_subdomains() -> Flask:
    app = Flask(__name__, subdomain_matching=True)
    app.secret_key = SECRET_KEY
    app.config["SERVER_NAME"] = "127.0.0.1:8000"
    app.add_url_rule("/", "index", _index)
    return app


def create_url_defaults() -> Flask:
    app = create_plain()
    app.url_defaults(lambda endpoint, values: None)
    return app


def create_url_value_preprocessor() -> Flask:
    app = create_plain()
    app.url_value_preprocessor(lambda endpoint, values: None)
    return app


class CustomRequest(Request):
    """A request class with one more property, as applications add them."""

    @property
    def is_htmx(self) -> bool:
        return "HX-Request" in self.headers


class CustomResponse(Response):
    default_mimetype = "text/html"


class CustomSessionInterface(SecureCookieSessionInterface):
    """One getter replaced, as for a cookie whose domain depends on the request."""

    def get_cookie_domain(self, app: Flask) -> str | None:
        return super().get_cookie_domain(app)


class UsesCustomRequest(Flask):
    request_class = CustomRequest


class UsesCustomResponse(Flask):
    response_class = CustomResponse


class UsesCustomSessionInterface(Flask):
    session_interface = CustomSessionInterface()


def create_blueprint() -> Flask:
    app = Flask(__name__)
    app.secret_key = SECRET_KEY
    blueprint = Blueprint("pages", __name__)
    blueprint.add_url_rule("/", "index", _index)
    app.register_blueprint(blueprint)
    return app


FACTORIES: dict[str, Callable[[], Flask]] = {
    "nothing-special": create_plain,
    "override-dispatch-request": lambda: create_plain(OverridesDispatchRequest),
    "override-make-response": lambda: create_plain(OverridesMakeResponse),
    "override-process-response": lambda: create_plain(OverridesProcessResponse),
    "override-full-dispatch-request": lambda: create_plain(OverridesFullDispatchRequest),
    "override-finalize-request": lambda: create_plain(OverridesFinalizeRequest),
    "override-preprocess-request": lambda: create_plain(OverridesPreprocessRequest),
    "receiver-request-started": lambda: create_received(request_started),
    "receiver-request-finished": lambda: create_received(request_finished),
    "receiver-request-tearing-down": lambda: create_received(tearing_down),
    "receiver-elsewhere": create_received_elsewhere,
    "matching-subdomains": create_matching_subdomains,
    "matching-hosts": create_matching_hosts,
    "url-defaults": create_url_defaults,
    "url-value-preprocessor": create_url_value_preprocessor,
    "blueprint": create_blueprint,
    "request-class": lambda: create_plain(UsesCustomRequest),
    "response-class": lambda: create_plain(UsesCustomResponse),
    "session-interface": lambda: create_plain(UsesCustomSessionInterface),
}
