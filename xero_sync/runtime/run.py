"""Which start of the product a process belongs to.

A run begins when this is first imported, at the start of a process, and is passed on to
what is forked from it: the workers of one cluster are one run, however often they are
replaced. A restored database is another run's: nothing in it was written by this one.
"""

from uuid import UUID, uuid4


class _Run:
    id = uuid4()


def current() -> UUID:
    """Return the id of the run that this process belongs to."""
    return _Run.id


def begin() -> UUID:
    """Begin another run, as a new start does."""
    _Run.id = uuid4()
    return _Run.id
