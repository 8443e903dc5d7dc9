"""Scenarios made up by chance: each kind turns a seed into an application and its use.

The same seed gives the same scenario on every interpreter, so its answer can be recorded;
a fresh seed is a question nobody has asked before.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from ..harness import Lab, Scenario
from . import contexts, pipeline, routing, settings, state, steps, values, wire

Kind = Callable[[Lab, random.Random], Any]
KINDS: dict[str, Kind] = {
    "routes": routing.routes,
    "hosts": routing.hosts,
    "building": routing.building,
    "pipeline": pipeline.pipeline,
    "steps": steps.steps,
    "registries": steps.registries,
    "returns": values.returns,
    "json": values.json_values,
    "wire": wire.wire,
    "bodies": wire.bodies,
    "settings": settings.settings,
    "session": state.session,
    "messages": state.messages,
    "contexts": contexts.contexts,
}
RECORDED = 50
"""How many seeds of each kind are recorded."""


def run(kind: str, seed: int, lab: Lab) -> Any:
    return KINDS[kind](lab, random.Random(f"{kind} {seed}"))


def scenarios(seeds: range = range(RECORDED)) -> dict[str, Scenario]:
    """Make the scenarios of all kinds for these seeds."""
    return {
        f"generated.{kind}[{seed}]": partial(run, kind, seed) for kind in KINDS for seed in seeds
    }
