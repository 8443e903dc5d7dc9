"""The signals an application sends.

They are blinker signals.  Those around a request tell the applications when a receiver is
connected, because an application that serves without receivers leaves the sending out.
"""

from __future__ import annotations

from blinker import Namespace as Namespace

from .sansio.registries import watched_signal

_signals = Namespace()

template_rendered = _signals.signal("template-rendered")
before_render_template = _signals.signal("before-render-template")
got_request_exception = _signals.signal("got-request-exception")
message_flashed = _signals.signal("message-flashed")

request_started = watched_signal("request-started")
request_finished = watched_signal("request-finished")
request_tearing_down = watched_signal("request-tearing-down")
appcontext_pushed = watched_signal("appcontext-pushed")
appcontext_tearing_down = watched_signal("appcontext-tearing-down")
appcontext_popped = watched_signal("appcontext-popped")
