"""The parts of the API's description that all operations share.

The settings import this module, so it imports nothing of Django.
"""

from http import HTTPStatus
from typing import Any

from backoffice.api.framework import patterns

JSON = dict[str, Any]
BEARER = "bearerKey"

# The words of each refusal; what a code means stands at the address in its `type`.
REFUSALS = {
    400: "Malformed: a parameter, or a field of the body; `errors` names each.",
    401: "There is no key, or it is unknown, expired or revoked.",
    403: "The key lacks the scope, or may not do this.",
    404: "There is no such resource, or the key may not see it.",
    406: "The answer is JSON; `Accept` asks for something else.",
    409: "A request to the same resource, or under the same key, is still running; "
    "or it is too late for this, or not possible as things stand.",
    413: "The body is too large.",
    415: "The body is not `application/json`.",
    422: "Well-formed, and refused: `code` says why, `errors` names the fields.",
    429: "The key has used up its requests of this minute.",
    500: "A fault on our side; repeating is harmless under the same natural key or "
    "`Idempotency-Key`.",
    502: "Codat refused, or gave no verdict.",
    503: "Codat did not take the call in; repeat it later.",
}
MAY_RETRY = {409, 429, 500, 503}
HOOKS_TAG = "webhook-endpoints"
TAGS = {
    "companies": "Borrowers' organisations, each with one set of books.",
    "loans": "What was agreed, what happened on it, and where it stands.",
    "loan-events": "Movements of money: recorded once, taken back, never changed.",
    "connections": "A company's connection to its Xero: the accounts that are chosen, "
    "the switch of write-back, the bank feeds, and its end.",
    "customer-links": "Links to a customer's own pages: there they consent, choose "
    "accounts, see what is posted, and switch it on.",
    "sync-records": "Entries: what must stand in Xero for each event, where each of "
    "them is, and what is decided about it.",
    HOOKS_TAG: "Where messages go when something has happened, and what was sent.",
}
# The headers of a message, as Standard Webhooks has them.
MESSAGE_HEADERS = {
    "webhook-id": "Names the message, also when it is sent again.",
    "webhook-timestamp": "When it was sent: seconds since 1970.",
    "webhook-signature": "`v1,` and the HMAC-SHA256 of id, time and body, joined by "
    "points, in base64; one for each secret that signs, apart by spaces.",
}
HEADERS = {
    "X-Request-Id": {
        "description": "Names this request in our logs; quote it when you ask us.",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    },
    "Idempotent-Replayed": {
        "description": "There on a repeat: nothing was done, this is the first answer.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {
        "description": "In so many seconds the same request may succeed.",
        "schema": {"type": "integer", "minimum": 1},
    },
}
GUIDE = """\
Report what happens on a loan; each movement is written once, in order and balanced,
into the borrower's Xero.

**Keys.** `Authorization: Bearer …`. A key has scopes, and may be for chosen companies
only; others do not exist for it.

**Repeats are harmless.** A natural key (`reference`, `external_id`) and the header
`Idempotency-Key` hold for ever. The same content gets the stored status and body with
`Idempotent-Replayed: true`; the current state comes by GET. Other content is refused
with 422 naming what differs. Refusals are not kept: mend and send again.

**Errors** are problem documents (RFC 9457). `code` is stable, `errors` points at each
field (a JSON pointer) or parameter, `retry` says whether the same request may succeed
later. The address in `type` explains the code.

**Values.** An amount is text with a point, never a number. A date is `YYYY-MM-DD`.
References are up to 64 letters, digits, dots, underscores, colons or hyphens. Unknown
fields and parameters are refused. We may add fields to answers.

**Lists** come in pages: follow `next` until it is null. What is written at the same
time becomes visible in any order, so that a list by `recorded` or `created` may get a
row before its last one, within minutes. Those who poll ask from ten minutes before the
newest row they know (`recorded_from`) and drop those they know, or take webhooks.

**Rehearsal.** `?dry_run=true` answers what a write would do, and changes nothing.
"""


def _refusals() -> JSON:
    """Return the shared answers of all operations."""
    request_id = {"X-Request-Id": ref("headers", "X-Request-Id")}
    retry_after = {"Retry-After": ref("headers", "Retry-After")}
    challenge = {
        "WWW-Authenticate": {
            "description": "The scheme: Bearer.",
            "schema": {"type": "string"},
        }
    }
    return {
        f"Refused{status}": {
            "description": words,
            "headers": {
                **request_id,
                **(retry_after if status in MAY_RETRY else {}),
                **(challenge if status == HTTPStatus.UNAUTHORIZED else {}),
            },
            "content": {
                "application/problem+json": {"schema": ref("schemas", "Problem")}
            },
        }
        for status, words in REFUSALS.items()
    }


def _message_headers() -> JSON:
    return {
        name: {
            "name": name,
            "in": "header",
            "required": True,
            "description": words,
            "schema": {"type": "string"},
        }
        for name, words in MESSAGE_HEADERS.items()
    }


def ref(kind: str, name: str) -> JSON:
    """Point at a shared part of the description."""
    return {"$ref": f"#/components/{kind}/{name}"}


SPECTACULAR_SETTINGS: JSON = {
    "TITLE": "Back office API",
    "DESCRIPTION": GUIDE,
    "VERSION": "1",
    "DEFAULT_GENERATOR_CLASS": "backoffice.api.description.plain.PlainGenerator",
    "SERVERS": [
        {
            "url": "/",
            "description": "The back office that serves this description; "
            "`manage.py api_sandbox` starts one to try everything offline.",
        }
    ],
    "TAGS": [{"name": name, "description": words} for name, words in TAGS.items()],
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENFORCE_NON_BLANK_FIELDS": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SORT_OPERATION_PARAMETERS": False,
    # Each place that takes one of a few words lists them itself.
    "POSTPROCESSING_HOOKS": [
        "backoffice.api.description.outgoing.with_webhooks",
        "backoffice.api.description.plain.without_marks",
    ],
    "GENERIC_ADDITIONAL_PROPERTIES": "bool",
    "PATH_CONVERTER_OVERRIDES": {"reference": patterns.REFERENCE_SCHEMA},
    "APPEND_COMPONENTS": {
        "headers": HEADERS,
        "parameters": _message_headers(),
        "responses": _refusals(),
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "defaultModelsExpandDepth": -1,
        # It would tell a foreign server where we are.
        "validatorUrl": None,
    },
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "EXCEPTION_HANDLER": "backoffice.api.framework.problem_documents.handler",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "backoffice.api.description.generator.ApiSchema",
    # `?format=` is a parameter like any other: unknown.
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
