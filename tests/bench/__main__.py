"""`python -m tests.bench`: every bench with its own sizes, on both stores."""

import sys

from tests.bench import api, history, limits, push, recording


def main() -> int:
    """Run all of them, one after the other; 1 if any bar was missed."""
    missed = [bench.main([]) for bench in (push, limits, history, recording, api)]
    return int(any(missed))


if __name__ == "__main__":
    sys.exit(main())
