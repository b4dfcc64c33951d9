"""Search a schedule that catches each planted bug, and keep its seed."""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from tests.scenarios.planted.bugs import BUGS
from tests.scenarios.planted.copies import (
    DoesNotApply,
    copy_with,
    failing_seed,
    play,
)

SEEDS = Path(__file__).with_name("seeds.json")
MOST = 1_000
KEEPING = Lock()


def search(name: str) -> int | None:
    """The first seed up to the limit that catches a bug, if one does; it is kept."""
    try:
        with copy_with(BUGS[name]) as folder:
            begin = ("--from", str(BUGS[name].first), "--count", str(MOST))
            _, words = play(folder, *begin, "--stop")
    except DoesNotApply as exc:
        say(str(exc))
        return None
    seed = failing_seed(words)
    if seed is None and "schedules in" not in words:
        raise RuntimeError(f"{name}: {words[-2_000:]}")
    say(f"{name}: {seed or 'NOT CAUGHT'}")
    if seed is not None:
        _keep(name, seed)
    return seed


def _keep(name: str, seed: int) -> None:
    with KEEPING:
        seeds = json.loads(SEEDS.read_text()) if SEEDS.exists() else {}
        seeds[name] = seed
        kept = {name: seeds[name] for name in BUGS if name in seeds}
        SEEDS.write_text(json.dumps(kept, indent=2) + "\n")


def say(words: str) -> None:
    """Print at once, so that a long run shows how far it is."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Search for all bugs or for those named; 1 if one is not caught."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.scenarios.planted", description=__doc__
    )
    parser.add_argument(
        "--search",
        nargs="*",
        metavar="NAME",
        default=[],
        help="the bugs to catch; all if none is named",
    )
    parser.add_argument(
        "--jobs", type=int, default=2, help="searches at a time (default: %(default)s)"
    )
    given = parser.parse_args(arguments)
    names = given.search or list(BUGS)
    with ThreadPoolExecutor(given.jobs) as pool:
        found = list(pool.map(search, names))
    caught = sum(seed is not None for seed in found)
    say(f"{caught} of {len(found)} caught")
    return 0 if caught == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
