"""The set-up of the lender's Xero app, step by step, in the order of Codat's guide.

The guide is "Set up the Xero integration" in Codat's documentation; the words on
buttons, tabs and boxes are those of Xero Developer and of Codat's portal.
"""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lending import formats
from lending.admin.base import Text
from xero_sync.admin.xero_app.steps import (
    Step,
    Value,
    filled,
    numbered,
    outside,
    with_parts,
)
from xero_sync.borrowers import connecting
from xero_sync.models import XeroApp
from xero_sync.xero_app import cap, keys, registration, toggles
from xero_sync.xero_app.facts import AppFacts
from xero_sync.xero_app.problems import differs

XERO_DEVELOPER = "https://developer.xero.com/"
XERO_DOCUMENTATION = "https://developer.xero.com/documentation/"
BANK_FEEDS = f"{XERO_DOCUMENTATION}bank-feeds-api/overview"
APP_LIMITS = f"{XERO_DOCUMENTATION}guides/oauth2/limits/#uncertified-app-limits"
PARTNER_OVERVIEW = f"{XERO_DOCUMENTATION}xero-app-store/app-partner-guides/overview"
PARTNER_STEPS = (
    f"{XERO_DOCUMENTATION}xero-app-store/app-partner-guides/app-partner-steps"
)
PARTNER_QUESTIONS = f"{XERO_DOCUMENTATION}xero-app-store/app-partner-guides/faqs/"
CODAT_REDIRECTS = "https://app.codat.io/settings/redirects"
CODAT_INTEGRATIONS = "https://app.codat.io/settings/integrations/accounting"


def steps(app: XeroApp, facts: AppFacts, programme_url: str = "") -> Sequence[Step]:
    """Return the steps of the guide; the last one leads to `programme_url`, if any."""
    return numbered(
        [
            _create(app, facts),
            _links(app),
            _keys(app),
            _portal(app),
            _enable(app),
            _feeds(app),
            _partner(facts, programme_url),
        ]
    )


def _developer() -> SafeString:
    return outside(XERO_DEVELOPER, _("Xero Developer"))


def _portal_page() -> SafeString:
    return outside(CODAT_INTEGRATIONS, _("Accounting integrations"))


def _create(app: XeroApp, facts: AppFacts) -> Step:
    warnings: list[Text] = []
    if facts.connection_cap is not None:
        sentence = _(
            "Without partner status an app can link at most {cap} companies, Xero's "
            "demo company not counted ({limits}): “{cap} max connections” stands "
            "beside it on the “My Apps” tab. To link more, become a partner (step 7)."
        )
        limits = outside(APP_LIMITS, _("Xero's limits"))
        warnings = [
            with_parts(sentence, cap=facts.connection_cap, limits=limits),
            _(
                "The number is the setting XERO_CONNECTION_CAP. Codat's guide said 25 "
                "in January 2023, its pages of June 2026 say 5: set what Xero shows "
                "beside your app."
            ),
        ]
    notices = [
        _(
            "The app e-mail looks like one person's. Use a mailbox that several people "
            "read, so that what is written to it is still read when that person leaves."
        )
    ]
    return Step(
        title=_("Create a Xero app"),
        is_done=bool(app.name and app.company_url),
        todo=[
            with_parts(
                _("Log in to {developer}, or sign up for an account there first."),
                developer=_developer(),
            ),
            _("On the “My Apps” tab, click “New app”."),
            _(
                "In the dialog “Add a new app”, enter the app's name, the integration "
                "type “Web app”, your company's URL (with https://) and the redirect "
                "URI, exactly as below. Borrowers see the name when they share their "
                "data: choose the one by which they know you."
            ),
            _("Agree to the Xero Developer Platform Terms & Conditions."),
            _(
                "Click “Create app”. When Xero shows it on “App details”, record here "
                "what you entered."
            ),
        ],
        copies=[
            *filled((_("App name"), app.name)),
            Value(_("Integration type"), registration.INTEGRATION_TYPE),
            *filled((_("Company or application URL"), app.company_url)),
            Value(_("Redirect URI"), registration.REDIRECT_URI),
        ],
        recorded=[
            *filled((_("App e-mail"), app.app_email)),
            Value(_("In use"), cap.in_words(cap.usage())),
        ],
        warnings=warnings,
        notices=notices if registration.looks_personal(app.app_email) else (),
        acts=["register"],
    )


