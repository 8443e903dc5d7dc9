"""The Windowsill: a small shop for potted plants, on the extensions that most shops would use."""

from .app import create_app

__all__ = ["create_app"]
