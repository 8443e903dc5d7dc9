"""Assert that the importable ``flask`` is Hipflask.

``import hipflask`` succeeds where it is, and raises :exc:`ImportError` where another package of
that name took its place. Put the line at the top of a program that relies on this implementation.
"""

import flask

__all__: list[str] = []

if getattr(flask, "__implementation__", None) != "Hipflask":
    raise ImportError(
        f"The importable 'flask' ({flask.__file__}) is not Hipflask: another distribution has"
        " replaced it. Install Hipflask again, and pin it as docs/install.md describes."
    )
