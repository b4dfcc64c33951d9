"""What the environment says of a setting, read or refused by the setting's name."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from ipaddress import IPv4Network, IPv6Network, ip_network

from django.core.exceptions import ImproperlyConfigured


def network(given: str) -> IPv4Network | IPv6Network:
    """Read the address or the network of a proxy."""
    try:
        return ip_network(given.strip())
    except ValueError as exc:
        raise ImproperlyConfigured(
            f"TRUSTED_PROXIES holds {given.strip()!r}. Name addresses or networks, "
            "such as 10.0.0.5 or 10.0.0.0/8, separated by commas."
        ) from exc


def by_currency(name: str, given: Mapping[str, str]) -> dict[str, Decimal]:
    """Read amounts by currency, such as `GBP=250000,EUR=300000`.

    Raises:
        ImproperlyConfigured: one is no amount above zero, or no currency.
    """
    try:
        amounts = {currency: Decimal(amount) for currency, amount in given.items()}
    except InvalidOperation:
        amounts = {"": Decimal(0)}
    for currency, amount in amounts.items():
        is_amount = amount.is_finite() and amount > 0
        if not is_amount or not re.fullmatch("[A-Z]{3}", currency):
            raise ImproperlyConfigured(
                f"{name} is no list of amounts by currency. Write it as "
                "GBP=250000,EUR=300000, each above zero."
            )
    return amounts


def days_kept(
    name: str, given: Mapping[str, str], default: Mapping[str, int]
) -> dict[str, int]:
    """Read for how many days each kind is kept, such as `answers=365,replies=30`.

    Raises:
        ImproperlyConfigured: there is no such kind, or it is no number of days.
    """
    for kind, days in given.items():
        if kind not in default or not re.fullmatch(r"[0-9]{1,5}", days):
            raise ImproperlyConfigured(
                f"{name} holds {kind}={days}. Name days of {', '.join(default)}, such "
                "as answers=365,replies=30; 0 keeps them for ever."
            )
    return {**default, **{kind: int(days) for kind, days in given.items()}}
