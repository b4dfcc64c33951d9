"""What a borrower has agreed to on our page, on his connection's page."""

from django.utils.translation import gettext as _

from lending import formats
from lending.admin.base import Section
from xero_sync.borrowers.consents import text_of
from xero_sync.models import Connection

# The table has them all.
MOST_ROWS = 50


def consents(connection: Connection) -> Section:
    """Show when he agreed and to which text, newest first, with the latest words."""
    rows = list(connection.consents.order_by("-pk")[:MOST_ROWS])
    notes: list[str] = []
    if rows:
        text = text_of(rows[0])
        words = [f"{title}: {sentence}" for title, sentence in text.points]
        notes = [_("The latest one says:"), *words, f"“{text.agreement}”"]
    return Section(
        title=_("Agreed to on our page"),
        columns=(
            _("When"),
            _("Version of the text"),
            _("Language"),
            _("Privacy policy"),
            _("Terms and conditions"),
        ),
        rows=[
            (
                formats.moment(one.given_at),
                one.text_version,
                one.language,
                one.privacy_url or "–",
                one.terms_url or "–",
            )
            for one in rows
        ],
        notes=notes,
        empty=_("The borrower has not agreed on our page."),
    )
