"""The page a `linkUrl` leads to: the borrower's consent, played by hand.

Codat's link pages: with one-time passwords a link works once, and the redirect that
follows carries placeholders which are filled in, whatever the outcome. Any other name
in braces is a custom parameter: its value is what the link was opened with, and nothing
if it was opened without.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from xero_sync.sandbox.wire import Call, Reply

if TYPE_CHECKING:
    from xero_sync.sandbox.sandbox import Sandbox

TEXTS = {
    200: "Linked",
    201: "Nothing was done",
    403: "User cancelled",
    500: "Linking failed",
    501: "Not supported",
}
# What Codat makes of each code; the status text is the integration's own.
ERRORS = {
    200: "",
    201: "",
    403: "User cancelled.",
    500: "Unknown error occurred.",
    501: "Not supported.",
}
PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_.]+)\}")
FORM = """<!doctype html><meta charset="utf-8"><title>Xero (stand-in)</title>
<h1>Connect {company} to Xero</h1>
<form method="post">
<p><label>Organisation <input name="organisation" value="{organisation}"></label></p>
<p><button name="outcome" value="200">Allow access</button>
<button name="outcome" value="201">Go back, nothing done</button>
<button name="outcome" value="403">Cancel</button>
<button name="outcome" value="500">Fail</button>
<button name="outcome" value="501">Choose what is not supported</button></p>
</form>"""


def link_page(sandbox: Sandbox, call: Call, connection_id: str) -> Reply:
    """Show the page, or carry out what was chosen on it.

    Raises:
        KeyError: there is no such connection.
    """
    connection = sandbox.connection(connection_id)
    if call.query.get("otp") not in connection.one_time_passwords:
        return _page("<p>This link is not valid any more.</p>", 410)
    if call.method != "POST":
        return _page(_form(sandbox, connection_id))
    connection.one_time_passwords.discard(call.query["otp"])
    form = parse_qs(call.body.decode())
    organisation = form.get("organisation", [""])[0] or None
    outcome = sandbox.consent(
        connection_id,
        organisation=organisation,
        outcome=int(form.get("outcome", ["200"])[0]),
    )
    return _redirect(sandbox, connection_id, outcome, call.query)


def _form(sandbox: Sandbox, connection_id: str) -> str:
    company = sandbox.company_of(connection_id)
    current = sandbox.organisation_name(connection_id) or company.name
    return FORM.format(company=escape(company.name), organisation=escape(current))


def _redirect(
    sandbox: Sandbox, connection_id: str, outcome: int, opened_with: Mapping[str, str]
) -> Reply:
    text = TEXTS.get(outcome, "Unknown")
    template = sandbox.settings.redirect_url
    if template is None:
        return _page(f"<p>{escape(text)}. You can close this page.</p>")
    company = sandbox.company_of(connection_id)
    values = {
        **opened_with,
        "companyId": company.id,
        "connectionId": connection_id,
        "statusCode": str(outcome),
        "statusText": text,
        "errorMessage": ERRORS.get(outcome, ERRORS[500]),
        "data.company.companyName": company.name,
    }
    location = PLACEHOLDER.sub(
        lambda found: quote(values.get(found[1], ""), safe=""), template
    )
    return Reply(303, {"Location": location}, b"")


def _page(text: str, status: int = 200) -> Reply:
    return Reply(status, {"Content-Type": "text/html; charset=utf-8"}, text.encode())
