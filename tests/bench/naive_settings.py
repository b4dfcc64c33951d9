"""The product's settings, but django-q2 as it comes."""

from backoffice.settings import *  # noqa: F403

Q_CLUSTER = {
    "name": "naive",
    "orm": "default",
    "workers": 2,
    # It warns without these two; the rest is its default (bulk 1, save_limit 250).
    "timeout": 60,
    "retry": 120,
    # The product's own schedules are no part of the comparison.
    "scheduler": False,
}
