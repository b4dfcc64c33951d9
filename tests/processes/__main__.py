"""Kill the processes of the running product, and see that nothing is lost or twice."""

import argparse
import signal
import sys
from functools import partial

from tests.processes.play import play


def main() -> int:
    """Run on one store or on both; 0 if nothing is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.processes", description=__doc__
    )
    parser.add_argument(
        "--kills", type=int, default=200, help="how many (default: %(default)s)"
    )
    parser.add_argument(
        "--store",
        choices=("sqlite", "postgres"),
        help="the database; both, half the kills each, if none is named",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="of the dice (default: %(default)s)"
    )
    given = parser.parse_args()
    # Told to end, it still ends its processes and takes its files away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    stores = [given.store] if given.store else ["sqlite", "postgres"]
    say = partial(print, flush=True)
    is_wrong = False
    for number, store in enumerate(stores):
        # An odd kill goes to the first store.
        kills = (given.kills + len(stores) - 1 - number) // len(stores)
        say(f"=== {store}, seed {given.seed}")
        verdict = play(
            store,
            kills=kills,
            seed=given.seed,
            say=say,
        )
        say(str(verdict))
        is_wrong |= bool(verdict.wrong)
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
