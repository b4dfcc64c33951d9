"""Countries are those of ISO 3166-1, whatever else CLDR has a name for."""

from lending.countries import COUNTRIES


def test_there_are_as_many_as_iso_3166_has():
    assert len(COUNTRIES) == 249
    assert {"GB", "FR", "BV", "HM", "TW"} < COUNTRIES
    assert not {"UK", "EU", "XK", "UN", "ZZ"} & COUNTRIES
