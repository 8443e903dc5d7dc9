"""Hipflask under load, through faults and against hostile input, on real servers.

Run as modules from the repository's root: `python -m reliability.load`, `.faults`, `.report`.
Nothing here is part of the installed package.
"""
