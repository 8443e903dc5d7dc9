"""Every scenario once more, with one thing added that does nothing.

A step of the pipeline that an application replaces by one that calls the inherited step, or a
receiver connected to a signal, must not change what anybody observes.  Which step and which
signal a scenario gets follows from its name; together the scenarios meet them all.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from typing import Any

import flask
import flask.signals

from .harness import SIGNALS, Lab

STEPS = (
    "wsgi_app",
    "request_context",
    "app_context",
    "create_url_adapter",
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "finalize_request",
    "make_response",
    "process_response",
    "handle_user_exception",
    "handle_http_exception",
    "handle_exception",
    "log_exception",
    "raise_routing_exception",
    "make_default_options_response",
    "ensure_sync",
    "do_teardown_request",
    "do_teardown_appcontext",
    "inject_url_defaults",
)


def of(names: tuple[str, ...], identity: str) -> str:
    """Choose one of the names by a scenario's id, the same one each time."""
    return names[zlib.crc32(identity.encode()) % len(names)]


def calls_inherited(name: str) -> Callable[..., Any]:
    """Make a method that does what :class:`flask.Flask` does in this step."""
    inherited = getattr(flask.Flask, name)

    @functools.wraps(inherited, updated=())
    def step(self: flask.Flask, *args: Any, **kwargs: Any) -> Any:
        return inherited(self, *args, **kwargs)

    del step.__wrapped__  # type: ignore[attr-defined]
    return step


def subclassed(lab: Lab) -> None:
    """Put a subclass with one overridden step in the place of ``flask.Flask``."""
    name = of(STEPS, lab.identity)
    names = {key: getattr(flask.Flask, key) for key in ("__module__", "__qualname__", "__doc__")}
    overriding = type("Flask", (flask.Flask,), {name: calls_inherited(name), **names})
    lab.patch(flask, "Flask", overriding)


def patched(lab: Lab) -> None:
    """Replace one step on the class ``flask.Flask`` itself."""
    name = of(STEPS, lab.identity)
    lab.patch(flask.Flask, name, calls_inherited(name))


def received(lab: Lab) -> None:
    """Connect a receiver to one signal, whoever sends it."""
    signal = getattr(flask.signals, of(SIGNALS, lab.identity))

    def receiver(sender: Any, **values: Any) -> None:
        pass

    lab.exit.enter_context(signal.connected_to(receiver))


VARIANTS: dict[str, Callable[[Lab], None]] = {
    "subclassed": subclassed,
    "patched": patched,
    "received": received,
}
