"""The URL map: Werkzeug's, which here says when it was added to."""

from __future__ import annotations

import typing as t

from werkzeug.routing import Map as BaseMap
from werkzeug.routing import RuleFactory

from ..sansio.registries import Generation


class Map(BaseMap):
    """A URL map whose changes move a generation."""

    generation: Generation | None = None
    """The application's, once the map is its ``url_map``."""

    version = 0
    """Moves with each change."""

    def add(self, rulefactory: RuleFactory) -> None:
        super().add(rulefactory)
        self._changed()

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        if name in _SETTINGS:
            self._changed()

    def _changed(self) -> None:
        self.version += 1
        if self.generation is not None:
            self.generation.move()


_SETTINGS = {"default_subdomain", "host_matching", "merge_slashes", "redirect_defaults"}
"""What a map's answers depend on beside its rules."""
