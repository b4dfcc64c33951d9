"""What the app's record shows for the technical checkpoints."""

from django.utils.translation import gettext as _

from lending.formats import instant
from xero_sync.models import XeroApp
from xero_sync.partner_programme.fact import Fact
from xero_sync.xero_app import facts, registration
from xero_sync.xero_app import scopes as scope_sheet


def name() -> list[Fact]:
    """Hold the app's name against Xero's rule."""
    name = _app().name
    if not name:
        return [Fact(_("The app's name is not recorded yet."))]
    if "xero" in name.lower():
        words = _("The app is called “%(name)s”, which contains “Xero”.")
        return [Fact(words % {"name": name}, is_problem=True)]
    words = _("The app is called “%(name)s”, which does not contain “Xero”.")
    return [Fact(words % {"name": name})]


def email() -> list[Fact]:
    """Name the app's mailbox."""
    email = _app().app_email
    if not email:
        return [Fact(_("The app's e-mail is not recorded yet."))]
    if registration.looks_personal(email):
        words = _("The app's e-mail, %(email)s, looks like one person's.")
        return [Fact(words % {"email": email}, is_problem=True)]
    return [Fact(_("The app's e-mail is %(email)s.") % {"email": email})]


def badge() -> list[Fact]:
    """Say whether the partnership may be mentioned."""
    if facts.current().is_certified:
        return [Fact(_("Certified: the partnership may be mentioned."))]
    return [Fact(_("Not certified: the partnership may not be mentioned."))]


def scopes() -> list[Fact]:
    """Count the scopes, and who has to consent to new ones."""
    waiting = len(scope_sheet.waiting_for_consent())
    made = scope_sheet.changes()
    found = [
        Fact(
            _("Scopes asked for, each with its reason: %(count)d.")
            % {"count": len(scope_sheet.requested())}
        )
    ]
    if made:
        words = _("They last changed on %(at)s.")
        found.append(Fact(words % {"at": instant(made[0].changed_at)}))
    if waiting:
        words = _("Linked before that, to consent again: %(count)d.")
        found.append(Fact(words % {"count": waiting}, is_problem=True))
    return found


def _app() -> XeroApp:
    return XeroApp.objects.first() or XeroApp()
