"""Serve `benchmarks.served` by Bjoern, which has no command line; the arguments: host and port."""

from __future__ import annotations

import sys

import bjoern

from benchmarks.served import application

if __name__ == "__main__":
    bjoern.run(application, sys.argv[1], int(sys.argv[2]))
