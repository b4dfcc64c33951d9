"""How drf-spectacular describes our views: what every operation shares is said here.

A view says what is its own with `@extend_schema`: the operation's id, its summary, its
bodies. Scopes, parameters, headers and refusals follow from the view itself.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.serializers import Serializer

from backoffice.api.description import examples
from backoffice.api.description.settings import BEARER, ref
from backoffice.api.framework import patterns
from backoffice.api.framework.base import DRY_RUN, ApiView
from backoffice.api.framework.fields import StrictSerializer, TextField
from backoffice.api.framework.filters import ORDERING
from backoffice.api.framework.idempotency import HEADER
from backoffice.api.framework.pagination import (
    CURSOR,
    LARGEST_PAGE,
    LIMIT,
    PAGE_PARAMETERS,
    PAGE_SIZE,
)
from backoffice.api.lending import schemas

WRITES = {"POST", "PUT", "PATCH"}
JSON = dict[str, Any]


class BearerScheme(OpenApiAuthenticationExtension):
    """The key in the header `Authorization`."""

    target_class = "backoffice.api.framework.authentication.BearerKey"
    name = BEARER

    def get_security_definition(self, auto_schema: AutoSchema) -> JSON:  # noqa: ARG002
        """Return the scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key made in the admin or by `manage.py api_key create`. "
            "Each operation names the scope it needs.",
        }


class ApiSchema(AutoSchema):
    """Describes one operation."""

    def get_description(self) -> str:
        """Return the method's docstring and the scope."""
        return f"{super().get_description()}\n\nScope: `{self._scope()}`."

    def get_auth(self) -> list[JSON]:
        """Return the scheme with the scope."""
        super().get_auth()
        return [{BEARER: [self._scope()]}]

    def get_tags(self) -> list[str]:
        """Sort operations by their resource."""
        return [self.path.removeprefix("/api/v1/").partition("/")[0]]

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters that the view checks, and the header of repeats."""
        found = [*super().get_override_parameters(), *self._of_lists()]
        known = self._ours.parameters.get(self.method, set())
        if known >= PAGE_PARAMETERS:
            found += self._of_pages()
        if DRY_RUN in known:
            words = "`true`: answer what would be written, and change nothing."
            found.append(
                OpenApiParameter(DRY_RUN, {"type": "boolean"}, description=words)
            )
        if self.method in WRITES:
            words = (
                "Names the attempt, for ever: the same content gets the stored answer, "
                "other content is refused."
            )
            schema = {"type": "string", "pattern": patterns.IDEMPOTENCY_KEY}
            found.append(
                OpenApiParameter(
                    HEADER, schema, OpenApiParameter.HEADER, description=words
                )
            )
        return found

    def get_examples(self) -> list[OpenApiExample]:
        """Return the examples that the tests send."""
        found = []
        for one in examples.of_operation(self.get_operation_id()):
            shared: JSON = {"name": one.name, "summary": one.given}
            if one.body is not None:
                found.append(
                    OpenApiExample(**shared, value=one.body, request_only=True)
                )
            if one.status < HTTPStatus.BAD_REQUEST:
                found.append(
                    OpenApiExample(
                        **shared,
                        value=one.answer,
                        response_only=True,
                        status_codes=[str(one.status)],
                    )
                )
        return found

    def _of_lists(self) -> Iterator[OpenApiParameter]:
        filters = self._ours.filters
        if filters is None or self.method != "GET":
            return
        for name, one in filters.base_filters.items():
            schema = one.field.schema
            yield OpenApiParameter(name, schema, description=one.extra["help_text"])
        words = (
            "Pages do not shift while rows are added; see Lists on those added late."
        )
        if filters.ordered_by:
            windows = ", ".join(f"`{name}`" for name in filters.ordered_by)
            order = next(iter(filters.ordered_by.values()))
            words += f" With {windows} it is `{order}` unless another is asked for."
        orders = list(filters.orders)
        schema = {"type": "string", "enum": orders, "default": orders[0]}
        yield OpenApiParameter(ORDERING, schema, description=words)
        yield from self._of_pages()

    def _of_pages(self) -> Iterator[OpenApiParameter]:
        words = "From `next` or `previous` of a page."
        yield OpenApiParameter(
            CURSOR, {"type": "string", "pattern": patterns.CURSOR}, description=words
        )
        schema: JSON = {
            "type": "integer",
            "minimum": 1,
            "maximum": LARGEST_PAGE,
            "default": PAGE_SIZE,
        }
        yield OpenApiParameter(LIMIT, schema, description="Rows of a page.")

    def _resolve_path_parameters(self, variables: list[str]) -> list[JSON]:
        found: list[JSON] = super()._resolve_path_parameters(variables)
        shown = examples.of_operation(self.get_operation_id())
        for parameter in found:
            values = dict.fromkeys(
                one.path[parameter["name"]] for one in shown if one.path
            )
            if values:
                parameter["examples"] = {
                    str(value): {"value": value} for value in values
                }
        return found

    def _get_response_bodies(self, direction: Any = "response") -> JSON:
        found: JSON = super()._get_response_bodies(direction)
        # Parts that are only pointed at.
        parts: list[type[Serializer]] = [schemas.Problem, *self._ours.parts]
        for part in parts:
            self.resolve_serializer(part, direction)
        refused = {code for code in found if int(code) >= HTTPStatus.BAD_REQUEST}
        for code, answer in found.items():
            if code in refused:
                continue
            answer["headers"] = {"X-Request-Id": ref("headers", "X-Request-Id")}
            if self.method in WRITES:
                answer["headers"]["Idempotent-Replayed"] = ref(
                    "headers", "Idempotent-Replayed"
                )
        if "201" in found and self._ours.leads_to:
            found["201"]["links"] = {
                operation: {
                    "operationId": operation,
                    "parameters": {name: f"$response.body#/{name}"},
                }
                for operation, name in self._ours.leads_to.items()
            }
        wanted = refused | {str(status) for status in self._refusals()}
        found |= {code: ref("responses", f"Refused{code}") for code in wanted}
        return dict(sorted(found.items()))

    def _refusals(self) -> Iterator[int]:
        yield from (400, 401, 403, 406, 429, 500)
        if "{" in self.path:
            yield 404
        if CURSOR in {one.name for one in self.get_override_parameters()}:
            yield 422
        if self.method in WRITES:
            yield from (409, 413, 415, 422)
        if self.method == "DELETE":
            # Another request holds what is to be deleted.
            yield 409
        if self.method in self._ours.calls_codat:
            yield from (409, 502, 503)

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> JSON:
        found: JSON = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, StrictSerializer):
            found["additionalProperties"] = False
        for name, shown in found.get("properties", {}).items():
            field = serializer.fields[name]
            if isinstance(field, TextField) and hasattr(field, "pattern"):
                shown["pattern"] = field.pattern
            elif isinstance(field, TextField) and "pattern" not in shown:
                shown["pattern"] = (
                    patterns.NO_NUL if field.allow_blank else patterns.NOT_BLANK
                )
        return found

    def _scope(self) -> str:
        return str(self._ours.scopes[self.method])

    @property
    def _ours(self) -> ApiView:
        return cast(ApiView, self.view)


def without_marks(result: Any, **_: Any) -> Any:
    """Take out what drf-spectacular notes for a step that we leave out."""
    if isinstance(result, dict):
        result.pop("x-spec-enum-id", None)
        for one in result.values():
            without_marks(one)
    elif isinstance(result, list):
        for one in result:
            without_marks(one)
    return result
