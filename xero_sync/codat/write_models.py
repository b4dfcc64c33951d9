"""What may be written of a data type: Codat's "get create model" of a connection.

The answer is a tree of nodes, each with whether it is required, its properties and its
choices. A property that the model does not list may be refused, so nobody sends it.
For Xero's bank accounts no model is published: it is read before each is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from xero_sync.codat import values
from xero_sync.codat.calls import Calls, Fields, an_object, path


@dataclass(frozen=True, slots=True)
class Property:
    """One property; without choices it takes any value."""

    is_required: bool
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WriteModel:
    """The properties of what is written, by their names."""

    properties: Mapping[str, Property]

    @property
    def required(self) -> set[str]:
        """The properties that must be there."""
        return {name for name, one in self.properties.items() if one.is_required}

    def takes(self, name: str, value: object) -> bool:
        """Tell whether a property may be sent with a value."""
        found = self.properties.get(name)
        return found is not None and (not found.choices or value in found.choices)


class WriteModelOperations(Calls):
    """Ask what a write may contain."""

    def get_write_model(
        self, company_id: str | UUID, connection_id: str | UUID, data_type: str
    ) -> WriteModel:
        """Return the model of a data type, such as `bankAccounts`.

        Raises:
            CodatRejected: 404: the platform offers no such write.
            CodatError: Codat did not answer, or refused.
        """
        connection = ("companies", company_id, "connections", connection_id)
        fields = an_object(self._get(path(*connection, "options", data_type)))
        properties = values.child(fields, "properties")
        if not isinstance(properties, Mapping):
            properties = {}
        return WriteModel(
            {
                values.storable(str(name)): _property(node)
                for name, node in properties.items()
            }
        )


def _property(node: Fields) -> Property:
    choices = values.records(node, "options", lambda one: values.text(one, "value"))
    return Property(values.flag(node, "required"), choices)
