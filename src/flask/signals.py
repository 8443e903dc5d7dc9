"""The signals an application sends.

They are blinker signals.  Connecting a receiver tells the applications so, because an
application that serves without receivers leaves the sending out of its compiled pipeline.
"""

from __future__ import annotations

import typing as t

from blinker import ANY, NamedSignal
from blinker import Namespace as Namespace

from .watch import move_all

F = t.TypeVar("F", bound=t.Callable[..., t.Any])


class LifecycleSignal(NamedSignal):
    """A named signal that has running applications notice a new receiver."""

    def connect(self, receiver: F, sender: t.Any = ANY, weak: bool = True) -> F:
        connected = super().connect(receiver, sender, weak)
        move_all()
        return connected


template_rendered = NamedSignal("template-rendered")
before_render_template = NamedSignal("before-render-template")
request_started = LifecycleSignal("request-started")
request_finished = LifecycleSignal("request-finished")
request_tearing_down = LifecycleSignal("request-tearing-down")
got_request_exception = NamedSignal("got-request-exception")
appcontext_tearing_down = LifecycleSignal("appcontext-tearing-down")
appcontext_pushed = LifecycleSignal("appcontext-pushed")
appcontext_popped = LifecycleSignal("appcontext-popped")
message_flashed = NamedSignal("message-flashed")
