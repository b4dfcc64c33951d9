"""Compare what is stored with its seals, and the seals with each other."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from lending.models import Seal
from lending.seals import chain
from lending.seals.sealing import unsealed
from lending.seals.tables import SealedTable, lines

ALTERED = "it was altered"
GONE = "it is gone"
NEVER_SEALED = "it is of a sealed day, and no seal holds it"
CAME_LATER = "it was stored after its day had been sealed"


@dataclass(frozen=True, order=True)
class Finding:
    """Something that is not as it was sealed: its day, table and key, and what."""

    day: date
    table: str
    key: str
    what: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.day} {self.table} {self.key}: {self.what}"


@dataclass
class Report:
    """What was compared, what is broken, and what is worth a look, each by day."""

    rows: int = 0
    seals: int = 0
    day: date | None = None
    head: str = ""
    heads: set[str] = field(default_factory=set)
    broken: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)


def check(*, since: date | None = None) -> Report:
    """Compare all seals with each other, and with the rows of a day or later.

    It reads everything that was sealed, a thousand rows at a time, and changes nothing.
    """
    report = Report()
    _check_chain(report)
    seals = Seal.objects.filter(day__gte=since) if since else Seal.objects.all()
    for seal in seals.order_by("day", "number").iterator(chunk_size=20):
        report.rows += seal.rows
        for finding in _of_rows(seal):
            note = finding.what == CAME_LATER
            (report.notes if note else report.broken).append(finding)
    whole = seals.filter(is_last=True).values_list("table", "day")
    for label, day in whole.order_by("day", "table"):
        report.broken += [
            Finding(day, label, key, NEVER_SEALED)
            for key in unsealed(SealedTable(label), day)
        ]
    report.broken.sort()
    report.notes.sort()
    return report


def _check_chain(report: Report) -> None:
    known = {chain.key_id(key): key for key in chain.our_keys()}
    before, expected = chain.BEFORE_THE_FIRST, 1
    last = None
    for seal in Seal.objects.order_by("number").iterator(chunk_size=20):
        said = _of_chain(seal, before, expected, known.get(seal.key_id))
        report.broken += [_of_seal(seal, what) for what in said]
        before, expected, last = seal.chain, seal.number + 1, seal
        report.heads.add(seal.chain)
        report.seals += 1
        if seal.is_last:
            report.day = max(report.day or seal.day, seal.day)
    if last is not None:
        report.head = last.chain
        if last.key_id not in known:
            words = "no key of FIELD_ENCRYPTION_KEYS made it"
            report.broken.append(_of_seal(last, words))


def _of_chain(
    seal: Seal, before: str, expected: int, key: bytes | None
) -> Iterator[str]:
    if seal.number != expected:
        yield f"seals {expected} to {seal.number - 1} are gone"
    if seal.chain != chain.link(seal, before):
        yield "it was altered, or what came before it"
    elif key and not hmac.compare_digest(seal.mac, chain.mac(key, seal.chain)):
        yield "it was not made with our key"


def _of_seal(seal: Seal, what: str) -> Finding:
    return Finding(seal.day, "lending.seal", str(seal.number), what)


def _of_rows(seal: Seal) -> Iterator[Finding]:
    """Compare the rows of a seal with what it says of them."""
    sealed = dict(line.split()[:2] for line in seal.body.splitlines())
    table = SealedTable(seal.table)
    if not table.is_known:
        yield Finding(seal.day, seal.table, "", "there is no such table")
        return
    if dropped := set(seal.columns) - set(table.columns):
        words = f"it has no column {', '.join(sorted(dropped))} any more"
        yield Finding(seal.day, seal.table, "", words)
        return
    found = dict(lines(table.rows().filter(pk__in=list(sealed)), seal.columns))
    for key, hashed in sealed.items():
        if key not in found:
            yield Finding(seal.day, seal.table, key, GONE)
        elif found[key] != hashed:
            yield Finding(seal.day, seal.table, key, ALTERED)
        elif seal.is_late:
            yield Finding(seal.day, seal.table, key, CAME_LATER)
