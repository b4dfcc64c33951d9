"""Configuration mistakes, found before they cost a write."""

import base64
import binascii
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning

from xero_sync.portal import logo
from xero_sync.webhooks.registration import LOOPBACK

CODAT_REMEMBERS_SECONDS = 90 * 60


@register(Tags.security)
def check_codat_address(**_: Any) -> list[CheckMessage]:
    """The key travels with every call, so the address must be https beyond loopback."""
    address = urlsplit(settings.CODAT_BASE_URL)
    if address.scheme == "https" or address.hostname in LOOPBACK:
        return []
    return [
        Error(
            "CODAT_BASE_URL is not an https address.",
            hint="Use https://api.codat.io, or a sandbox on this machine.",
            id="xero_sync.E001",
        )
    ]


@register(Tags.security)
def check_webhook_secret(**_: Any) -> list[CheckMessage]:
    """Without a well-formed secret every webhook is refused, and results come late."""
    secret = settings.CODAT_WEBHOOK_SECRET.removeprefix("whsec_")
    try:
        is_well_formed = bool(base64.b64decode(secret, validate=True))
    except binascii.Error:
        is_well_formed = False
    if is_well_formed:
        return []
    return [
        CheckWarning(
            "CODAT_WEBHOOK_SECRET is not a signing secret.",
            hint="Copy it from the endpoint's page in Codat's portal: whsec_….",
            id="xero_sync.W001",
        )
    ]


@register(Tags.compatibility)
def check_logo(**_: Any) -> list[CheckMessage]:
    """A logo that is nowhere would break each page that is to show it."""
    if logo.is_there():
        return []
    return [
        Error(
            "LENDER_LOGO is neither an https address nor one of our static files.",
            hint="Use https://…, or put the file below a `static` folder of an app.",
            id="xero_sync.E005",
        )
    ]


@register(Tags.compatibility)
def check_engine_times(**_: Any) -> list[CheckMessage]:
    """The engine's times only make sense in this order."""
    exchange = settings.CODAT_CONNECT_TIMEOUT + settings.CODAT_READ_TIMEOUT
    if exchange >= settings.WRITEBACK_LEASE_SECONDS:
        return [
            Error(
                "WRITEBACK_LEASE_SECONDS is shorter than one HTTP exchange.",
                hint="Make it longer than CODAT_CONNECT_TIMEOUT + CODAT_READ_TIMEOUT.",
                id="xero_sync.E002",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_public_address(**_: Any) -> list[CheckMessage]:
    """Codat's webhooks and the customers' links must travel encrypted."""
    if settings.PUBLIC_BASE_URL.startswith("https://"):
        return []
    return [
        Error(
            "PUBLIC_BASE_URL is not an https address.",
            hint="Use the address under which Codat and customers reach this host.",
            id="xero_sync.E003",
        )
    ]


@register(Tags.security, deploy=True)
def check_safety_times(**_: Any) -> list[CheckMessage]:
    """Codat remembers a key for 90 minutes: these two limits rest on it."""
    if (
        settings.WRITEBACK_KEY_SECONDS < CODAT_REMEMBERS_SECONDS
        and settings.WRITEBACK_SETTLE_SECONDS >= CODAT_REMEMBERS_SECONDS
    ):
        return []
    return [
        Error(
            "WRITEBACK_KEY_SECONDS or WRITEBACK_SETTLE_SECONDS risks double entries.",
            hint="Keep the first below 5400 seconds and the second at 5400 or more.",
            id="xero_sync.E004",
        )
    ]
