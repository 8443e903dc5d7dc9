"""The URL map: Werkzeug's, with notification of changes."""

from __future__ import annotations

import typing as t

from werkzeug.routing import Map as BaseMap
from werkzeug.routing import RuleFactory

from ..pipeline.invalidation import Observable
from .tree import MAP_LOCK


class Map(Observable, BaseMap):
    """A URL map that notifies its observers of changes."""

    version = 0
    """Number that increases with each change."""

    def add(self, rulefactory: RuleFactory) -> None:
        """Add the rules of a factory and bind them to the map."""
        with MAP_LOCK:
            super().add(rulefactory)
        self._changed()

    def update(self) -> None:
        """Sort the rules if needed, before matching and building."""
        if self._remap:
            with MAP_LOCK:  # sorting takes a list's items away for a while
                super().update()

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        if name in _SETTINGS:
            self._changed()

    def _changed(self) -> None:
        self.__dict__["version"] = self.version + 1
        super()._changed()


_SETTINGS = {"default_subdomain", "host_matching", "merge_slashes", "redirect_defaults"}
"""Attributes that influence matching and building, besides the rules."""
