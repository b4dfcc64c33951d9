"""Companies: the borrower's businesses at Codat."""

from __future__ import annotations

import re

from xero_sync.sandbox.connections import remove_connection, show_connection
from xero_sync.sandbox.query import listing
from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.state import Company, World, reference_to
from xero_sync.sandbox.wire import (
    ApiError,
    Call,
    JsonObject,
    Reply,
    answer,
    empty,
    new_id,
    stamp,
    text_in,
)

MOST_TAGS = 10
LONGEST_TAG = 100
FIELDS = frozenset({"id", "name", "description", "created", "lastSync", "tags"})


def create(
    world: World,
    name: str,
    *,
    description: str | None = None,
    tags: dict[str, str] | None = None,
    company_id: str | None = None,
) -> Company:
    """Add a company and say so."""
    company = Company(
        name=clean_name(name),
        created=world.now,
        id=company_id or new_id(),
        description=description,
        tags=tags or {},
    )
    world.companies[company.id] = company
    world.emit("company.created", show(world, company, connections=False))
    return company


def clean_name(name: str) -> str:
    """The name without the characters Codat silently takes out of it."""
    return re.sub(r"[^A-Za-z0-9\s\-',&@.?!]", "", name)


def show(world: World, company: Company, *, connections: bool = True) -> JsonObject:
    """A company as Codat shows it."""
    own = world.connections_of(company.id)
    shown: JsonObject = {
        "id": company.id,
        "name": company.name,
        "description": company.description or "",
        "redirect": f"{world.settings.link_base}/company/{company.id}",
        "created": stamp(company.created),
        "createdByUserName": "Sandbox",
        "products": ["lending"],
        "tags": dict(company.tags),
        "referenceSubsidiaryCompanies": [],
    }
    synced = [it.last_sync for it in own if it.last_sync is not None]
    if synced:
        shown["lastSync"] = stamp(max(synced))
    if connections:
        shown["dataConnections"] = [show_connection(world, it) for it in own]
    return shown


def _read_name(body: JsonObject) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not clean_name(name).strip():
        raise ApiError(400, "Company name must be provided.", "ClientsApi")
    return name


def _read_tags(body: JsonObject) -> dict[str, str]:
    tags = body.get("tags") or {}
    if not isinstance(tags, dict) or len(tags) > MOST_TAGS:
        raise ApiError(400, "A company has at most 10 tags.", "ClientsApi")
    for value in tags.values():
        if not isinstance(value, str) or len(value) > LONGEST_TAG:
            raise ApiError(400, "A tag has at most 100 characters.", "ClientsApi")
    return dict(tags)


def create_company(world: World, call: Call) -> Reply:
    """`POST /companies`."""
    body = call.json_object()
    company = create(
        world,
        _read_name(body),
        description=text_in(body, "description"),
        tags=_read_tags(body),
    )
    return answer(show(world, company))


def list_companies(world: World, call: Call) -> Reply:
    """`GET /companies`, where `tags` has a query language of its own."""
    companies = list(world.companies.values())
    tags = call.query.get("tags")
    if tags:
        companies = [it for it in companies if _has_tag(it, tags)]
    shown = [show(world, it) for it in companies]
    return listing(call, shown, name="Company", fields=FIELDS)


def _has_tag(company: Company, text: str) -> bool:
    match = re.fullmatch(r"\s*([^=!~]+?)\s*(!=|=|~)\s*(.*?)\s*", text)
    if match is None:
        raise ApiError(400, "Error parsing query - Malformed query.", "ClientsApi")
    name, operator, wanted = match.groups()
    value = company.tags.get(name)
    if operator == "=":
        return value == wanted
    if operator == "!=":
        return value != wanted
    return value is not None and wanted.lower() in value.lower()


def get_company(world: World, _call: Call, company: str) -> Reply:
    """`GET /companies/{companyId}`."""
    return answer(show(world, world.company(company)))


def update_company(world: World, call: Call, company: str) -> Reply:
    """`PATCH /companies/{companyId}`: what is left out stays.

    The documents disagree about empty tags; here they wipe, which hurts more.
    """
    found = world.company(company)
    body = call.json_object()
    if "name" in body:
        found.name = clean_name(_read_name(body))
    if "description" in body:
        found.description = text_in(body, "description")
    if "tags" in body:
        found.tags = _read_tags(body)
    return answer(show(world, found))


def replace_company(world: World, call: Call, company: str) -> Reply:
    """`PUT /companies/{companyId}`: what is left out is wiped."""
    found = world.company(company)
    body = call.json_object()
    found.name = clean_name(_read_name(body))
    found.description = text_in(body, "description")
    found.tags = _read_tags(body)
    return answer(show(world, found))


def delete_company(world: World, _call: Call, company: str) -> Reply:
    """`DELETE /companies/{companyId}`."""
    found = world.company(company)
    for connection in world.connections_of(company):
        remove_connection(world, connection)
    shown = show(world, found, connections=False)
    del world.companies[company]
    world.emit("company.deleted", shown)
    return empty()


def access_token(world: World, _call: Call, company: str) -> Reply:
    """`GET /companies/{companyId}/accessToken`."""
    found = world.company(company)
    token = reference_to(found)["id"]
    return answer({"expiresIn": 86400, "accessToken": token, "tokenType": "Bearer"})


_COMPANY = "/companies/{company}"
ROUTES = [
    Route("GET", "/companies", list_companies),
    Route("POST", "/companies", create_company),
    Route("GET", _COMPANY, get_company),
    Route("PATCH", _COMPANY, update_company),
    Route("PUT", _COMPANY, replace_company),
    Route("DELETE", _COMPANY, delete_company),
    Route("GET", _COMPANY + "/accessToken", access_token),
]