def _links(app: XeroApp) -> Step:
    return Step(
        title=_("Add your privacy policy and terms"),
        is_done=bool(app.privacy_url and app.terms_url),
        can_wait=True,
        todo=[
            _(
                "This can wait until you apply to become a partner; the application "
                "cannot be marked as submitted without both."
            ),
            with_parts(
                _("Open your app's “App details” page in {developer}."),
                developer=_developer(),
            ),
            _(
                "Enter https:// links to your privacy policy and your terms and "
                "conditions in their boxes; click “Save”."
            ),
            _("Record the same links here: borrowers are shown them as well."),
        ],
        copies=filled(
            (_("Privacy policy"), app.privacy_url),
            (_("Terms and conditions"), app.terms_url),
        ),
        acts=["links"],
    )


def _keys(app: XeroApp) -> Step:
    return Step(
        title=_("Retrieve your app's secure keys"),
        is_done=not keys.missing(app),
        todo=[
            with_parts(
                _("In {developer}, click “My Apps” and choose your app."),
                developer=_developer(),
            ),
            _("Click “Configuration” in the left pane."),
            _("Click the eye beside “Client id” to show it, and copy it."),
            _("Click “Generate a secret”; it appears in “Client secret 1”. Copy it."),
            _("Record both here at once, and keep Xero's page open until step 4."),
        ],
        recorded=[*filled((_("Client id"), app.client_id)), *_secret(app)],
        warnings=[
            _(
                "Xero shows the secret once. When you leave its page you cannot see it "
                "again; one that is lost is replaced by generating a new one there."
            ),
            _("A key contains no spaces of any kind; one that does is refused here."),
        ],
        acts=["keys"],
    )


def _portal(app: XeroApp) -> Step:
    return Step(
        title=_("Add the keys to the Codat portal"),
        is_done=app.pasted_at is not None,
        todo=[
            with_parts(
                _("In the Codat portal, open {page}, find Xero and click “Set up”."),
                page=_portal_page(),
            ),
            _(
                "Under “Integration settings”, paste the client id and the client "
                "secret. Click “Save” and wait for the confirmation."
            ),
            _(
                "In the dialog “Enable Xero”, choose whether to enable the integration "
                "now or later; choose the same here in step 5."
            ),
            with_parts(
                _(
                    "Under {page}, paste the redirect URL below, so that borrowers "
                    "come back to us from Xero and hear how it went."
                ),
                page=outside(CODAT_REDIRECTS, _("Auth flow > Redirects")),
            ),
            _(
                "Then say here that the keys are in the portal. That erases the client "
                "secret on our side; its last four characters and the dates stay."
            ),
        ],
        copies=[
            *filled((_("Client id"), app.client_id)),
            Value(_("Redirect URL"), connecting.return_address()),
        ],
        recorded=filled(
            (_("Pasted"), formats.moment(app.pasted_at) if app.pasted_at else ""),
        ),
        acts=["reveal", "pasted"],
    )


def _enable(app: XeroApp) -> Step:
    here = {True: _("On"), False: _("Off: later"), None: _("Not decided yet")}
    notices = []
    if app.look_failed_at is not None:
        notices = [
            _("Codat could not be asked since %(since)s: %(why)s")
            % {"since": formats.moment(app.look_failed_at), "why": app.look_failure}
        ]
    return Step(
        title=_("Enable the Xero integration, now or later"),
        is_done=app.integration_on is True,
        can_wait=app.integration_on is False,
        needs_a_person=differs(app),
        todo=[
            with_parts(
                _(
                    "In the Codat portal, open {page}, find Xero and click the toggle; "
                    "“Manage” leads to the same setting."
                ),
                page=_portal_page(),
            ),
            _(
                "Record the same here. While it is off, no borrower is sent to Xero; "
                "what is there already stays readable."
            ),
        ],
        recorded=[
            Value(_("Here"), here[app.integration_on]),
            Value(_("Codat reports"), reported(app)),
        ],
        notices=notices,
        acts=["enable", "disable", "look"],
    )


