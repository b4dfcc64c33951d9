"""Print what is open: `python -m tests.asvs`."""

from tests.asvs.rows import Open
from tests.asvs.table import ANSWERS

for one in (row for row in ANSWERS if isinstance(row, Open)):
    print(f"{one.id:8} {one.asks}: {one.missing}")  # noqa: T201
