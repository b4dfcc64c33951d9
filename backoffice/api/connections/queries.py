"""What can be asked for with a connection, and how links are ordered."""

from backoffice.api.framework.fields import DayField
from backoffice.api.framework.queries import ListQuery, Query


class CustomerLinkQuery(ListQuery):
    """Links, newest first."""

    orders = {"-created": "-made_at"}


class HeldQuery(Query):
    """From which day on loans might be published."""

    publish_from = DayField(
        required=False, help_text="Shows this choice too: loans begun from then on."
    )
