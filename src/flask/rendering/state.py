"""State shared by the templates of one environment."""

from __future__ import annotations

import typing as t
from collections import OrderedDict, deque
from weakref import ref

from jinja2 import Environment, Undefined

if t.TYPE_CHECKING:
    from .pending import Pending
    from .template import ApplicationTemplate

_NAME = "_rendering_state"


class State:
    """Goes with its environment."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.undefined: type[Undefined] = environment.undefined
        self.helpers: tuple[t.Any, ...] | None = None
        """Helpers that the functions that append call while they render."""
        self.compiling: OrderedDict[str, Pending] = OrderedDict()
        """Trees of templates that are being compiled."""
        self.waiting: deque[ref[ApplicationTemplate]] = deque()
        """Templates that have a tree, those that wait longest first."""


def state_of(environment: Environment) -> State:
    """Return the state of an environment."""
    attributes = vars(environment)
    state = attributes.get(_NAME)
    # An overlay gets the attributes of its environment.
    if not isinstance(state, State) or state.environment is not environment:
        state = attributes[_NAME] = State(environment)
    return state
