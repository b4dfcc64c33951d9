"""What must hold of the books and of the runs, whatever happened to a setup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.conf import settings

from lending.models import AuditEntry
from tests.scenarios.setups.newcomers import Newcomer
from xero_sync.models import AccountSetup
from xero_sync.models.setups import SetupState, StepState


def made_twice(borrower: Newcomer) -> Iterator[str]:
    """What stands more than once in the sandbox's books, or at its bank feeds."""
    organisation = borrower.books._organisation
    accounts = [one.name for one in organisation.accounts.values()]
    lender = [one for one in accounts if one.startswith(settings.LENDER_NAME)]
    found = Counter({"lender accounts": len(lender)})
    found["suppliers"] = sum(
        one.name == settings.LENDER_NAME for one in organisation.contacts.values()
    )
    found["source accounts"] = len(borrower.books.source_accounts)
    for code in ("478", "479"):
        found[f"fee accounts {code}"] = accounts.count(f"Finance fees {code}")
    for what, count in found.items():
        if count > 1:
            yield f"{borrower.organisation}: {count} {what}"


def ended(run: AccountSetup) -> Iterator[str]:
    """Every run ends done, given up, or stopped with a reason."""
    if run.state == SetupState.RUNNING:
        steps = [f"{one.kind} {one.state} {one.due_at}" for one in run.steps.all()]
        yield f"a run does not come to an end: {steps}"
    stopped = AuditEntry.objects.filter(verb="setup.stopped", object_key=run.pk)
    if run.state == SetupState.GIVEN_UP and not stopped.exists():
        yield "a run that was under way was given up"
    if run.state == SetupState.DONE:
        if run.steps.exclude(state=StepState.DONE).exists():
            yield "a run is done and its steps are not"
        if run.steps.filter(record_id="").exists():
            yield "a run is done and does not know what it made"


def broken(borrower: Newcomer) -> Iterator[str]:
    """What is wrong once everything has come to rest."""
    yield from made_twice(borrower)
    for run in borrower.connection.setups.all():
        yield from ended(run)
    mapping = borrower.connection.mappings.order_by("version").last()
    if mapping is None:
        yield f"{borrower.organisation}: nothing is chosen in the end"
        return
    organisation = borrower.books._organisation
    account = organisation.accounts.get(mapping.expense_account_id)
    if account is None or account.code != borrower.accepted[-1]:
        yield f"chosen was {borrower.accepted}, and stored {account and account.code}"
    if mapping.supplier_id not in organisation.contacts:
        yield "the supplier that is stored is not in Xero"
    if mapping.lender_target_account_id not in organisation.accounts:
        yield "the lender account that is stored is not in Xero"
    for source_id in borrower.books.source_accounts:
        target_id = borrower.books.feed(source_id)["targetAccountId"]
        if target_id not in {None, mapping.lender_target_account_id}:
            yield "a feed leads to another account than the one that is stored"
