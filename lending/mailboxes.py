"""Email addresses that are written as one, and that no mail can have for all that."""

from django.utils.translation import gettext

from lending.exceptions import InvalidValue


def is_mailable(email: str) -> bool:
    """Tell whether a mail can be addressed so.

    Django takes a domain's name of other letters by their number; over the wire it goes
    in ASCII, where the same may be too long.
    """
    try:
        email.rpartition("@")[2].encode("idna")
    except UnicodeError:
        return False
    return True


def check_mailable(email: str, *, field: str) -> None:
    """Refuse an address that no mail can have; none at all is well.

    Raises:
        InvalidValue: no mail can be sent there.
    """
    if email and not is_mailable(email):
        message = gettext("%(field)s: no mail can be sent to this address.")
        raise InvalidValue(message % {"field": field}, field=field)
