"""Measure open WebSockets on uvicorn, beside the same on Starlette.

`python -m reliability.realtime` prints memory per open connection, CPU time of the server per echo,
and CPU time per message that a broadcast delivers. In each round both servers take turns several
times a second, so that what else the machine does falls on both. Needs starlette; `--record` keeps
the results for the report.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.environments import machine, today, write_json

from reliability.about import versions

from .served import ECHOED, FRAME, FRAMEWORKS, Pair, Server, close, serving
from .vanish import disappear

RESULTS = Path(__file__).parents[1] / "results" / "realtime.json"
PACKAGES = ("flask", "werkzeug", "starlette", "uvicorn", "uvloop", "websockets")
WHAT = ("memory", "echo", "broadcast")
UNITS = ("KiB a connection", "us an echo", "us a message of a broadcast")
CLIENTS = 20
TURN = 1000
"""Echoes in one turn of a server."""

Figures = tuple[float, float, float]


async def echo_for_a_while(pairs: list[Pair], count: int) -> None:
    async def talk(pair: Pair) -> None:
        reader, writer = pair
        for _ in range(count // len(pairs)):
            writer.write(FRAME)
            assert await reader.readexactly(len(ECHOED)) == ECHOED

    await asyncio.gather(*[talk(pair) for pair in pairs])


async def open_connections(server: Server, count: int) -> tuple[float, list[Pair]]:
    """Return memory per open connection, in KiB, and the connections."""
    await close([await server.connect("/listen") for _ in range(50)])  # imports, caches
    before = server.memory
    pairs: list[Pair] = []
    for _ in range(count // 50):
        pairs += await asyncio.gather(*[server.connect("/listen") for _ in range(50)])
    await asyncio.sleep(2)
    return (server.memory - before) / count / 1024, pairs


async def broadcast(pairs: list[Pair]) -> None:
    pairs[0][1].write(FRAME)
    for reader, _ in pairs:
        await reader.readexactly(len(ECHOED))


async def measure_echoes(servers: list[Server], count: int) -> list[float]:
    """Return the CPU time of an echo on each server, in microseconds."""
    talking = [[await server.connect("/echo") for _ in range(CLIENTS)] for server in servers]
    for pairs in talking:
        await echo_for_a_while(pairs, 4000)
    used = [0.0] * len(servers)
    for _ in range(count // TURN):
        for number, server in enumerate(servers):
            before = server.cpu
            await echo_for_a_while(talking[number], TURN)
            used[number] += server.cpu - before
    for pairs in talking:
        await close(pairs)
    return [seconds / (count // TURN * TURN) * 1e6 for seconds in used]


async def measure_crowds(servers: list[Server], options: argparse.Namespace) -> list[list[float]]:
    """Return, for each server, memory per connection and CPU time per message of a broadcast."""
    figures, crowds = [], []
    for server in servers:
        memory, pairs = await open_connections(server, options.connections)
        figures.append([memory, 0.0])
        crowds.append(pairs)
        await broadcast(pairs)
    for _ in range(options.broadcasts):
        for number, server in enumerate(servers):
            before = server.cpu
            await broadcast(crowds[number])
            figures[number][1] += server.cpu - before
    for pairs in crowds:
        await close(pairs)
    each = options.broadcasts * options.connections
    return [[memory, seconds / each * 1e6] for memory, seconds in figures]


def measure_round(options: argparse.Namespace, ws: str) -> dict[str, Figures]:
    """Return each framework's figures, from servers that are started for them."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(module, ws)) for module in FRAMEWORKS.values()]
        echoes = asyncio.run(measure_echoes(servers, options.echoes))
        crowds = asyncio.run(measure_crowds(servers, options))
    return {
        name: (memory, echo, message)
        for name, echo, (memory, message) in zip(FRAMEWORKS, echoes, crowds, strict=True)
    }


def measure(options: argparse.Namespace, ws: str) -> dict[str, Any]:
    """Return the figures of all rounds, and how ours compare with the other's."""
    rounds: list[dict[str, Figures]] = []
    for _ in range(options.rounds):
        rounds.append(measure_round(options, ws))
        for name, figures in rounds[-1].items():
            words = [f"{value:.2f} {unit}" for value, unit in zip(figures, UNITS, strict=True)]
            print(f"{name}: {', '.join(words)}", file=sys.stderr, flush=True)
    ours, other = FRAMEWORKS
    found: dict[str, Any] = {"ws": ws}
    for number, what in enumerate(WHAT):
        ratios = [figures[ours][number] / figures[other][number] for figures in rounds]
        low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        found[what] = {
            **{name: median(figures[name][number] for figures in rounds) for name in FRAMEWORKS},
            "ratio": median(ratios),
            "quartiles": [low, high],
        }
        print(f"{ws}, {what}: {median(ratios):.3f} of {other}'s ({low:.3f} to {high:.3f})")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="reliability.realtime", description=__doc__)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--echoes", type=int, default=40_000)
    parser.add_argument("--broadcasts", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--vanish", type=int, default=10_000, help="clients that vanish")
    parser.add_argument("--ws", nargs="*", default=["websockets", "websockets-sansio"])
    parser.add_argument("--record", action="store_true", help="keep the results")
    options = parser.parse_args()
    results = {
        "kind": "realtime",
        "date": today(),
        "machine": machine(),
        "versions": versions(sys.executable, PACKAGES),
        "plan": {name: vars(options)[name] for name in ("connections", "echoes", "rounds")},
        "servers": [measure(options, ws) for ws in options.ws],
        "vanished": [disappear(options.vanish, ws) for ws in options.ws],
    }
    for row in results["vanished"]:
        print(f"{row['ws']}, {row['clients']} vanish: {row['before']} -> {row['after']}")
    if options.record:
        write_json(RESULTS, results)


if __name__ == "__main__":
    main()
