"""Executes programs: run by either interpreter, it reads one a line and answers each with a line.

python -m tests.differential.programs.server
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from .. import harness


def execute(text: str) -> dict[str, Any]:
    """Answer all that was observed of a program."""
    namespace: dict[str, Any] = {}
    exec(compile(text, "<program>", "exec"), namespace)
    return harness.observe("program", namespace["program"])


def main() -> None:
    # What a program prints must not get in the way of the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps(execute(json.loads(line)), sort_keys=True) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
