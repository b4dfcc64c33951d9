"""Which data types a company is synchronised with."""

from __future__ import annotations

from xero_sync.sandbox.readable import SYNC_ORDER
from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.state import World
from xero_sync.sandbox.wire import Call, Reply, answer, empty


def get_settings(world: World, _call: Call, company: str) -> Reply:
    """`GET /companies/{companyId}/syncSettings`."""
    found = world.company(company)
    settings = found.sync_settings or [
        {
            "dataType": data_type,
            "fetchOnFirstLink": True,
            "syncSchedule": 24,
            "syncOrder": order,
        }
        for order, data_type in enumerate(SYNC_ORDER)
    ]
    overridden = bool(found.sync_settings)
    return answer(
        {"companyId": company, "settings": settings, "overridesDefaults": overridden}
    )


def set_settings(world: World, call: Call, company: str) -> Reply:
    """`POST /companies/{companyId}/syncSettings`: kept, without further effect."""
    world.company(company).sync_settings = call.json_object().get("syncSettings") or []
    return empty()


ROUTES = [
    Route("GET", "/companies/{company}/syncSettings", get_settings),
    Route("POST", "/companies/{company}/syncSettings", set_settings),
]