def reported(app: XeroApp) -> str:
    """Say what Codat said about the integration, and when."""
    if app.looked_at is None or app.enabled_at_codat is None:
        return _("Not asked yet")
    words = (
        _("On (read on %(when)s)")
        if app.enabled_at_codat
        else _("Off (read on %(when)s)")
    )
    return words % {"when": formats.moment(app.looked_at)}


def _feeds(app: XeroApp) -> Step:
    absent = toggles.missing_for_bank_feeds(app)
    switch = {True: _("On"), False: _("Off"), None: _("Not recorded")}
    approved = app.bank_feeds_approved_on
    cannot = _("It cannot be switched on yet: %(what)s.") % {
        "what": _(", and ").join(absent)
    }
    return Step(
        title=_("Configure direct bank feeds"),
        is_done=app.bank_feeds_on is True and not absent,
        can_wait=True,
        needs_a_person=app.bank_feeds_on is True and bool(absent),
        todo=[
            with_parts(
                _(
                    "The app needs partner status (step 7), and Xero has to enable the "
                    "Bank Feeds API for it ({overview}). Record the date of that."
                ),
                overview=outside(BANK_FEEDS, _("Xero's overview")),
            ),
            with_parts(
                _(
                    "In the Codat portal, open {page}, click “Manage” and switch Bank "
                    "Feeds on. Save the page: that validates it."
                ),
                page=_portal_page(),
            ),
            _(
                "Record the same here. Bank transactions are pushed in chronological "
                "order; the product sees to that."
            ),
        ],
        recorded=[
            Value(
                _("Enabled by Xero on"),
                formats.day(approved) if approved else _("Not recorded"),
            ),
            Value(_("Here"), switch[app.bank_feeds_on]),
        ],
        warnings=[
            _(
                "Without access, Xero answers every pushed bank transaction with 403, "
                "invalid-organisation-bank-feeds: “The organisation does not support "
                "automated bank feeds.”"
            )
        ],
        notices=[cannot] if absent else (),
        acts=["approve-feeds", "feeds-on", "feeds-off", "withdraw-feeds"],
    )


def _partner(facts: AppFacts, programme_url: str) -> Step:
    return Step(
        title=_("Become a Xero app partner"),
        is_done=facts.is_certified,
        can_wait=True,
        todo=[
            with_parts(
                _(
                    "Read {overview}, the {steps} and the {questions}. Partnership is "
                    "not possible for every use."
                ),
                overview=outside(PARTNER_OVERVIEW, _("Xero's overview")),
                steps=outside(PARTNER_STEPS, _("steps")),
                questions=outside(PARTNER_QUESTIONS, _("questions and answers")),
            ),
            with_parts(
                _(
                    "To apply, click “Join the Xero App Store” on your app's “App "
                    "details” page in {developer}, or write to api@xero.com with the "
                    "details of your application."
                ),
                developer=_developer(),
            ),
            with_parts(
                _("Prepare it and record each step on {page}; it names what is next."),
                page=_programme_page(programme_url),
            ),
        ],
        warnings=[
            _(
                "For providers of financial services Xero may ask for further "
                "commercial terms: speak to Xero, and to your contact at Codat, early."
            )
        ],
    )


def _programme_page(url: str) -> SafeString | str:
    name = _("the page on the partner programme")
    return format_html('<a href="{}">{}</a>', url, name) if url else name


def _secret(app: XeroApp) -> list[Value]:
    if not app.secret_ending:
        return []
    where = (
        _("kept here, encrypted, until it is in Codat's portal")
        if app.sealed_secret
        else _("erased here")
    )
    words = f"…{app.secret_ending} ({where})"
    saved = formats.moment(app.secret_saved_at)
    return [Value(_("Client secret"), words), Value(_("Secret saved"), saved)]
