"""The IO manager that refuses: no step hands a value to another through Dagster.

The default one pickles whatever a step returns into Dagster's storage, outside the vault.
"""

from __future__ import annotations

import dagster as dg


class RefusingIOManager(dg.IOManager):
    """Refuses to store or load any value."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:  # noqa: ARG002
        """Refuse to store.

        Raises:
            dagster.Failure: Always, unless the step returned nothing.
        """
        if obj is not None:
            raise dg.Failure("A step returned a value; steps write to a zone and return no data.")

    def load_input(self, context: dg.InputContext) -> object:  # noqa: ARG002
        """Refuse to load.

        Raises:
            dagster.Failure: Always.
        """
        raise dg.Failure("A step asked for another step's value; read it from its zone instead.")
