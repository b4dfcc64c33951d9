"""The set-up of the lender's Xero app, step by step, in the order of Codat's guide.

The guide is "Set up the Xero integration" in Codat's documentation. What to do in each
step stands in `templates/admin/xero_app_steps/`, with the words on buttons, tabs and
boxes of Xero Developer and of Codat's portal; here is what our own record adds.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from lending import formats
from xero_sync.admin.xero_app.steps import Step, Value, filled, numbered
from xero_sync.borrowers import connecting
from xero_sync.models import XeroApp
from xero_sync.xero_app import cap, keys, registration, toggles
from xero_sync.xero_app.facts import AppFacts
from xero_sync.xero_app.problems import differs


def steps(app: XeroApp, facts: AppFacts) -> Sequence[Step]:
    """Return the steps of the guide."""
    return numbered(
        [
            _create(app),
            Step(
                name="links",
                title=_("Add your privacy policy and terms"),
                is_done=bool(app.privacy_url and app.terms_url),
                can_wait=True,
                copies=filled(
                    (_("Privacy policy"), app.privacy_url),
                    (_("Terms and conditions"), app.terms_url),
                ),
                acts=["links"],
            ),
            Step(
                name="keys",
                title=_("Retrieve your app's secure keys"),
                is_done=not keys.missing(app),
                recorded=[*filled((_("Client id"), app.client_id)), *_secret(app)],
                acts=["keys"],
            ),
            _portal(app),
            _enable(app),
            _feeds(app),
            Step(
                name="partner",
                title=_("Become a Xero app partner"),
                is_done=facts.is_certified,
                can_wait=True,
            ),
        ]
    )


def _create(app: XeroApp) -> Step:
    notices = [
        _(
            "The app e-mail looks like one person's. Use a mailbox that several people "
            "read, so that what is written to it is still read when that person leaves."
        )
    ]
    return Step(
        name="create",
        title=_("Create a Xero app"),
        is_done=bool(app.name and app.company_url),
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
        notices=notices if registration.looks_personal(app.app_email) else (),
        acts=["register"],
    )


def _secret(app: XeroApp) -> list[Value]:
    if not app.secret_ending:
        return []
    where = (
        _("kept here, encrypted, until it is in Codat's portal")
        if app.sealed_secret
        else _("erased here")
    )
    return [
        Value(_("Client secret"), f"…{app.secret_ending} ({where})"),
        Value(_("Secret saved"), formats.moment(app.secret_saved_at)),
    ]


def _portal(app: XeroApp) -> Step:
    pasted = [Value(_("Pasted"), formats.moment(app.pasted_at))]
    return Step(
        name="portal",
        title=_("Add the keys to the Codat portal"),
        is_done=app.pasted_at is not None,
        copies=[
            *filled((_("Client id"), app.client_id)),
            Value(_("Redirect URL"), connecting.return_address()),
        ],
        recorded=pasted if app.pasted_at else (),
        acts=["reveal", "pasted"],
    )


def _enable(app: XeroApp) -> Step:
    here = {True: _("On"), False: _("Off: later"), None: _("Not decided yet")}
    unread = _("Codat could not be asked since %(since)s: %(why)s") % {
        "since": formats.moment(app.look_failed_at),
        "why": app.look_failure,
    }
    return Step(
        name="enable",
        title=_("Enable the Xero integration, now or later"),
        is_done=app.integration_on is True,
        can_wait=app.integration_on is False,
        needs_a_person=differs(app),
        recorded=[
            Value(_("Here"), here[app.integration_on]),
            Value(_("Codat reports"), reported(app)),
        ],
        notices=[unread] if app.look_failed_at else (),
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
        name="feeds",
        title=_("Configure direct bank feeds"),
        is_done=app.bank_feeds_on is True and not absent,
        can_wait=True,
        needs_a_person=app.bank_feeds_on is True and bool(absent),
        recorded=[
            Value(
                _("Enabled by Xero on"),
                formats.day(approved) if approved else _("Not recorded"),
            ),
            Value(_("Here"), switch[app.bank_feeds_on]),
        ],
        notices=[cannot] if absent else (),
        acts=["approve-feeds", "feeds-on", "feeds-off", "withdraw-feeds"],
    )
