"""What left: frozen types of a release and their exact JSON. The only module portal may import.

Does not belong here: noise, exact values, or OpenDP, which an agency's machine does not have.
"""

import datetime
import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from privacy.canonical import to_canonical_json
from privacy.errors import PrivacyError

ESTIMATED = "estimated"
NOT_DISTINGUISHABLE = "not distinguishable from zero"
NOT_COLLECTED = "not collected by any source"
NOT_RELEASED = "not released"

DELIVERY_KINDS = ("full", "delta", "nil")


@dataclass(frozen=True)
class ReleasedRow:
    """One published row: its keys and labels in the order of the table's dimensions.

    `estimate` is unbiased, in tenths, and may be negative; the exact count lies within `moe90` of
    it in 9 of 10 draws; `count` is whole, never negative, and adds up over all tables of one frame;
    `cut_off` is the largest estimate not distinguishable from zero. All four are None where
    `status` says why there is no number.
    """

    keys: tuple[str, ...]
    labels: tuple[str, ...]
    count: int | None
    estimate: float | None
    moe90: float | None
    cut_off: int | None
    status: str


@dataclass(frozen=True)
class ReleasedTable:
    """One table; `bound` says how far one identity can move it, and is None if it is silent."""

    name: str
    title: str
    unit: str
    definition: str
    sources: tuple[str, ...]
    dimensions: tuple[str, ...]
    dimension_titles: tuple[str, ...]
    rows: tuple[ReleasedRow, ...]
    bound: str | None


@dataclass(frozen=True)
class MeasuredCell:
    """One cell as it was drawn: a whole number that may be negative."""

    keys: tuple[str, ...]
    labels: tuple[str, ...]
    noisy_count: int


@dataclass(frozen=True)
class ReleasedMeasurement:
    """One measured table of a frame, as drawn: all that any other number is made from.

    `sigma` is the standard deviation of the noise of each cell, in counted units.
    """

    name: str
    frame: str
    dimensions: tuple[str, ...]
    sigma: float
    rho: Fraction
    cells: tuple[MeasuredCell, ...]


@dataclass(frozen=True)
class PlanFacts:
    """Which plan was drawn; all hashes are SHA-256 in hexadecimal."""

    hash: str
    policy_version: int
    policy_hash: str
    reviewed_on: str
    keys_hash: str


@dataclass(frozen=True)
class GroupFacts:
    """The guarantee for `size` identities together: rho grows with the square of size."""

    size: int
    rho: Fraction
    epsilon: float


@dataclass(frozen=True)
class PrivacyFacts:
    """The guarantee of the release, in each of its usual forms.

    `unit` is the adjacency sentence, `rho` the exact cost (zCDP) and `rho_decimal` the same rounded
    up; `epsilon` is tight at `delta`; `mu` = sqrt(2 rho); `power` is the best attacker's share of
    true alarms at 1 false alarm in 100; `unprotected` lists what the guarantee does not cover.
    """

    unit: str
    rho: Fraction
    rho_decimal: str
    delta: float
    epsilon: float
    mu: float
    power: float
    groups: tuple[GroupFacts, ...]
    unprotected: tuple[str, ...]


@dataclass(frozen=True)
class Provenance:
    """Where the rows came from, fixed when they were read; public and outside the guarantee.

    `deliveries` holds each agency and the kind (full, delta, nil) of its latest delivery, sorted by
    agency; `is_simulated` is true if any record may have been made up.
    """

    deliveries: tuple[tuple[str, str], ...]
    is_simulated: bool


@dataclass(frozen=True)
class Release:
    """One quarter as it left; `drawn_at` (UTC) and `ledger_head` come from the ledger's entry."""

    release_id: str
    quarter_start: datetime.date
    tables: tuple[ReleasedTable, ...]
    measurements: tuple[ReleasedMeasurement, ...]
    plan: PlanFacts
    privacy: PrivacyFacts
    provenance: Provenance
    versions: tuple[tuple[str, str], ...]
    drawn_at: str
    ledger_head: str

    def to_json(self) -> str:
        """Return canonical JSON; the same release always gives the same text."""
        return to_canonical_json(describe_release(self))

    @classmethod
    def from_json(cls, text: str) -> "Release":
        """Return the release of a text made by `to_json`; raises PrivacyError MS629."""
        try:
            return read_release(json.loads(text))
        except (ValueError, TypeError, KeyError):
            raise PrivacyError("MS629") from None


def describe_release(release: Release) -> dict[str, Any]:
    """Return a release as plain JSON content, with fractions and dates as text."""
    return {
        **asdict(release),
        "quarter_start": release.quarter_start.isoformat(),
        "provenance": {
            "deliveries": dict(release.provenance.deliveries),
            "is_simulated": release.provenance.is_simulated,
        },
        "versions": dict(release.versions),
    }


def read_release(content: dict[str, Any]) -> Release:
    """Return the release of JSON content; raises ValueError, TypeError or KeyError."""
    return Release(
        **{
            **content,
            "quarter_start": datetime.date.fromisoformat(content["quarter_start"]),
            "tables": tuple(_read_table(table) for table in content["tables"]),
            "measurements": tuple(map(_read_measurement, content["measurements"])),
            "plan": PlanFacts(**content["plan"]),
            "privacy": _read_privacy(content["privacy"]),
            "provenance": _read_provenance(content["provenance"]),
            "versions": tuple(sorted(content["versions"].items())),
        }
    )


def _read_table(content: dict[str, Any]) -> ReleasedTable:
    tuples = {name: tuple(content[name]) for name in ("sources", "dimensions", "dimension_titles")}
    rows = tuple(ReleasedRow(**_read_cell(row)) for row in content["rows"])
    return ReleasedTable(**{**content, **tuples, "rows": rows})


def _read_measurement(content: dict[str, Any]) -> ReleasedMeasurement:
    return ReleasedMeasurement(
        **{
            **content,
            "dimensions": tuple(content["dimensions"]),
            "rho": Fraction(content["rho"]),
            "cells": tuple(MeasuredCell(**_read_cell(cell)) for cell in content["cells"]),
        }
    )


def _read_cell(content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "keys": tuple(content["keys"]), "labels": tuple(content["labels"])}


def _read_privacy(content: dict[str, Any]) -> PrivacyFacts:
    groups = tuple(
        GroupFacts(**{**group, "rho": Fraction(group["rho"])}) for group in content["groups"]
    )
    return PrivacyFacts(
        **{
            **content,
            "rho": Fraction(content["rho"]),
            "groups": groups,
            "unprotected": tuple(content["unprotected"]),
        }
    )


def _read_provenance(content: dict[str, Any]) -> Provenance:
    return Provenance(tuple(sorted(content["deliveries"].items())), content["is_simulated"])
