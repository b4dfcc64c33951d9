"""The partner programme's page: where we stand, the one next step, and the report."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localdate

from tests.backoffice.admin.rows import make_evidence, operator, page, superuser
from tests.xero_sync.partner_programme.acts import (
    certify,
    give_links,
    meet_all_checkpoints,
)
from xero_sync.models import (
    CheckpointReview,
    Connection,
    PartnerProgramme,
    ProgrammeAct,
    ScopeChange,
    XeroApp,
)
from xero_sync.partner_programme import acts, checkpoints, standing
from xero_sync.xero_app import facts, scopes

pytestmark = pytest.mark.django_db

ACTS = (
    "type",
    "ask-for-feeds",
    "drop-feeds",
    "prepare",
    "reopen",
    "step",
    "withdraw",
    "not-eligible",
    "eligible",
    "review",
    "scopes-changed",
)
NEW = {"type", "drop-feeds", "prepare", "step", "not-eligible", "review"}


def act(name):
    return page(PartnerProgramme, name, 1)


def report_page():
    return page(PartnerProgramme, "report")


def text(answer):
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def shown(client):
    return text(client.get(page(PartnerProgramme, "change", 1)))


def offered(client):
    found = shown(client)
    return {name for name in ACTS if act(name) in found}


def changer(name="anna"):
    return operator("xero_sync.change_partnerprogramme", name=name)


def post(client, name, **values):
    values.setdefault("on", str(localdate()))
    return client.post(act(name), values)


def errors(answer):
    assert answer.status_code == 200
    return answer.context["form"].errors


def test_the_menu_leads_to_the_page():
    client = superuser()

    assert client.get(page(PartnerProgramme, "changelist")).url == page(
        PartnerProgramme, "change", 1
    )
    assert "Partner programme" in shown(client)
    assert client.get(page(PartnerProgramme, "change", 2)).status_code == 302
    assert not PartnerProgramme.objects.exists()


def test_at_first_the_preparation_is_next():
    client = changer()

    found = shown(client)

    assert "the application is being prepared, 6 items are open" in found
    assert "Next: Talk to your account manager at Codat." in found
    assert f"{act('prepare')}?item=codat_manager" in found
    assert offered(client) == NEW | {"scopes-changed"}


def test_the_way_to_certified():
    client = changer()
    for item in (
        "codat_manager",
        "commercial_terms",
        "feeds_introduction",
        "feeds_proposal",
        "feeds_agreement",
    ):
        assert f"?item={item}" in shown(client)
        assert post(client, "prepare", item=item, note="Done.").status_code == 302
    assert "Next: Give the app its privacy policy" in shown(client)
    give_links()
    assert "Next: Submit the application at Xero" in shown(client)

    post(client, "step", step="submitted")
    assert "the application is with Xero" in shown(client)
    post(client, "step", step="agreement", note="Signed by two.")
    assert "12 checkpoints are open" in shown(client)
    assert errors(post(client, "step", step="certification"))["__all__"]
    for one in checkpoints.still_open(standing.record()):
        assert f"{act('review')}?checkpoint={one.code}" in shown(client)
        post(client, "review", checkpoint=one.code, status="met", evidence="Seen.")
    post(client, "step", step="certification")

    assert facts.current().is_certified
    assert "Certified: Xero's limit on connections is off" in shown(client)
    assert {one.author for one in ProgrammeAct.objects.all()} == {"user:anna"}
    assert {one.author for one in CheckpointReview.objects.all()} == {"user:anna"}


def test_the_set_up_of_the_app_leads_here_and_back():
    client = superuser()
    app = page(XeroApp, "change", 1)

    assert page(PartnerProgramme, "change", 1) in text(client.get(app))
    assert app in shown(client)


def test_a_link_fills_in_what_it_is_about():
    asked = superuser().get(act("review"), {"checkpoint": "bank_feeds-11"})

    assert '<option value="bank_feeds-11" selected>' in text(asked)


def test_going_on_with_something_open_takes_a_reason():
    give_links()
    client = changer()
    assert "override_reason" in errors(post(client, "step", step="submitted"))
    assert not ProgrammeAct.objects.exists()

    post(client, "step", step="submitted", override_reason="Codat agrees.")

    assert ProgrammeAct.objects.get().override_reason == "Codat agrees."
    assert "Codat agrees." in shown(client)


def test_without_links_no_reason_helps():
    answer = post(changer(), "step", step="submitted", override_reason="Anyway.")

    assert "privacy policy and terms" in errors(answer)["__all__"][0]


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("prepare", {"item": "codat_manager", "on": "2126-01-01"}, "on"),
        ("prepare", {"item": "nothing"}, "item"),
        ("step", {"step": "certification"}, "step"),
        ("not-eligible", {"reason": " "}, "reason"),
        ("review", {"checkpoint": "lending-3", "status": "met"}, "evidence"),
        (
            "review",
            {
                "checkpoint": "lending-3",
                "status": "met",
                "evidence_url": "http://lender.example",
            },
            "evidence_url",
        ),
        ("review", {"checkpoint": "lending-7", "status": "met"}, "checkpoint"),
        ("type", {"partner_type": "bank"}, "partner_type"),
    ],
)
def test_what_is_refused_is_said_at_its_field(name, values, field):
    give_links()

    assert field in errors(post(changer(), name, **values))
    assert not ProgrammeAct.objects.exists()
    assert not CheckpointReview.objects.exists()


def test_a_step_is_taken_back():
    certify()
    client = changer()

    post(client, "withdraw", step="agreement", reason="Xero ended it.")

    assert not facts.current().is_certified
    assert "Step taken back: Technical certification passed" in shown(client)


def test_not_eligible_is_said_first():
    client = changer()

    post(client, "not-eligible", reason="No lenders in Ireland")

    found = shown(client)
    words = "Not certified, because Xero does not take this use: No lenders in Ireland"
    assert f"<h2>{words}</h2>" in found
    assert "eligible" in offered(client)
    assert "step" not in offered(client) - {"withdraw"}
    post(client, "eligible", reason="They changed their mind.")
    assert "the application is being prepared" in shown(client)


def test_bank_feeds_and_the_type_are_chosen():
    client = changer()

    client.post(act("drop-feeds"), {"note": "Later."})
    assert "Technical checkpoints: Bank feeds" not in shown(client)
    assert not PartnerProgramme.objects.get().wants_bank_feeds
    client.post(act("ask-for-feeds"), {})
    assert "Technical checkpoints: Bank feeds" in shown(client)
    client.post(act("type"), {"partner_type": "app_store"})

    assert PartnerProgramme.objects.get().partner_type == "app_store"
    assert [one.kind for one in ProgrammeAct.objects.order_by("pk")] == [
        "feeds_dropped",
        "feeds_asked",
        "type_chosen",
    ]


def test_what_was_prepared_can_be_opened_again():
    client = changer()
    post(client, "prepare", item="codat_manager")
    assert f"{act('reopen')}?item=codat_manager" in shown(client)

    client.post(act("reopen"), {"item": "codat_manager", "reason": "Another person."})

    assert "Next: Talk to your account manager" in shown(client)
    assert "Another person." in shown(client)


def test_who_has_to_consent_again_is_listed_with_the_way_there():
    connection = make_evidence().company.connections.get()
    yesterday = timezone.now() - timedelta(days=1)
    Connection.objects.update(consented_at=yesterday - timedelta(days=1))
    client = superuser()
    assert "Nobody." in shown(client)

    answer = client.post(
        act("scopes-changed"),
        {
            "changed_at_0": f"{timezone.localtime(yesterday):%Y-%m-%d}",
            "changed_at_1": "00:00",
            "added": ["bankfeeds"],
            "removed": "accounting.transactions, accounting.reports.read",
        },
    )

    assert answer.status_code == 302
    change = ScopeChange.objects.get()
    assert change.removed == ["accounting.reports.read", "accounting.transactions"]
    connection.refresh_from_db()
    assert scopes.must_consent_again(connection) == {"bankfeeds"}
    found = shown(client)
    assert "Nobody." not in found
    assert page(Connection, "change", connection.pk) in found
    plain = operator("xero_sync.view_partnerprogramme", name="berta")
    assert page(Connection, "change", connection.pk) not in shown(plain)


def test_a_change_of_scopes_ahead_is_refused():
    tomorrow = timezone.localtime() + timedelta(days=2)

    answer = superuser().post(
        act("scopes-changed"),
        {
            "changed_at_0": f"{tomorrow:%Y-%m-%d}",
            "changed_at_1": "00:00",
            "added": ["bankfeeds"],
        },
    )

    assert "changed_at" in errors(answer)
    assert not ScopeChange.objects.exists()


def test_the_limit_warns_early_and_is_silent_once_certified(settings):
    settings.XERO_CONNECTION_CAP = 1
    make_evidence()
    client = superuser()
    assert "1 of 1 connections to Xero are in use." in shown(client)

    certify()

    assert "1 of 1 connections" not in shown(client)


def test_certified_with_a_checkpoint_that_is_open_again_needs_a_person():
    certify()
    client = changer()
    assert "This needs you" not in shown(client)

    post(client, "review", checkpoint="lending-6", status="open", evidence="Broken.")

    found = shown(client)
    assert "This needs you" in found
    assert "Certified, but no longer met: Lending: 6. Error handling" in found


def test_no_price_is_ours_and_no_badge_before_certification():
    client = superuser()
    for found in (shown(client), text(client.get(report_page()))):
        assert "no price of Xero's public tiers is ours" in found
        assert "never used to train artificial intelligence" in found
        assert "Neither a partnership with Xero nor its badge is mentioned" in found
        for sign in "$£€":
            assert sign not in found
    certify()

    assert "Neither a partnership" not in shown(client)
    assert "Xero's partner badge may be shown" in shown(client)


def test_what_is_to_be_settled_about_a_scope_is_for_us_and_not_for_xeros_reviewer():
    client = operator("xero_sync.view_partnerprogramme")
    ours = "Ask Codat whether it can be left out"

    assert ours in shown(client)
    report = text(client.get(report_page()))
    assert "accounting.attachments" in report
    assert "ask codat" not in report.casefold()


def test_the_report_has_every_fact_and_its_moment():
    connection = make_evidence().company.connections.get()
    Connection.objects.update(checked_at=timezone.now())
    give_links()
    meet_all_checkpoints()
    acts.prepare(
        item="codat_manager",
        on=localdate(),
        note="With Jo.",
        author="user:anna",
        now=timezone.now(),
    )

    found = text(operator("xero_sync.view_partnerprogramme").get(report_page()))

    for words in (
        "As of",
        "https://lender.example/privacy",
        "With Jo.",
        "Shown to the team.",
        "11. Missed and rejected statements",
        "5. Offline access – Codat covers it in full.",
        "accounting.banktransactions",
        "Linked: 1; with the organisation's name from Xero: 1.",
        "Last check:",
    ):
        assert words in found, words
    # It goes to Xero: it names no borrower.
    assert connection.company.legal_name not in found
    assert connection.company.reference not in found


def test_who_may_only_look_cannot_act():
    client = operator("xero_sync.view_partnerprogramme")

    assert offered(client) == set()
    for name in ACTS:
        assert client.get(act(name)).status_code == 403
        assert client.post(act(name), {"reason": "x"}).status_code == 403
    assert client.get(report_page()).status_code == 200
    assert client.post(report_page()).status_code == 405


def test_strangers_see_nothing():
    stranger = operator(name="stranger")
    for url in (page(PartnerProgramme, "change", 1), report_page()):
        assert Client().get(url).status_code == 302
        assert stranger.get(url).status_code == 403


def test_what_is_typed_is_shown_as_text():
    client = changer()
    post(client, "prepare", item="codat_manager", note="<script>alert(1)</script>")

    for url in (page(PartnerProgramme, "change", 1), report_page()):
        assert b"<script>alert(1)" not in client.get(url).content


def test_the_page_asks_little_of_the_database(django_assert_max_num_queries):
    certify()
    client = superuser()
    shown(client)

    with django_assert_max_num_queries(70):
        shown(client)
