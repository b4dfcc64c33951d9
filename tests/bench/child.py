"""`python -m tests.bench.child MODULE:FUNCTION JSON`: one timed part of a bench.

The answer is the last line of the output, so that nothing is imported, opened or
collected in the timed process but what it needs itself.
"""

import argparse
import json
import sys
from importlib import import_module

import django


def main(function: str, arguments: str) -> None:
    """Call a function of a module that needs Django; print its answer."""
    django.setup()
    module, _, name = function.partition(":")
    answer = getattr(import_module(module), name)(**json.loads(arguments))
    sys.stdout.write(f"{json.dumps(answer)}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.child", description=__doc__
    )
    parser.add_argument("function", metavar="MODULE:FUNCTION")
    parser.add_argument("arguments", metavar="JSON")
    main(**vars(parser.parse_args()))
