"""Whatever a command does leaves one entry, or says why it leaves none."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import get_commands

from backoffice.users.roles import synchronise
from lending.management.base import at_the_keyboard
from lending.models import AuditEntry
from tests.backoffice.trail import acts
from tests.backoffice.trail.acts import LOOKS, TIMELINE
from tests.builders import make_company
from tests.xero_sync.commands.worlds import run

pytestmark = pytest.mark.django_db

OURS = ("backoffice", "lending", "xero_sync")
OWN = "a recorded event is its own audit row"
RUNS = "it does what a worker does by itself; nobody decides anything"
NONE = {
    "record_event": OWN,
    "reverse_event": OWN,
    "decide": TIMELINE,
    "after_restore": "each of its acts has a test in tests/xero_sync/commands",
    "connections": LOOKS,
    "sync_status": "it only reads",
    "verify": "it only reads",
    "seal": RUNS,
    "database_role": "the database's own log has who changed its roles",
    "retention": "tests/backoffice/test_retention.py",
    "reseal": "tests/backoffice/test_resealing.py",
    "xero_app": LOOKS,
    "deliver_webhooks": RUNS,
    "push_drain": RUNS,
    "send_mails": RUNS,
    "demo": "it starts the whole product on data of its own",
    "api_sandbox": "it starts the whole product on data of its own",
    "codat_sandbox": "it serves a false Codat",
}


def create_loan(_codat):
    make_company(reference="acme")
    agreed = ["L-1", "--company=acme", "--agreed-on=2026-03-02"]
    return [
        *agreed,
        "--invoice-number=I-1",
        "--invoice-amount=1000",
        "--debtor=Northgate",
    ]


def writeback(codat):
    codat.ready()
    return ["harbour", "off"]


def choose_accounts(codat):
    codat.ready()
    return ["harbour", "--tax-rate=INPUT2", "--tax-percent=20"]


def import_codat_company(codat):
    make_company(reference="harbour")
    return ["harbour", f"--codat-company={codat.company_id}"]


def api_key(_codat):
    return ["create", "--name=loan-system", "--scopes=events:read"]


def export_borrower(_codat):
    make_company(reference="acme")
    return ["acme"]


def revoke(codat):
    return ["revoke", acts.key(codat).prefix]


def codat_webhooks(_codat):
    return ["--create"]


def roles(_codat):
    synchronise()
    Group.objects.get(name="viewer").permissions.clear()
    return []


COMMANDS = {
    "roles": (roles, "group.changed"),
    "export_borrower": (export_borrower, "company.exported"),
    "create_loan": (create_loan, "loan.created"),
    "writeback": (writeback, "connection.writeback_off"),
    "choose_accounts": (choose_accounts, "connection.accounts_chosen"),
    "import_codat_company": (import_codat_company, "connection.made"),
    "api_key": (api_key, "api_key.made"),
    "api_key revoke": (revoke, "api_key.revoked"),
    "codat_webhooks": (codat_webhooks, "codat.webhook_registered"),
}


def test_every_command_leaves_an_entry_or_says_why_it_leaves_none():
    ours = {name for name, app in get_commands().items() if app in OURS}
    acting = {name.partition(" ")[0] for name in COMMANDS}

    assert ours == acting | NONE.keys()
    assert not acting & NONE.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_leaves_one_entry(name, codat, capsys):
    arguments, leaves = COMMANDS[name]
    typed = arguments(codat)
    before = set(AuditEntry.objects.values_list("pk", flat=True))

    run(name.partition(" ")[0], *typed)

    done = AuditEntry.objects.exclude(pk__in=before).get()
    assert (done.verb, done.actor) == (leaves, at_the_keyboard())
    assert done.request_id
    assert done.address is None
