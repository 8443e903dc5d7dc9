"""The signals that an application sends, as :class:`blinker.NamedSignal` objects.

They are listed in the order of a request: its context is pushed, it starts, a template is rendered,
it finishes or fails, and its contexts are torn down.

>>> from flask import Flask, request_finished
>>> app = Flask("shop", static_folder=None)
>>> statuses = []
>>> def note(sender, response, **extra):
...     statuses.append(response.status_code)
>>> with request_finished.connected_to(note, app):
...     response = app.test_client().get("/missing")
>>> statuses
[404]
"""

from __future__ import annotations

import typing as t

from blinker import Namespace as Namespace

if t.TYPE_CHECKING:
    from blinker import NamedSignal

_signals = Namespace()


def _declare(name: str) -> NamedSignal:
    return _signals.signal(name)


appcontext_pushed = _declare("appcontext-pushed")
"""Sent when an application context becomes current."""

request_started = _declare("request-started")
"""Sent before the first hook of a request."""

before_render_template = _declare("before-render-template")
"""Sent with ``template`` and ``context`` before rendering."""

template_rendered = _declare("template-rendered")
"""Sent with ``template`` and ``context`` after rendering."""

message_flashed = _declare("message-flashed")
"""Sent with ``message`` and ``category`` by :func:`flask.flash`."""

got_request_exception = _declare("got-request-exception")
"""Sent with an unhandled ``exception``."""

request_finished = _declare("request-finished")
"""Sent with the ``response`` before it goes to the server."""

request_tearing_down = _declare("request-tearing-down")
"""Sent after the teardown functions of a request, with ``exc``."""

appcontext_tearing_down = _declare("appcontext-tearing-down")
"""Sent after the teardown functions of an application context, with ``exc``."""

appcontext_popped = _declare("appcontext-popped")
"""Sent when an application context is no longer current."""
