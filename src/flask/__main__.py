"""``python -m flask``: the ``flask`` command for the interpreter that runs it."""

from __future__ import annotations

from .cli import main

main()
