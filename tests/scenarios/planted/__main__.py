"""Search a schedule that catches each planted bug, and keep its seed."""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.scenarios.planted.bugs import BUGS
from tests.scenarios.planted.copies import copy_with, failing_seed, play

SEEDS = Path(__file__).with_name("seeds.json")
MOST = 1_000


def search(name: str) -> int | None:
    """The first seed up to the limit that catches a bug, if one does."""
    with copy_with(BUGS[name]) as folder:
        _, words = play(folder, "--from", "1", "--count", str(MOST), "--stop")
    if "schedules in" not in words:
        raise RuntimeError(f"{name}: {words[-2_000:]}")
    seed = failing_seed(words)
    print(f"{name}: {seed or 'NOT CAUGHT'}", flush=True)
    return seed


def main(arguments: list[str] | None = None) -> int:
    """Search for all bugs or for those named; 1 if one is not caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.planted")
    parser.add_argument("--search", nargs="*", metavar="NAME", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args(arguments)
    names = given.search or list(BUGS)
    with ThreadPoolExecutor(given.jobs) as pool:
        found = dict(zip(names, pool.map(search, names), strict=True))
    seeds = json.loads(SEEDS.read_text()) if SEEDS.exists() else {}
    seeds |= {name: seed for name, seed in found.items() if seed is not None}
    kept = {name: seeds[name] for name in BUGS if name in seeds}
    SEEDS.write_text(json.dumps(kept, indent=2) + "\n")
    caught = sum(seed is not None for seed in found.values())
    print(f"{caught} of {len(found)} caught")
    return 0 if caught == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
