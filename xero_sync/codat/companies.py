"""Companies, their connections to Xero, and the organisations behind those."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from xero_sync.codat import values
from xero_sync.codat.calls import Calls, Fields, an_object, path

XERO = "gbol"


@dataclass(frozen=True, slots=True)
class ConnectionProblem:
    """Why a connection failed, as Codat puts it."""

    status_code: str
    message: str
    status: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A link between a company and its accounting package.

    The status is PendingAuth, Linked, Unlinked or Deauthorized. The link address may
    work only once, so it stays out of what is printed.
    """

    id: str
    platform_key: str
    status: str
    link_url: str = field(repr=False)
    created: datetime | None
    problems: tuple[ConnectionProblem, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """A borrower as Codat knows it; the name may lack characters Codat removed."""

    id: str
    name: str
    description: str
    redirect: str = field(repr=False)
    tags: Mapping[str, str]
    created: datetime | None
    connections: tuple[Connection, ...]


@dataclass(frozen=True, slots=True)
class Integration:
    """An accounting package Codat can connect to, if it is enabled."""

    key: str
    name: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class AccountingProfile:
    """The connected organisation by its own books, read from Codat's cache."""

    company_name: str
    legal_name: str
    base_currency: str
    ledger_lock_date: date | None


@dataclass(frozen=True, slots=True)
class CompanyInformation:
    """The connected organisation as the bank feed sees it."""

    company_name: str
    base_currency: str
    plan_type: str
    multicurrency_enabled: bool
    currencies: tuple[str, ...]


class CompanyOperations(Calls):
    """Set a borrower up and follow its connection."""

    def get_company(self, company_id: str | UUID) -> Company:
        """Return one company."""
        return _company(an_object(self._get(path("companies", company_id))))

    def list_companies(self, *, tags: str | None = None) -> list[Company]:
        """Return all companies, or those a tag expression such as `uid=B7` finds."""
        return self._all(path("companies"), _company, tags=tags)

    def create_company(
        self,
        name: str,
        *,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        idempotency_key: UUID | None = None,
    ) -> Company:
        """Create a company; keep the answered name, Codat may have shortened it."""
        body: dict[str, object] = {"name": name}
        if description:
            body["description"] = description
        if tags:
            body["tags"] = dict(tags)
        answer = self._write(
            "POST", path("companies"), body, idempotency_key=idempotency_key
        )
        return _company(an_object(answer))

    def list_connections(self, company_id: str | UUID) -> list[Connection]:
        """Return the connections of a company that are not deleted."""
        return self._all(path("companies", company_id, "connections"), _connection)

    def get_connection(
        self, company_id: str | UUID, connection_id: str | UUID
    ) -> Connection:
        """Return one connection, with a fresh link address."""
        return _connection(
            an_object(self._get(_connection_path(company_id, connection_id)))
        )

    def create_connection(
        self,
        company_id: str | UUID,
        platform_key: str = XERO,
        *,
        idempotency_key: UUID | None = None,
    ) -> Connection:
        """Create a connection that waits for the borrower to authorise it."""
        answer = self._write(
            "POST",
            path("companies", company_id, "connections"),
            {"platformKey": platform_key},
            idempotency_key=idempotency_key,
        )
        return _connection(an_object(answer))

    def unlink_connection(
        self, company_id: str | UUID, connection_id: str | UUID
    ) -> Connection:
        """Cut a linked connection; it can be linked again and keeps its accounts."""
        answer = self._write(
            "PATCH",
            _connection_path(company_id, connection_id),
            {"status": "Unlinked"},
        )
        return _connection(an_object(answer))

    def delete_connection(
        self, company_id: str | UUID, connection_id: str | UUID
    ) -> None:
        """Remove a connection for good, its source accounts and mappings with it."""
        self._write("DELETE", _connection_path(company_id, connection_id))

    def get_integration(self, platform_key: str = XERO) -> Integration:
        """Return an accounting package; offer it only when it is enabled."""
        source = an_object(self._get(path("integrations", platform_key)))
        return Integration(
            key=values.text(source, "key"),
            name=values.text(source, "name"),
            enabled=values.flag(source, "enabled"),
        )

    def get_accounting_profile(self, company_id: str | UUID) -> AccountingProfile:
        """Return the organisation's own description; a 409 before the first sync."""
        source = an_object(self._get(path("companies", company_id, "data", "info")))
        return AccountingProfile(
            company_name=values.text(source, "companyName"),
            legal_name=values.text(source, "companyLegalName"),
            base_currency=values.text(source, "baseCurrency"),
            ledger_lock_date=values.day(source, "ledgerLockDate"),
        )

    def get_company_information(
        self, company_id: str | UUID, connection_id: str | UUID
    ) -> CompanyInformation:
        """Return the currencies and the plan of the connected organisation."""
        target = _connection_path(company_id, connection_id) + "/bankFeeds/info"
        source = an_object(self._get(target))
        return CompanyInformation(
            company_name=values.text(source, "companyName"),
            base_currency=values.text(source, "baseCurrency"),
            plan_type=values.text(source, "planType"),
            multicurrency_enabled=values.flag(source, "multicurrencyEnabled"),
            currencies=values.texts(source, "currencies"),
        )


def _connection_path(company_id: str | UUID, connection_id: str | UUID) -> str:
    return path("companies", company_id, "connections", connection_id)


def _company(source: Fields) -> Company:
    tags = values.child(source, "tags")
    return Company(
        id=values.text(source, "id"),
        name=values.text(source, "name"),
        description=values.text(source, "description"),
        redirect=values.text(source, "redirect"),
        tags={str(name): values.text(tags, name) for name in tags or {}},
        created=values.moment(source, "created"),
        connections=values.records(source, "dataConnections", _connection),
    )


def _connection(source: Fields) -> Connection:
    return Connection(
        id=values.text(source, "id"),
        platform_key=values.text(source, "integrationKey"),
        status=values.text(source, "status"),
        link_url=values.text(source, "linkUrl"),
        created=values.moment(source, "created"),
        problems=values.records(source, "dataConnectionErrors", _problem),
    )


def _problem(source: Fields) -> ConnectionProblem:
    return ConnectionProblem(
        status_code=values.text(source, "statusCode"),
        message=values.text(source, "errorMessage"),
        status=values.text(source, "status"),
    )
