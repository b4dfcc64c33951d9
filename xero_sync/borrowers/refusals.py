"""What we, Codat or Xero refuse, in a borrower's words: no code, no id, no jargon.

The messages of the exceptions are the operators': they name fields, ids and remedies
that only those have. A borrower is told what it means and what they can do.
"""

from django.utils.translation import gettext as _

from lending.exceptions import LendingError
from xero_sync.borrowers.wording import Code, Words, of
from xero_sync.codat.exceptions import CodatError, CodatUnavailable, WritebackBlocked
from xero_sync.models.choices import Question

# A matter's code, for whoever renders it, begins so.
REFUSED = "refused_"
TOO_MUCH, UNKNOWN = "too_much", "unknown"
# Which question asks for what a field holds.
QUESTION_OF_FIELD = {
    "lender_account": Question.LENDER,
    "nominated_account_id": Question.BANK,
    "expense_account_id": Question.FEE,
    "nominal_code": Question.FEE,
    "tax_rate_id": Question.TAX,
    "tax_percent": Question.TAX,
    "supplier": Question.SUPPLIER,
    "supplier_id": Question.SUPPLIER,
}
# What the page of a connection says already.
STANDINGS = {
    "connection_cap_reached": Code.FULL,
    "integration_off": Code.NOT_AVAILABLE,
    "unavailable": Code.UNREACHABLE,
}
CONNECT, ACCOUNTS = "customer-connect", "customer-accounts"
POSTING, QUESTION = "customer-posting", "customer-question"
ORGANISATION = "customer-organisation"

Text = tuple[str, tuple[str, ...]]


def refusal_for_borrower(exc: Exception) -> Words:
    """Say in the active language why something was refused, and what to do.

    An exception of a kind that has no words of its own gets those of its nearest base,
    and one that is none of ours those for whatever went wrong.
    """
    return words_of(name_of(exc), field=getattr(exc, "field", "") or "")


def name_of(exc: Exception) -> str:
    """Return what a refusal's words are stored by, to be said later."""
    texts = _texts()
    return next(
        (one for one in _names(exc) if one in STANDINGS or one in texts), UNKNOWN
    )


def words_of(name: str, *, field: str = "") -> Words:
    """Say in the active language what a refusal of this name means."""
    if name in STANDINGS:
        return of(STANDINGS[name])
    title, sentences = _texts()[name]
    button, address, question = _way_on(name, field)
    return Words(
        f"{REFUSED}{name}",
        title,
        sentences,
        button,
        address=address,
        question=question,
    )


def too_much() -> Words:
    """Say that we ask no more of Xero for them in this minute."""
    return words_of(TOO_MUCH)


def _texts() -> dict[str, Text]:
    return {
        **_of_choices(),
        **_of_connections(),
        **_of_switches(),
        **_of_codat(),
        UNKNOWN: _of_anything(),
    }


def _names(exc: Exception) -> list[str]:
    """Return what an exception may be found by, its own kind first."""
    if isinstance(exc, CodatUnavailable) and (exc.rate_limited or not exc.was_sent):
        # We ask for much at the moment: that is no fault of who answers.
        return [TOO_MUCH]
    if isinstance(exc, CodatError):
        return [exc.kind]
    bases = type(exc).__mro__
    return [
        *(one.default_code for one in bases if issubclass(one, WritebackBlocked)),
        *(one.code for one in bases if issubclass(one, LendingError)),
    ]


def _way_on(name: str, field: str) -> tuple[str, str, str]:
    """Return the button, the page that it leads to, and the question there."""
    match name:
        case "mapping_incomplete" | "same_account_twice" | "account_currency_mismatch":
            if question := QUESTION_OF_FIELD.get(field):
                return _("Choose again"), QUESTION, question
            return _("Choose your accounts"), ACCOUNTS, ""
        case "connection_not_linked":
            return _("Reconnect to Xero"), CONNECT, ""
        case "organisation_changed":
            return _("Say which one it is"), ORGANISATION, ""
        case "writeback_off" | "held_events_choice_missing" | "held_events_changed":
            return _("See what waits"), POSTING, ""
        case "other_version":
            return _("See the accounts"), ACCOUNTS, ""
        case _:
            return "", "", ""


def _again() -> str:
    return _("Try again in a few minutes. If it goes on, write to us.")


def _unchanged() -> str:
    return _("Nothing was changed.")


