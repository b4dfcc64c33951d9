"""Run the benches one after the other, each with its own sizes, on both stores."""

import argparse
import sys

from tests.bench import api, history, limits, push, recording

BENCHES = {
    "push": push,
    "limits": limits,
    "history": history,
    "recording": recording,
    "api": api,
}


def main() -> int:
    """Run all of them, or those named; 1 if any bar was missed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog="python -m tests.bench.NAME --help tells what one of them measures.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"which: {', '.join(BENCHES)}; all if none is named",
    )
    names = parser.parse_args().names
    if unknown := sorted({*names} - {*BENCHES}):
        parser.error(f"no bench is called {', '.join(unknown)}")
    missed = [BENCHES[name].main([]) for name in names or BENCHES]
    return int(any(missed))


if __name__ == "__main__":
    sys.exit(main())
