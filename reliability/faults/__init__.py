"""Faults on real servers: what is done, and what must hold.

`python -m reliability.faults` runs every case on the interpreter given by `--python`; a case
knows nothing of which `flask` is installed there.
"""
