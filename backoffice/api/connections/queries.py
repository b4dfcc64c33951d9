"""What can be asked for with a connection."""

from backoffice.api.framework.queries import Query, YesNoWord


class LinkQuery(Query):
    """Whether the borrower is to give their consent."""

    link = YesNoWord(required=False, help_text="`true`: with a fresh `link_url`.")
