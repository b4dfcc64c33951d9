"""All rows, chapter by chapter."""

from tests.asvs import (
    authentication,
    encoding_and_validation,
    keys_and_transport,
    logs_and_code,
    sessions_and_rights,
    settings_and_data,
    web,
)
from tests.asvs.rows import Row

ANSWERS: list[Row] = [
    *encoding_and_validation.ROWS,
    *web.ROWS,
    *authentication.ROWS,
    *sessions_and_rights.ROWS,
    *keys_and_transport.ROWS,
    *settings_and_data.ROWS,
    *logs_and_code.ROWS,
]
