"""Compare with the original where both have the same releases of their libraries.

    python .ci/compare_live.py PYTHON

PYTHON is an interpreter with the original installed. The committed records don't serve here, for
they are what it answered with the newest libraries.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.differential.check_oracle import ask, compare, report
from tests.differential.differences import reason_for
from tests.differential.run import observe_all

# Scenarios in which the original has a fault with old libraries only.
EXCUSED = {"cli_commands.help_page[--app own --help]": "click before 8.3 leaves a context pushed"}


def main() -> int:
    original, ours = ask(sys.argv[1], []), observe_all([])
    differing = [key for key in compare(original, ours) if key not in EXCUSED]
    unlisted = [key for key in differing if reason_for(key) is None]
    report("unlisted differences", unlisted, original, ours)
    print(f"{len(original)} scenarios compared")
    return int(bool(unlisted) or not original)


if __name__ == "__main__":
    sys.exit(main())
