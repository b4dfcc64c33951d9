"""Run schedules: one seed with its story, or many with a count of what failed."""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.scenarios.runs import play, prepare, run_group, tell

CHUNK = 25
CHUNK_TO_STOP_AFTER = 2


def say(words: str) -> None:
    """Print at once, so that a long run shows how far it is."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; 1 if a schedule failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.scenarios", description=__doc__
    )
    parser.add_argument("--seed", type=int, help="replay this one and tell its story")
    parser.add_argument("--seeds", type=int, nargs="+", help="run these")
    parser.add_argument("--from", dest="first", type=int, default=1, help="first seed")
    parser.add_argument(
        "--count",
        type=int,
        default=100,
        help="how many schedules (default: %(default)s)",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=1,
        help="processes that share them (default: %(default)s)",
    )
    parser.add_argument("--stop", action="store_true", help="stop at the first failure")
    given = parser.parse_args(arguments)
    if given.seed is not None:
        return _replay(given.seed)
    seeds = given.seeds or list(range(given.first, given.first + given.count))
    return _run_many(seeds, given.jobs, stop=given.stop)


def _replay(seed: int) -> int:
    prepare()
    verdict = play(seed)
    say(tell(verdict))
    return 0 if verdict.holds else 1


def _run_many(seeds: list[int], jobs: int, *, stop: bool) -> int:
    started = time.perf_counter()
    failed: list[tuple[int, str]] = []
    done = 0
    chunk = CHUNK_TO_STOP_AFTER if stop else CHUNK
    for found, count in _chunks(seeds, jobs, chunk):
        done += count
        failed += found
        for _, words in found[: max(0, 3 - len(failed) + len(found))]:
            say(words)
        if failed and stop:
            break
    spent = time.perf_counter() - started
    say(f"{done} schedules in {spent:.0f} s, {len(failed)} failed")
    for seed, _ in failed:
        say(f"  python -m tests.scenarios --seed {seed}")
    return 1 if failed else 0


def _chunks(seeds: list[int], jobs: int, chunk: int):
    groups = [seeds[at : at + chunk] for at in range(0, len(seeds), chunk)]
    if jobs == 1:
        prepare()
        yield from map(run_group, groups)
        return
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=prepare
    ) as pool:
        try:
            yield from pool.map(run_group, groups)
        finally:
            pool.shutdown(cancel_futures=True)


def same_hashes() -> None:
    """Start again with fixed hashes: the order of sets must follow from the seed."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        arguments = [sys.executable, "-m", "tests.scenarios", *sys.argv[1:]]
        os.execv(sys.executable, arguments)


if __name__ == "__main__":
    same_hashes()
    sys.exit(main())
