"""A release read back from its JSON content, as the ledger keeps it.

Does not belong here: the types, and how they are written (privacy.released).
"""

import datetime
from fractions import Fraction
from typing import Any

from privacy.declared import DeclaredFacts
from privacy.errors import PrivacyError
from privacy.ledger.chain import Entry
from privacy.released import (
    ApprovalFacts,
    GroupFacts,
    HistoryPoint,
    MeasuredCell,
    PlanFacts,
    PreviousRelease,
    PrivacyFacts,
    Provenance,
    Release,
    ReleasedFrame,
    ReleasedLevel,
    ReleasedMeasurement,
    ReleasedRow,
    ReleasedSameRows,
    ReleasedTable,
    ReleasedYearSum,
    SpendingFacts,
    SyntheticFrame,
)


def recall_entry(entry: Entry) -> Release:
    """Return the release of a finished draw's entry; raises PrivacyError MS629."""
    try:
        return read_release({**(entry.payload or {}), "ledger_head": entry.hash})
    except (ValueError, TypeError, KeyError):
        raise PrivacyError("MS629") from None


def read_release(content: dict[str, Any]) -> Release:
    """Return the release of JSON content; raises ValueError, TypeError or KeyError."""
    return Release(
        **{
            **content,
            "quarter_start": datetime.date.fromisoformat(content["quarter_start"]),
            "tables": tuple(map(_read_table, content["tables"])),
            "frames": tuple(map(_read_frame, content["frames"])),
            "measurements": tuple(map(_read_measurement, content["measurements"])),
            "history": tuple(
                HistoryPoint(**{**point, "keys": tuple(point["keys"])})
                for point in content["history"]
            ),
            "synthetic": tuple(map(_read_synthetic, content["synthetic"])),
            "plan": PlanFacts(**content["plan"]),
            "approvals": tuple(ApprovalFacts(**one) for one in content["approvals"]),
            "privacy": _read_privacy(content["privacy"]),
            "provenance": Provenance.from_content(content["provenance"]),
            "previous": content["previous"] and _read_previous(content["previous"]),
            "versions": tuple(sorted(content["versions"].items())),
        }
    )


def _read_previous(content: dict[str, Any]) -> PreviousRelease:
    return PreviousRelease(**{**content, "tables": tuple(map(tuple, content["tables"]))})


def _read_table(content: dict[str, Any]) -> ReleasedTable:
    tuples = {name: tuple(content[name]) for name in ("sources", "dimensions", "dimension_titles")}
    rows = tuple(ReleasedRow(**_read_cell(row)) for row in content["rows"])
    positions = tuple(
        (unit, tuple(tuple(places) for places in axes)) for unit, axes in content["positions"]
    )
    facts = content.get("declared")  # not in releases before the first declared table
    declared = facts and DeclaredFacts(**facts)
    return ReleasedTable(
        **{**content, **tuples, "rows": rows, "positions": positions, "declared": declared}
    )


def _read_frame(content: dict[str, Any]) -> ReleasedFrame:
    levels = tuple(
        ReleasedLevel(
            **{
                **level,
                **{name: tuple(level[name]) for name in ("keys", "labels", "parents")},
                "children": tuple(level.get("children", ())),
            }
        )
        for level in content["levels"]
    )
    precisions = tuple((tuple(space), tuple(values)) for space, values in content["precisions"])
    same = content.get("same_rows")
    lists = {
        **{name: tuple(content[name]) for name in ("columns", "sizes")},
        "year_sums": tuple(ReleasedYearSum(**one) for one in content.get("year_sums", ())),
        "same_rows": same and _read_same_rows(same),
    }
    return ReleasedFrame(**{**content, **lists, "levels": levels, "precisions": precisions})


def _read_same_rows(content: dict[str, Any]) -> ReleasedSameRows:
    lists = {name: tuple(content[name]) for name in ("cells", "places")}
    return ReleasedSameRows(**{**content, **lists})


def _read_measurement(content: dict[str, Any]) -> ReleasedMeasurement:
    return ReleasedMeasurement(
        **{
            **content,
            "dimensions": tuple(content["dimensions"]),
            "rho": Fraction(content["rho"]),
            "cells": tuple(MeasuredCell(**_read_cell(cell)) for cell in content["cells"]),
        }
    )


def _read_synthetic(content: dict[str, Any]) -> SyntheticFrame:
    return SyntheticFrame(
        content["frame"],
        tuple(content["columns"]),
        tuple(map(tuple, content["records"])),
        tuple((name, mean, largest) for name, mean, largest in content["moved"]),
    )


def _read_cell(content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "keys": tuple(content["keys"]), "labels": tuple(content["labels"])}


def _read_privacy(content: dict[str, Any]) -> PrivacyFacts:
    groups = tuple(
        GroupFacts(**{**group, "rho": Fraction(group["rho"])}) for group in content["groups"]
    )
    spending = tuple(
        SpendingFacts(
            one["period"],
            Fraction(one["spent"]),
            Fraction(one["cap"]),
            one.get("ahead") and Fraction(one["ahead"]),
        )
        for one in content["spending"]
    )
    return PrivacyFacts(
        **{
            **content,
            "rho": Fraction(content["rho"]),
            "groups": groups,
            "spending": spending,
            "unprotected": tuple(content["unprotected"]),
        }
    )
