"""Hostile input: what attackers send, tried on an application, on all that the framework reads.

``python -m reliability.hostile`` runs it on whatever is installed as ``flask``; ``tests/hostile``
runs a short form of it.
"""
