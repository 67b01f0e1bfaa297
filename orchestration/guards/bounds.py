"""The bounds that dbt and the linker keep, as the reviewed policy states them.

Nothing else in the project names a number for them: without these, dbt refuses to compile and there
is no linker. Does not belong here: what a bound means (`privacy.policy.form`), and whether one
follows from another (`privacy.policy.policy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestration.hub.errors import OrchestrationError
from privacy.policy.policy import Policy

RECORDS_FOR_ONE_CHILD = "bound_links"
"""The bound that the linker keeps too: most police victim records that may ever take one child."""

_STATED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "bound_reports": ("reports_to_childrens_division", "bound"),
        "bound_report_quarters": ("reports_to_childrens_division", "quarters"),
        RECORDS_FOR_ONE_CHILD: ("report_lag_in_year", "places"),
        "bound_care_years": ("children_in_care_in_year", "quarters"),
    }
)
"""Variable of dbt to the frame and the field of the policy that state it."""


def read_bounds(policy: Policy) -> dict[str, int]:
    """Give each bound by the name of its dbt variable.

    Raises:
        OrchestrationError: MS932 where the policy does not state one.
    """
    bounds = {}
    for variable, (frame, field) in _STATED.items():
        stated = getattr(policy.stated_frames.get(frame), field, None)
        if stated is None:
            raise OrchestrationError("MS932", frame=frame, field=field)
        bounds[variable] = stated
    return bounds
