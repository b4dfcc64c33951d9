"""Integrations: which accounting software can be connected."""

from __future__ import annotations

from dataclasses import dataclass

from xero_sync.sandbox.query import listing
from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.state import World
from xero_sync.sandbox.wire import ApiError, Call, JsonObject, Reply, answer

SOURCE_ID = "8a156a5a-39cb-4f9d-856e-76ef9b9a9607"
FIELDS = frozenset({"key", "name", "enabled", "sourceType", "sourceId", "isBeta"})


@dataclass(frozen=True)
class Integration:
    """An accounting software."""

    key: str
    name: str
    id: str


INTEGRATIONS = {
    "gbol": Integration("gbol", "Xero", "8a156a5a-39cb-4f9d-856e-76ef9b9a9601"),
    "mqjo": Integration("mqjo", "Sandbox", "8a156a5a-39cb-4f9d-856e-76ef9b9a9602"),
}
WRITABLE = frozenset(
    {
        "transfers",
        "directCosts",
        "payments",
        "suppliers",
        "chartOfAccounts",
        "bankAccounts",
    }
)
READABLE = WRITABLE | {"invoices", "customers", "taxRates", "company"}


def show(world: World, integration: Integration) -> JsonObject:
    """An integration as Codat shows it."""

    def feature(kind: str) -> JsonObject:
        return {"featureType": kind, "featureState": "Release"}

    def features(data_type: str) -> list[JsonObject]:
        kinds = ["Get", "Post"] if data_type in WRITABLE else ["Get"]
        return [feature(kind) for kind in kinds]

    return {
        "key": integration.key,
        "name": integration.name,
        "logoUrl": f"https://static.codat.example/logos/{integration.key}.png",
        "enabled": world.settings.integration_enabled,
        "sourceId": SOURCE_ID,
        "sourceType": "Accounting",
        "integrationId": integration.id,
        "isOfflineConnector": False,
        "isBeta": False,
        "datatypeFeatures": [
            # the published schema describes `dataType` and requires `datatype`
            {"dataType": it, "datatype": it, "supportedFeatures": features(it)}
            for it in sorted(READABLE)
        ],
    }


def list_integrations(world: World, call: Call) -> Reply:
    """`GET /integrations`."""
    shown = [show(world, it) for it in INTEGRATIONS.values()]
    return listing(call, shown, name="Integration", fields=FIELDS)


def get_integration(world: World, _call: Call, key: str) -> Reply:
    """`GET /integrations/{platformKey}`."""
    return answer(show(world, _find(key)))


def get_branding(_world: World, _call: Call, key: str) -> Reply:
    """`GET /integrations/{platformKey}/branding`."""
    integration = _find(key)

    def image(kind: str) -> JsonObject:
        source = f"https://static.codat.example/branding/{key}-{kind}.png"
        return {"image": {"src": source, "alt": f"{integration.name} {kind}"}}

    return answer(
        {
            "logo": {"full": image("full"), "square": image("square")},
            "button": {"default": image("button"), "hover": image("button-hover")},
            "sourceId": SOURCE_ID,
        }
    )


def _find(key: str) -> Integration:
    if key not in INTEGRATIONS:
        raise ApiError(404, f"Integration {key} not found", "ClientsApi")
    return INTEGRATIONS[key]


ROUTES = [
    Route("GET", "/integrations", list_integrations),
    Route("GET", "/integrations/{key}", get_integration),
    Route("GET", "/integrations/{key}/branding", get_branding),
]
