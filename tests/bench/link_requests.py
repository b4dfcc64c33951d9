"""Whether `/connect/` takes the same time for borrowers whom we know and others.

`python -m tests.bench.link_requests`: 200 posts of each, in turns, against a database
of its own; says both medians and their ratio.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

POSTS = 200


def main() -> None:
    """Print the two medians and how they compare."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "backoffice.settings",
            "DJANGO_DEBUG": "true",
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'posts.sqlite3'}",
            "DJANGO_ALLOWED_HOSTS": "testserver",
            "LOG_LEVEL": "ERROR",
        }
        known, unknown = measure()
    sys.stdout.write(
        f"known    {known * 1000:6.2f} ms\n"
        f"unknown  {unknown * 1000:6.2f} ms\n"
        f"ratio    {known / unknown:6.3f}\n"
    )


def measure() -> tuple[float, float]:
    """Return the median seconds of a post, known and unknown."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from tests.builders import make_company
    from xero_sync.portal import entry

    call_command("migrate", verbosity=0)
    company = make_company(reference="harbour")
    entry.A_MINUTE = 10 * POSTS
    pairs = {
        True: {"reference": "harbour", "email": company.contact_email},
        False: {"reference": "quayside", "email": company.contact_email},
    }
    taken: dict[bool, list[float]] = {True: [], False: []}
    browser = Client()
    for number in range(2 * POSTS):
        is_known = number % 2 == 0
        began = time.perf_counter()
        answer = browser.post("/connect/", pairs[is_known])
        taken[is_known].append(time.perf_counter() - began)
        assert answer.status_code == 303
    return statistics.median(taken[True]), statistics.median(taken[False])


if __name__ == "__main__":
    main()
