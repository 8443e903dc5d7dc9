"""The recorded seeds of the generators."""

from __future__ import annotations

from ..generators import scenarios
from ..harness import register

for identity, run in scenarios().items():
    register(identity, run)
