"""What a row of the table says: one of three kinds of answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """These tests hold it: each fails where it is broken."""

    id: str
    asks: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class NoSurface:
    """Nothing here that it could be about; `id` may be a chapter or a section."""

    id: str
    reason: str


@dataclass(frozen=True)
class Open:
    """It is not held, or not as a whole: what is missing."""

    id: str
    asks: str
    missing: str


Row = Held | NoSurface | Open


def held(id_: str, asks: str, *tests: str) -> Held:
    """Name a requirement, what it asks here, and the tests that hold it."""
    return Held(id_, asks, tests)
