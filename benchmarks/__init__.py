"""Measurements of Hipflask against the original, its peers and a bare WSGI callable.

Run as modules from the repository's root: `python -m benchmarks.run`, `.sockets`, `.instructions`,
`.growth`, `.report`. Nothing here is part of the installed package.
"""
