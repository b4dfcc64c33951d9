"""What Xero asks a borrower to allow, and why, in their words.

Xero's own page names each permission; `xero_app.scopes` holds the list and the reasons
that Xero's reviewer is given.
"""

from django.utils.translation import gettext as _

from xero_sync.xero_app import scopes


def requested() -> list[tuple[str, str]]:
    """Return name and reason of each permission that the app asks for now."""
    words = _words()
    return [words[scope.name] for scope in scopes.requested()]


def _words() -> dict[str, tuple[str, str]]:
    unused = _("It belongs to the set for invoice finance. We do not use it.")
    return {
        "offline_access": (
            _("Access while you are away"),
            _("Money moves on any day, so we post without you being signed in."),
        ),
        "accounting.settings": (
            _("Organisation and accounts"),
            _("We read your accounts and tax rates, and create the one for us."),
        ),
        "accounting.invoices": (
            _("Invoices"),
            _("We find the invoice that we finance, and what is still due on it."),
        ),
        "accounting.payments": (
            _("Payments of invoices"),
            _("We record that your customer has paid the financed invoice."),
        ),
        "accounting.banktransactions": (
            _("Bank transfers and payments"),
            _("We post the advances, the repayments and our fees."),
        ),
        "accounting.contacts": (
            _("Contacts"),
            _("We find your customer on the invoice, and ourselves as a supplier."),
        ),
        "accounting.attachments": (_("Attachments"), unused),
        "accounting.reports.balancesheets.read": (_("Balance sheet"), unused),
        "bankfeeds": (
            _("Bank feed"),
            _("We send each movement on our account as a line of a bank statement."),
        ),
    }
