"""`application` for a server to load; BENCH_APPLICATION names it as `build_application` does."""

from __future__ import annotations

import os

from benchmarks.worker import build_application

application = build_application(os.environ["BENCH_APPLICATION"])
