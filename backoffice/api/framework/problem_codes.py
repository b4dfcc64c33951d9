"""What each code of a problem document means, and the remedy: one table."""

from dataclasses import dataclass

from lending.models import REFERENCE_RULE
from xero_sync.models.choices import Reason


@dataclass(frozen=True)
class Explanation:
    """What is the case, and what to do about it."""

    meaning: str
    remedy: str


_SAME_REQUEST = "Repeat the same request after the seconds of Retry-After."
_OPERATOR = "An operator of the lender has to act; then repeat the request."

CODES: dict[str, Explanation] = {
    code: Explanation(meaning, remedy)
    for code, meaning, remedy in (
        (
            "invalid_request",
            "A field or a parameter is missing, malformed or unknown.",
            "Correct what “errors” points at.",
        ),
        (
            "invalid_cursor",
            "The cursor is of another list or order.",
            "Follow “next” or “previous” of a page as they are.",
        ),
        (
            "malformed",
            "The request cannot be read: the body is not valid JSON, say.",
            "Send UTF-8 JSON in which no name is twice.",
        ),
        (
            "not_authenticated",
            "There is no key, or it is unknown, expired or revoked.",
            "Send “Authorization: Bearer …” with a live key.",
        ),
        (
            "not_permitted",
            "The key is valid, but may not do this.",
            "Use a key with the scope that “detail” names, or for the company.",
        ),
        (
            "not_found",
            "There is no such resource, or the key may not see it.",
            "Check the reference and the companies of the key.",
        ),
        (
            "method_not_allowed",
            "The address does not answer this method.",
            "Use one that the header Allow names.",
        ),
        (
            "not_acceptable",
            "The API answers JSON, and “Accept” asks for something else.",
            "Send “Accept: application/json”, or leave it out.",
        ),
        (
            "unsupported_media_type",
            "The body is not declared as JSON.",
            "Send “Content-Type: application/json”.",
        ),
        (
            "body_too_large",
            "The body is larger than is read.",
            "Send less at once; a batch may be divided.",
        ),
        (
            "too_many_requests",
            "The key has used up its requests of this minute.",
            _SAME_REQUEST,
        ),
        (
            "still_running",
            "A request to the same resource, or under the same key, is running.",
            _SAME_REQUEST,
        ),
        (
            "idempotency_key_unreadable",
            "What the Idempotency-Key was used for can no longer be compared.",
            "Look by GET for what it did. The old encryption key has to come back.",
        ),
        (
            "idempotency_key_reused",
            "The Idempotency-Key was used for another request.",
            "Take a new key for a new request; the first answer stays.",
        ),
        (
            "internal_error",
            "Something is wrong on our side.",
            "Repeat the same request; quote its id if it stays.",
        ),
        (
            "codat_unavailable",
            "Codat did not take the call in; nothing was changed.",
            _SAME_REQUEST,
        ),
        ("codat_access_denied", "Codat refuses our key or permission.", _OPERATOR),
        (
            "codat_error",
            "Codat refused the call, or gave no verdict.",
            "Read “detail”; look at the resource before you repeat.",
        ),
        ("codat_key_missing", "The key for Codat is not configured.", _OPERATOR),
        ("refused", "This was refused.", "Read “detail”."),
        ("lending_error", "The lender's book refused this.", "Read “detail”."),
        ("blocked", "Our side is not ready; nothing was sent.", _OPERATOR),
        (
            "invalid_value",
            "A value is missing or malformed.",
            "Correct what “errors” points at.",
        ),
        (
            "invalid_reference",
            "A reference is malformed or reserved.",
            str(REFERENCE_RULE),
        ),
        (
            "unknown_currency",
            "The currency is not an ISO 4217 code in use.",
            "Use a code such as GBP.",
        ),
        (
            "reference_taken",
            "The reference is in use, with other content.",
            "Choose another, or send the content that is there.",
        ),
        (
            "unknown_event_kind",
            "The kind of event is not known.",
            "Use one of the kinds that the description lists.",
        ),
        (
            "amount_not_allowed",
            "The amount is not more than zero, or has too many digits.",
            "Send a positive amount as text, in the currency's units.",
        ),
        (
            "currency_mismatch",
            "The currency is not the one of the company.",
            "Convert the amount, or leave the currency out.",
        ),
        (
            "value_date_not_allowed",
            "The value date lies before the agreement or ahead of today.",
            "Use a date between the two, both included.",
        ),
        (
            "invoice_overpaid",
            "The payments would exceed the invoice.",
            "Record at most what is unpaid.",
        ),
        (
            "ceiling_exceeded",
            "The amount is above a ceiling, and was not confirmed.",
            "If it is right, repeat it in “confirmed_amount” and give a “reason”.",
        ),
        (
            "loan_closed",
            "The loan is closed and accepts only a reversal.",
            "Reverse the event that is wrong; that reopens the loan.",
        ),
        (
            "loan_not_settled",
            "The loan is not settled.",
            "Record what would settle it, or close it with a reason.",
        ),
        (
            "route_frozen",
            "The collection route can no longer be changed.",
            "Agree a new loan for another route.",
        ),
        (
            "event_already_reversed",
            "The event has been reversed already.",
            "Nothing is left to do.",
        ),
        (
            "reversal_not_reversible",
            "A reversal cannot be reversed.",
            "Record the original event again under a new id.",
        ),
        (
            "external_id_conflict",
            "The external id belongs to an event with other content.",
            "Use a new id for a new event; “errors” names what differs.",
        ),
        (
            "connection_deleted",
            "The connection is deleted.",
            "Connect the company again.",
        ),
        (
            "xero_not_ready",
            "Xero, or Codat, is still working on something this needs.",
            _SAME_REQUEST,
        ),
        (
            "codat_not_asked",
            "Codat could not say whether a push is still on its way to Xero.",
            _SAME_REQUEST,
        ),
        (
            "setup_under_way",
            "Another choice of accounts is being set up for this connection.",
            "Choose again once that run is done; it is named in “detail”.",
        ),
        (
            "other_version",
            "The accounts were chosen anew since the version that was expected.",
            "GET the mapping, look at it, and choose again on its version.",
        ),
        (
            "codat_refused",
            "Codat refused the call for good; “detail” has its words.",
            "Mend what it names, then repeat the request.",
        ),
        (
            "codat_no_answer",
            "Codat took the call in and gave no answer.",
            "Repeat the same request: it looks before it acts.",
        ),
        ("webhook_refused", "This cannot be done with the endpoint.", "Read “detail”."),
        (
            "address_refused",
            "Webhooks are not sent to this address.",
            "Use a public https address on port 443.",
        ),
        (
            "endpoint_disabled",
            "The endpoint is disabled.",
            "Enable it with PATCH, then repeat the request.",
        ),
        (
            "mapping_incomplete",
            "An account or the supplier has not been chosen yet.",
            "Complete the mapping.",
        ),
        (
            "connection_not_linked",
            "The connection to Xero is not active.",
            "The borrower has to reconnect.",
        ),
        (
            "connection_cap_reached",
            "Xero's limit of connections is reached; Codat was not asked.",
            "The app has to be certified, or a borrower who has left disconnected.",
        ),
        (
            "integration_off",
            "Connecting to Xero is switched off, here or at Codat.",
            _OPERATOR,
        ),
        (
            "organisation_changed",
            "The connection may lead to another Xero organisation.",
            "A person has to say which one it is; nothing is sent until then.",
        ),
        (
            "entries_waiting",
            "Entries wait to be written, or are under way.",
            "Settle them, or send “leave_out” with a reason.",
        ),
        (
            "connection_taken",
            "The connection at Codat belongs to another company already.",
            "Adopt another connection, or use the company that has this one.",
        ),
        (
            "feed_not_mapped",
            "Codat did not connect the bank feed to the account in Xero.",
            "Disconnect what feeds it now, or choose another account, or a new one.",
        ),
        (
            "same_account_twice",
            "The lender account and the nominated account are the same.",
            "Choose two accounts.",
        ),
        (
            "account_currency_mismatch",
            "The account is kept in another currency than the company.",
            "Choose an account in the company's currency.",
        ),
        (
            "held_events_choice_missing",
            "Events are held, and it was not said what becomes of them.",
            "Send “held_events”: publish or leave_out.",
        ),
        (
            "held_events_changed",
            "The fingerprint is of something else than would be done now.",
            "Read what is held again, then choose, with its new fingerprint.",
        ),
        (
            "decision_not_allowed",
            "The decision is not possible in the entry's present state.",
            "Read the entry again, then decide.",
        ),
    )
}


def explain(code: str) -> Explanation | None:
    """Return what a code means, or None; an entry's reason may be a code too."""
    if code in CODES:
        return CODES[code]
    if code in Reason.values:
        return Explanation(
            f"The entry is where it is for a reason: {Reason(code).label}.",
            "Remove the cause, then read the entry again.",
        )
    return None


def all_codes() -> dict[str, Explanation]:
    """Return every code with its explanation."""
    reasons = {code: explain(code) for code in Reason.values}
    return CODES | {code: one for code, one in reasons.items() if one is not None}
