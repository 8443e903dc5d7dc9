"""Run scenarios on whatever ``flask`` this interpreter has, and write down what was seen.

python -m tests.differential.run --out FILE [topic ...]
python -m tests.differential.run --record [topic ...]     (the original only)
python -m tests.differential.run --show ID
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import random
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RECORDS = Path(__file__).parent / "records"
Observations = dict[str, dict[str, Any]]


def dump(observations: Mapping[str, Any]) -> str:
    """Write observations as sorted JSON with one scenario a line, so that changes read well."""
    lines = [
        f"{json.dumps(key)}: {json.dumps(observations[key], sort_keys=True, ensure_ascii=True)}"
        for key in sorted(observations)
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def observe_all(
    topics: Iterable[str],
    shuffle: int | None = None,
    fresh: range | None = None,
    variant: str | None = None,
) -> Observations:
    """Run the scenarios of these topics (of all), or the generators on fresh seeds."""
    from . import generators, harness, variants

    prepare = variants.VARIANTS[variant] if variant else None
    made = harness.load(topics) if fresh is None else generators.scenarios(fresh)
    scenarios = list(made.items())
    if shuffle is not None:
        random.Random(shuffle).shuffle(scenarios)
    return {key: harness.observe(key, run, prepare) for key, run in scenarios}


def by_topic(observations: Observations) -> dict[str, Observations]:
    groups: dict[str, Observations] = {}
    for key, value in observations.items():
        groups.setdefault(key.partition(".")[0], {})[key] = value
    return groups


def recorded(topics: Iterable[str] = ()) -> Observations:
    """Read the committed answers of the original."""
    wanted = set(topics)
    found: Observations = {}
    for path in sorted(RECORDS.glob("*.json")):
        if not wanted or path.stem in wanted:
            found |= json.loads(path.read_text())
    return found


def is_original() -> bool:
    """Tell whether the installed ``flask`` is the release the records are taken from."""
    return importlib.metadata.version("flask") == "3.1.3"


def find(identity: str) -> Any:
    """Answer the scenario of this id, be it of a seed that isn't recorded."""
    from . import generators, harness

    if identity.startswith("generated."):
        seed = int(identity.rpartition("[")[2].rstrip("]"))
        return generators.scenarios(range(seed, seed + 1))[identity]
    return harness.load([identity.partition(".")[0]])[identity]


def seeds(text: str) -> range:
    """Read ``FIRST:COUNT``."""
    first, _, count = text.partition(":")
    return range(int(first), int(first) + int(count))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.run")
    parser.add_argument("topics", nargs="*")
    parser.add_argument("--out", type=Path, help="write the observations to this file")
    parser.add_argument("--record", action="store_true", help="write them as the records")
    parser.add_argument("--show", action="append", default=[], help="print these scenarios")
    parser.add_argument("--shuffle", type=int, help="run in a random order of this seed")
    parser.add_argument("--variant", help="with a step replaced or a receiver connected")
    parser.add_argument("--fresh", type=seeds, help="run the generators on FIRST:COUNT seeds")
    options = parser.parse_args(arguments)
    if options.record and options.fresh:
        parser.error("fresh seeds are not recorded")
    if options.show:
        os.environ["DIFFERENTIAL_TRACE"] = "1"
        from . import harness

        for key in options.show:
            print(json.dumps(harness.observe(key, find(key)), indent=2))
        return 0
    if options.record and not is_original():
        parser.error("only the original's answers are recorded, and this isn't flask 3.1.3")
    observations = observe_all(options.topics, options.shuffle, options.fresh, options.variant)
    if options.out:
        options.out.write_text(dump(observations))
    if options.record:
        RECORDS.mkdir(exist_ok=True)
        for topic, answers in by_topic(observations).items():
            (RECORDS / f"{topic}.json").write_text(dump(answers))
    print(f"{len(observations)} scenarios", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
