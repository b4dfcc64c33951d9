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
from rest_framework.serializers import ChoiceField

from backoffice.api.description import examples
from backoffice.api.description.settings import BEARER, TAGS, ref
from backoffice.api.framework import patterns
from backoffice.api.framework.base import ApiView
from backoffice.api.framework.fields import StrictSerializer, TextField
from backoffice.api.framework.fingerprints import HEADER
from backoffice.api.framework.problem_documents import ProblemDocument
from backoffice.api.framework.queries import ListQuery, Query

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
        """Sort operations by their resource, the last that the path names."""
        return [one for one in self.path.split("/") if one in TAGS][-1:]

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters that the view reads, and the header of repeats."""
        found: list[Any] = [*super().get_override_parameters()]
        if self._query:
            found.append(self._query)
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

    def _process_override_parameters(self, direction: Any = "request") -> JSON:
        found: JSON = super()._process_override_parameters(direction)
        for one in found.values():
            if "enum" in one["schema"]:
                # Of a few words none is empty.
                one["schema"].pop("minLength", None)
        return found

    def get_examples(self) -> list[OpenApiExample]:
        """Return the examples that the tests send."""
        found = []
        for one in examples.of_operation(self.get_operation_id()):
            shared: JSON = {
                "name": one.name,
                "summary": one.label,
                "description": one.given,
            }
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

    def _resolve_path_parameters(self, variables: list[str]) -> list[JSON]:
        found: list[JSON] = super()._resolve_path_parameters(variables)
        shown = examples.of_operation(self.get_operation_id())
        for parameter in found:
            labels: dict[str, list[str]] = {}
            for one in shown:
                if one.path:
                    value = one.path[parameter["name"]]
                    labels.setdefault(value, []).append(one.label)
            if labels:
                parameter["examples"] = {
                    value: {"value": value, "summary": "; ".join(found_in)}
                    for value, found_in in labels.items()
                }
        return found

    def _get_response_bodies(self, direction: Any = "response") -> JSON:
        found: JSON = super()._get_response_bodies(direction)
        # The shared refusals point at it.
        self.resolve_serializer(ProblemDocument, direction)
        refused = {code for code in found if int(code) >= HTTPStatus.BAD_REQUEST}
        for code, answer in found.items():
            if code in refused:
                continue
            answer["description"] = self._words_of(code)
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

    def _words_of(self, code: str) -> str:
        """Return what an answer is: the first line of its serializer."""
        answers: Any = self.get_response_serializers()
        if isinstance(answers, dict):
            answers = answers[int(code)]
        if answers is None:
            return "Done; there is nothing to tell."
        shown = answers if isinstance(answers, type) else type(answers)
        return str(shown.__doc__).partition("\n")[0]

    def _refusals(self) -> Iterator[int]:
        yield from (400, 401, 403, 406, 429, 500, 503)
        if "{" in self.path:
            yield 404
        if self._query and issubclass(self._query, ListQuery):
            # A cursor may be of another list.
            yield 422
        if self.method in WRITES:
            yield from (409, 413, 415, 422)
        if self.method == "DELETE":
            # Another request holds what is to be deleted.
            yield 409
        if self.method in self._ours.calls_codat:
            yield from (409, 502)

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> JSON:
        found: JSON = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, StrictSerializer):
            found["additionalProperties"] = False
        for name, shown in found.get("properties", {}).items():
            field = serializer.fields[name]
            if isinstance(field, TextField) and hasattr(field, "pattern"):
                shown["pattern"] = field.pattern
            elif isinstance(field, ChoiceField) and all(
                str(word) == str(label) for word, label in field.choices.items()
            ):
                # Words that explain themselves.
                shown.pop("description", None)
                if field.help_text:
                    shown["description"] = str(field.help_text)
            elif isinstance(field, TextField) and "pattern" not in shown:
                shown["pattern"] = (
                    patterns.NO_NUL if field.allow_blank else patterns.NOT_BLANK
                )
        return found

    def _scope(self) -> str:
        return str(self._ours.scopes[self.method])

    @property
    def _query(self) -> type[Query] | None:
        return self._ours.queries.get(self.method)

    @property
    def _ours(self) -> ApiView:
        return cast(ApiView, self.view)
