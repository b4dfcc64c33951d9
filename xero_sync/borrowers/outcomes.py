"""What to tell a borrower who comes back from Xero.

Codat's redirect carries one of five status codes: 200 done, 201 nothing was done, 403
cancelled, 500 an error, 501 not supported (Codat's page "Set up redirect URLs"). None
of them is believed: a code only chooses the words for a connection that has been read
and is not linked.
"""

from django.utils.translation import gettext as _

from xero_sync.borrowers.wording import Words


def after_return(status_code: str, standing: Words) -> Words:
    """Return the words for somebody who came back with a status code.

    `standing` says how the connection stands at Codat by now. Where Xero let us in, or
    nothing can be done about it there, that alone counts.
    """
    if not standing.button:
        return standing
    title, sentences = _texts().get(status_code) or _not_known()
    button = _("Try again") if status_code in {"403", "500"} else standing.button
    return Words(
        _code(status_code, standing),
        title,
        sentences,
        button,
        may_change=status_code == "200",
    )


def _code(status_code: str, standing: Words) -> str:
    return (
        f"{standing.code}_after_{status_code if status_code in _texts() else 'other'}"
    )


def _texts() -> dict[str, tuple[str, tuple[str, ...]]]:
    return {
        "200": (
            _("We cannot see your permission yet"),
            (
                _(
                    "Xero reports that you have allowed the connection, but it has not "
                    "arrived here. That can take a minute."
                ),
                _(
                    "Reload this page in a moment. If nothing changes, continue in "
                    "Xero."
                ),
            ),
        ),
        "201": (
            _("Nothing was changed"),
            (
                _("You came back without connecting, and your Xero is not connected."),
                _("You can continue at any time."),
            ),
        ),
        "403": (
            _("You have cancelled"),
            (
                _("Your Xero is not connected, and nothing was changed there."),
                _(
                    "If you do not have the right to connect apps in Xero, somebody "
                    "has to do it who has, such as your accountant, with a link of "
                    "their own."
                ),
            ),
        ),
        "500": (
            _("Something went wrong on the way"),
            (
                _("Your Xero is not connected. It is not your fault."),
                _("Please try again. If it happens once more, contact us."),
            ),
        ),
        "501": (
            _("That way is not supported"),
            (
                _("What you chose cannot be connected with us; we connect to Xero."),
                _(
                    "Choose Xero when you try again. If you use another program, "
                    "contact us and we will find another way."
                ),
            ),
        ),
    }


def _not_known() -> tuple[str, tuple[str, ...]]:
    return (
        _("Your Xero is not connected yet"),
        (
            _(
                "We do not know how it went in Xero, but no permission has arrived "
                "here."
            ),
            _("Please try again. If it happens once more, contact us."),
        ),
    )