def _of_choices() -> dict[str, Text]:
    return {
        "mapping_incomplete": (
            _("Something is missing in your choice"),
            (
                _(
                    "An account, the supplier or the tax has not been chosen, or Xero "
                    "does not take it any more."
                ),
                _("Choose it; then you can go on."),
            ),
        ),
        "same_account_twice": (
            _("Choose two different accounts"),
            (
                _(
                    "The lender account stands for us. Your bank account has to be "
                    "another one."
                ),
            ),
        ),
        "account_currency_mismatch": (
            _("This account is kept in another currency"),
            (_("Choose an account in the currency of your financing."),),
        ),
        "other_version": (
            _("The accounts were changed meanwhile"),
            (
                _("Somebody has saved other accounts since you opened the page."),
                _("Look at them, and choose again if they are not right."),
            ),
        ),
        "xero_not_ready": (
            _("Xero is not ready yet"),
            (_("It goes on by itself where it stopped."), _again()),
        ),
        "lender_account_not_ready": (
            _("Xero is still making the account"),
            (_("That can take some minutes. It goes on by itself."),),
        ),
        "feed_not_mapped": (
            _("The bank feed was not connected"),
            (
                _("Perhaps another feed brings lines into that account already."),
                _("Cut that one in Xero first, or write to us."),
            ),
        ),
        "bank_feeds_off": (
            _("There are no bank feeds here at the moment"),
            (
                _("The payments themselves are entered as usual."),
                _("You do not need to do anything."),
            ),
        ),
    }


def _of_connections() -> dict[str, Text]:
    return {
        "connection_not_linked": (
            _("Your Xero is no longer connected"),
            (_("Reconnect it; then you can go on. Nothing is lost."),),
        ),
        "connection_taken": (
            _("This Xero is connected already"),
            (
                _("It is connected with us under another reference."),
                _("Write to us, and we will put it right."),
            ),
        ),
        "organisation_changed": (
            _("Is this the right organisation?"),
            (
                _("Your connection leads to another organisation than before."),
                _("Say first which one is right. Until then nothing is entered."),
            ),
        ),
        "codat_key_missing": (
            _("The way to Xero is not set up"),
            (_("That lies with us, not with you. Write to us."),),
        ),
    }


def _of_switches() -> dict[str, Text]:
    late = _("Look at how things stand now, then decide again.")
    return {
        "writeback_off": (
            _("Posting is off"),
            (_("Switch posting on when you want us to make the entries."),),
        ),
        "held_events_choice_missing": (
            _("What shall become of what waits?"),
            (_("Entries wait. Say whether we post them or leave them out."),),
        ),
        "held_events_changed": (
            _("What waits has changed meanwhile"),
            (_("Something was added or went out since you opened the page."), late),
        ),
        "decision_not_allowed": (
            _("That is not possible any more"),
            (_("Something has changed meanwhile."), late),
        ),
        "entries_waiting": (
            _("Entries are still waiting"),
            (_("Let them be posted first, or say that they are to be left out."),),
        ),
        "still_running": (
            _("That is under way already"),
            (
                _("Perhaps it was begun in another window, or by somebody else."),
                _("Look again in a moment."),
            ),
        ),
        "setup_under_way": (
            _("Your last choice is still being set up"),
            (_("Choose again once that is done."), _("Look again in a moment.")),
        ),
        "too_old": (
            _("This is too old for a statement line"),
            (_("Xero takes no statement lines that are older than a year."),),
        ),
        "dated_ahead": (
            _("This lies in the future"),
            (_("Xero takes a statement line on its day, not before."),),
        ),
    }


def _of_codat() -> dict[str, Text]:
    return {
        TOO_MUCH: (
            _("We are asking Xero for much at the moment"),
            (_unchanged(), _("Try again in a minute.")),
        ),
        "codat_not_asked": (
            _("We could not look in Xero just now"),
            (_unchanged(), _again()),
        ),
        "no_answer": (
            _("No answer has come from Xero"),
            (_("What you entered is kept."), _again()),
        ),
        "no_verdict": (
            _("No clear answer has come from Xero"),
            (_("What you entered is kept."), _again()),
        ),
        "refused": (
            _("Xero did not accept this"),
            (
                _unchanged(),
                _("Check what you entered. If it is right, write to us."),
            ),
        ),
        "access_denied": (
            _("We cannot get into your Xero at the moment"),
            (
                _("Our own access has to be renewed. We see to it."),
                _("You do not need to do anything."),
            ),
        ),
        "amount_not_allowed": (
            _("This amount is not possible"),
            (_("Enter an amount above zero, with no more than its usual decimals."),),
        ),
        "currency_mismatch": (
            _("This is another currency"),
            (_("Your financing is kept in the currency of your organisation."),),
        ),
        "value_date_not_allowed": (
            _("This date is not possible"),
            (_("Enter a date between the agreement and today."),),
        ),
        "loan_closed": (
            _("This financing is closed"),
            (_("Nothing is added to it any more. Write to us if that is not right."),),
        ),
    }


def _of_anything() -> Text:
    return _("That did not work"), (
        _unchanged(),
        _("Try again. If it happens once more, write to us."),
    )
