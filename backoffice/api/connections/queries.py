"""What can be asked for with a connection."""

from backoffice.api.framework.fields import DayField
from backoffice.api.framework.queries import Query, YesNoWord


class LinkQuery(Query):
    """Whether the borrower is to give their consent."""

    link = YesNoWord(required=False, help_text="`true`: with a fresh `link_url`.")


class HeldQuery(Query):
    """From which day on loans might be published."""

    publish_from = DayField(
        required=False, help_text="Shows this choice too: loans begun from then on."
    )
