"""Every act of the admin: on what it is done here, and what it leaves on the trail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from backoffice.api_keys.services import create_key
from backoffice.models import Authenticator, WebhookDelivery
from backoffice.webhooks import services as webhooks
from tests.builders import make_company, make_loan
from tests.strays import hold_for
from tests.xero_sync.commands.worlds import Codat, record_drawdown, record_of, set_up
from tests.xero_sync.partner_programme.acts import certify, give_links
from xero_sync.borrowers import links, notices
from xero_sync.connections import switches
from xero_sync.models import (
    BorrowerNotice,
    Connection,
    LenderAccount,
    PartnerProgramme,
    XeroApp,
)
from xero_sync.models.programme import Preparation
from xero_sync.partner_programme import acts
from xero_sync.partner_programme.checkpoint_list import LENDING
from xero_sync.xero_app import keys

TODAY = timezone.localdate()
STRAY = 71
SECRET = "aB3-dE6_gH9jK2mN5pQ8sT1vW4yZ7-bC0_eF3hI6kL9nO2q"
WHO = {"author": "user:bert", "now": timezone.now()}


@dataclass(frozen=True)
class Act:
    """What is done, with what is typed, and the verbs that it leaves."""

    on: Callable[[Codat], Model]
    leaves: str
    typed: dict[str, Any] = field(default_factory=dict)
    # What follows from it, each with an entry of its own.
    then: tuple[str, ...] = ()


def endpoint(_: Any = None) -> Model:
    now = timezone.now()
    url = "https://hooks.example.com/finance"
    return webhooks.create_endpoint(url=url, created_by="user:bert", now=now)[0]


def disabled(_: Any) -> Model:
    return webhooks.disable_endpoint(endpoint=endpoint(), now=timezone.now())


def delivery(_: Any) -> Model:
    made = webhooks.send_test(endpoint=endpoint(), now=timezone.now())
    WebhookDelivery.objects.update(next_attempt_at=None, given_up_at=timezone.now())
    return made


def key(_: Any) -> Model:
    made, _text = create_key(
        client_name="loan-system", scopes=["events:read"], now=timezone.now()
    )
    return made


def given_up(_: Any) -> Model:
    now = timezone.now()
    notices.tell(company=make_company(), kind="link", subject="asked", now=now)
    BorrowerNotice.objects.update(given_up_at=now)
    return BorrowerNotice.objects.get()


def with_second_factor(_: Any) -> Model:
    user = User.objects.create_user("bert", is_staff=True)
    Authenticator.objects.create(
        user=user, name="app", sealed_key=Authenticator.new_key()
    )
    return user


def failed(_: Any) -> Model:
    user = User.objects.create_user("bert", is_staff=True)
    Client().post("/admin/login/", {"username": "bert", "password": "wrong"})
    return user


def company(_: Any) -> Model:
    return make_company()


def link(_: Any) -> Model:
    now = timezone.now()
    return links.hand_out(company=make_company(), by="user:bert", now=now)[0]


def loan(_: Any) -> Model:
    return make_loan()


def adopted(codat: Codat) -> Model:
    return codat.adopt()


def ready(codat: Codat) -> Model:
    return codat.ready()


def switched_off(codat: Codat) -> Model:
    now = timezone.now()
    connection = codat.ready()
    return switches.switch_writeback(
        connection=connection, on=False, switched_by="user:bert", now=now
    )


def changed(codat: Codat) -> Model:
    Connection.objects.filter(pk=codat.adopt().pk).update(organisation_changed=True)
    return Connection.objects.get()


def held(codat: Codat) -> Model:
    connection = codat.ready()
    record = record_of(record_drawdown(connection.company))
    hold_for(connection, record, pk=STRAY)
    return connection


def without_feeds(codat: Codat) -> Model:
    Connection.objects.filter(pk=codat.adopt().pk).update(bank_feeds=False)
    return Connection.objects.get()


def demo(codat: Codat) -> Model:
    Connection.objects.filter(pk=codat.adopt().pk).update(marked_demo=True)
    return Connection.objects.get()


def feed(codat: Codat) -> Model:
    return codat.ready().lender_accounts.get()


def cut_off(codat: Codat) -> Model:
    codat.sandbox.disconnect_feed(codat.connection_id, feed(codat).source_account_id)
    LenderAccount.objects.update(feed_status="disconnected")
    return LenderAccount.objects.get()


def stopped(codat: Codat) -> Model:
    codat.sandbox.faults.add("push_fails", match="suppliers", message="Not today.")
    run: Model = codat.choose(codat.adopt())
    set_up()
    run.refresh_from_db()
    return run


def unfed(codat: Codat) -> Model:
    connection = codat.adopt()
    return connection.lender_accounts.create(
        name="Lender",
        currency="GBP",
        target_account_id=codat.account_id("Business Current Account"),
    )


def app(_: Any = None, **values: Any) -> Model:
    return XeroApp.objects.update_or_create(pk=1, defaults=values)[0]


def with_keys(_: Any) -> Model:
    now = timezone.now()
    who = {"changed_by": "user:bert", "now": now}
    return keys.save_keys(client_id="CLIENT", client_secret=SECRET, **who)


def switched_on(_: Any) -> Model:
    with_keys(None)
    return app(integration_on=True)


def approved(_: Any) -> Model:
    certify()
    return app(bank_feeds_approved_on="2026-01-15")


def fed(_: Any) -> Model:
    approved(None)
    return app(bank_feeds_on=True)


def programme(_: Any = None, **values: Any) -> Model:
    return PartnerProgramme.objects.update_or_create(pk=1, defaults=values)[0]


def lending_alone(_: Any) -> Model:
    return programme(wants_bank_feeds=False)


def prepared(_: Any) -> Model:
    give_links()
    for item in Preparation:
        acts.prepare(item=item, on=TODAY, **WHO)
    return programme()


def submitted(_: Any) -> Model:
    prepared(None)
    acts.take_step(step="submitted", on=TODAY, **WHO)
    return programme()


def refused(_: Any) -> Model:
    acts.record_not_eligible(on=TODAY, reason="No.", **WHO)
    return programme()


WHY = {"reason": "They asked for it."}
CHECKPOINT = next(one.code for one in LENDING if one.applies)
NOTED = {"note": "After a talk."}
ACTS = {
    "lending.company.connect": Act(company, "connection.made"),
    "lending.company.customer-link": Act(company, "company.link_made"),
    "lending.company.mail-customer-link": Act(company, "company.link_mailed"),
    "lending.company.revoke-customer-links": Act(company, "company.links_revoked"),
    "lending.loan.close": Act(loan, "loan.closed", WHY),
    "xero_sync.connection.pushes-ours": Act(held, "connection.pushes_named_ours", WHY),
    "xero_sync.connection.pushes-anothers": Act(
        held, "connection.pushes_named_anothers", {**WHY, "pushes": [STRAY]}
    ),
    "xero_sync.connection.let-go-on": Act(held, "connection.let_go_after_restore", WHY),
    "xero_sync.connection.confirm-organisation": Act(
        changed, "connection.same_organisation", WHY
    ),
    "xero_sync.connection.replace-organisation": Act(
        changed, "connection.other_organisation", WHY
    ),
    "xero_sync.connection.switch-on": Act(switched_off, "connection.writeback_on"),
    "xero_sync.connection.switch-off": Act(ready, "connection.writeback_off"),
    "xero_sync.connection.feeds-on": Act(without_feeds, "connection.bank_feeds_on"),
    "xero_sync.connection.feeds-off": Act(adopted, "connection.bank_feeds_off"),
    "xero_sync.connection.mark-demo": Act(adopted, "connection.marked_demo", WHY),
    "xero_sync.connection.unmark-demo": Act(demo, "connection.unmarked_demo", WHY),
    "xero_sync.connection.disconnect": Act(adopted, "connection.disconnected", WHY),
    "xero_sync.connection.off-board": Act(
        adopted, "connection.off_boarded", {"confirmation": "harbour"}
    ),
    "xero_sync.lenderaccount.connect": Act(
        cut_off, "feed.connected", then=("feed.seen",)
    ),
    "xero_sync.lenderaccount.give-feed": Act(
        unfed, "feed.created", then=("feed.connected", "feed.seen")
    ),
    "xero_sync.lenderaccount.start-date": Act(
        feed, "feed.start_changed", {"starts_on": "2026-01-01"}
    ),
    "xero_sync.lenderaccount.rename": Act(feed, "feed.renamed", {"name": "Acme"}),
    "xero_sync.lenderaccount.balance": Act(
        cut_off, "feed.balance_changed", {"balance": "10.00"}
    ),
    "xero_sync.lenderaccount.disconnect": Act(
        feed, "feed.disconnected", then=("feed.seen",)
    ),
    "xero_sync.lenderaccount.close": Act(
        feed, "feed.closed", {"confirmation": "Example Invoice Finance"}
    ),
    "xero_sync.borrowerlink.revoke": Act(link, "company.link_revoked"),
    "xero_sync.accountsetup.try-again": Act(stopped, "setup.tried_again"),
    "xero_sync.borrowernotice.send-again": Act(given_up, "mail.sent_again"),
    "xero_sync.partnerprogramme.type": Act(
        programme, "programme.type_chosen", {"partner_type": "app_store", **NOTED}
    ),
    "xero_sync.partnerprogramme.ask-for-feeds": Act(
        lending_alone, "programme.feeds_asked", NOTED
    ),
    "xero_sync.partnerprogramme.drop-feeds": Act(
        programme, "programme.feeds_dropped", NOTED
    ),
    "xero_sync.partnerprogramme.prepare": Act(
        programme, "programme.prepared", {"item": "codat_manager", "on": TODAY, **NOTED}
    ),
    "xero_sync.partnerprogramme.reopen": Act(
        prepared, "programme.unprepared", {"item": "codat_manager", **WHY}
    ),
    "xero_sync.partnerprogramme.step": Act(
        prepared, "programme.step_taken", {"step": "submitted", "on": TODAY, **NOTED}
    ),
    "xero_sync.partnerprogramme.withdraw": Act(
        submitted,
        "programme.step_withdrawn",
        {"step": "submitted", "on": TODAY, **WHY},
    ),
    "xero_sync.partnerprogramme.not-eligible": Act(
        programme, "programme.not_eligible", {"on": TODAY, **WHY}
    ),
    "xero_sync.partnerprogramme.eligible": Act(
        refused,
        "programme.eligible_again",
        {"on": TODAY, **WHY},
    ),
    "xero_sync.partnerprogramme.review": Act(
        programme,
        "programme.reviewed",
        {"checkpoint": CHECKPOINT, "status": "met", "evidence": "Shown."},
    ),
    "xero_sync.partnerprogramme.scopes-changed": Act(
        programme,
        "xero_app.scopes_changed",
        {"changed_at_0": TODAY, "changed_at_1": "00:00", "added": ["bankfeeds"]},
    ),
    "xero_sync.xeroapp.register": Act(
        app,
        "xero_app.changed",
        {"name": "Acme", "company_url": "https://www.acme.example"},
    ),
    "auth.user.reset-second-factor": Act(
        with_second_factor, "user.second_factor_reset", {"reason": "phone lost"}
    ),
    "auth.user.unlock": Act(failed, "user.unlocked", {"reason": "she called"}),
    "xero_sync.xeroapp.links": Act(
        app, "xero_app.changed", {"privacy_url": "https://www.acme.example/privacy"}
    ),
    "xero_sync.xeroapp.keys": Act(
        app, "xero_app.keys_saved", {"client_id": "C" * 32, "client_secret": SECRET}
    ),
    "xero_sync.xeroapp.reveal": Act(with_keys, "xero_app.secret_shown"),
    "xero_sync.xeroapp.pasted": Act(
        with_keys, "xero_app.pasted", {"pasted": "on", "ending": SECRET[-4:]}
    ),
    "xero_sync.xeroapp.enable": Act(
        with_keys, "xero_app.changed", {"when": "now"}, then=("xero_app.seen",)
    ),
    "xero_sync.xeroapp.disable": Act(
        switched_on, "xero_app.changed", then=("xero_app.seen",)
    ),
    "xero_sync.xeroapp.look": Act(app, "xero_app.seen"),
    "xero_sync.xeroapp.approve-feeds": Act(
        app, "xero_app.changed", {"approved_on": "2026-01-15"}
    ),
    "xero_sync.xeroapp.withdraw-feeds": Act(approved, "xero_app.changed"),
    "xero_sync.xeroapp.feeds-on": Act(approved, "xero_app.changed"),
    "xero_sync.xeroapp.feeds-off": Act(fed, "xero_app.changed"),
    "backoffice.apikey.revoke": Act(key, "api_key.revoked"),
    "backoffice.webhookendpoint.enable": Act(disabled, "endpoint.enabled"),
    "backoffice.webhookendpoint.test": Act(endpoint, "endpoint.tested"),
    "backoffice.webhookendpoint.replay": Act(
        endpoint,
        "endpoint.replayed",
        {
            "since_0": TODAY,
            "since_1": "10:00",
            "until_0": TODAY,
            "until_1": "11:00",
        },
    ),
    "backoffice.webhookendpoint.rotate-secret": Act(
        endpoint, "endpoint.secret_changed"
    ),
    "backoffice.webhookendpoint.disable": Act(endpoint, "endpoint.disabled"),
    "backoffice.webhookendpoint.remove": Act(endpoint, "endpoint.deleted"),
    "backoffice.webhookdelivery.replay": Act(delivery, "endpoint.replayed"),
}
TIMELINE = "the entry's timeline says who decided, when and why"
LOOKS = "it reads at Codat; what is otherwise there than here has entries of its own"
# What leaves no entry, and where it stands instead.
NONE = {
    "lending.loanevent.reverse": "a recorded event is its own audit row",
    "xero_sync.connection.read-now": LOOKS,
    "xero_sync.lenderaccount.look": LOOKS,
    "xero_sync.syncrecord.send-again": TIMELINE,
    "xero_sync.syncrecord.not-in-xero": TIMELINE,
    "xero_sync.syncrecord.link-by-hand": TIMELINE,
    "xero_sync.syncrecord.cancel": TIMELINE,
    "xero_sync.syncrecord.settle-alarm": TIMELINE,
}
