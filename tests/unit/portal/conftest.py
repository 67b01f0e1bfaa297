"""A small release, written by hand, as the door would hand it over."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from privacy_examples import PROVENANCE

from portal.folder import build_release
from privacy.released import (
    ACTIVITY,
    ESTIMATED,
    NOT_COLLECTED,
    NOT_DISTINGUISHABLE,
    QUARTERLY,
    ApprovalFacts,
    GroupFacts,
    MeasuredCell,
    PlanFacts,
    PrivacyFacts,
    Release,
    ReleasedFrame,
    ReleasedLevel,
    ReleasedMeasurement,
    ReleasedRow,
    ReleasedTable,
    SpendingFacts,
)

STATE = ReleasedLevel("state", "State", ("Missouri",), ("Missouri",), ())


def make_table(
    name: str,
    unit: str,
    rows: list[tuple[tuple[str, ...], float | None, float | None, str]],
    dimensions: tuple[str, ...] = (),
    sources: tuple[str, ...] = ("dss",),
    frame: str | None = None,
) -> ReleasedTable:
    return ReleasedTable(
        name=name,
        title=f"Title of {name} ({unit})",
        unit=unit,
        definition=f"Definition of {name}.",
        sources=sources,
        kind=ACTIVITY,
        cadence=QUARTERLY,
        period="2025Q1",
        level="state",
        dimensions=dimensions,
        dimension_titles=tuple(f"Title of {dimension}" for dimension in dimensions),
        rows=tuple(
            ReleasedRow(
                "Missouri",
                labels,
                labels,
                None if estimate is None else max(0, round(estimate)),
                estimate,
                margin,
                None if margin is None else 20,
                status,
                None if margin is None else round(margin / 1.645, 4),
            )
            for labels, estimate, margin, status in rows
        ),
        bound="One person is one row." if sources else None,
        frame=(frame or name) if sources else None,
        positions=tuple((0, ((place,),) if dimensions else ()) for place in range(len(rows)))
        if sources
        else (),
    )


def make_frame(table: ReleasedTable) -> ReleasedFrame:
    axes = tuple(range(len(table.dimensions)))
    sizes = (len(table.rows),) if table.dimensions else ()
    spaces = ((), (0,)) if axes else ((),)
    return ReleasedFrame(
        str(table.frame),
        "2025Q1",
        (STATE,),
        table.dimensions,
        sizes,
        tuple((space, (0.0185,)) for space in spaces),
    )


@pytest.fixture
def release() -> Release:
    state = ()
    tables = (
        make_table("reports", "reports", [(state, 24.2, 11.6, ESTIMATED)]),
        make_table(
            "children_by_sex",
            "children",
            [
                (("Female",), 1234.0, 12.0, ESTIMATED),
                (("Male",), -4.0, 12.0, NOT_DISTINGUISHABLE),
                (('Sex <not> known, "quoted"',), -40.3, 12.0, NOT_DISTINGUISHABLE),
            ],
            dimensions=("sex_group",),
            frame="children_reported",
        ),
        make_table("hotline_cases", "cases", [(state, 15.0, 12.0, NOT_DISTINGUISHABLE)]),
        make_table("hotline_children", "children", [(state, 30.0, 12.0, ESTIMATED)]),
        make_table(
            "incidents_known_to_police",
            "incidents",
            [(("Strict",), 21.0, 12.0, ESTIMATED), (("Broad",), 33.0, 17.0, ESTIMATED)],
            dimensions=("definition",),
            sources=("mshp",),
        ),
        make_table(
            "arrests",
            "arrests",
            [(("Commercial sex acts",), 22.0, 12.0, ESTIMATED)],
            dimensions=("offence_group",),
            sources=("mshp",),
        ),
        make_table("prosecutions", "cases filed", [(state, None, None, NOT_COLLECTED)], sources=()),
    )
    rho = Fraction(1, 8)
    return Release(
        release_id="2025Q1",
        quarter_start=date(2025, 1, 1),
        tables=tables,
        frames=tuple(make_frame(table) for table in tables if table.frame),
        history=(),
        synthetic=(),
        approvals=(ApprovalFacts("officer", "0123456789ABCDEF", "2025-04-14T09:30:00Z"),),
        previous=None,
        measurements=(
            ReleasedMeasurement(
                "children_total",
                "children_reported",
                "state",
                (),
                7.5,
                Fraction(1, 80),
                (MeasuredCell("Missouri", (), (), 1203),),
            ),
            ReleasedMeasurement(
                "children_by_sex_group",
                "children_reported",
                "state",
                ("sex_group",),
                10.25,
                Fraction(1, 160),
                (
                    MeasuredCell("Missouri", ("female",), ("Female",), 1234),
                    MeasuredCell("Missouri", ("male",), ("Male",), -4),
                ),
            ),
        ),
        plan=PlanFacts("a" * 64, 1, "b" * 64, "2026-01-15", "c" * 64),
        privacy=PrivacyFacts(
            unit="One identity added or removed.",
            rho=rho,
            rho_decimal="0.125",
            delta=0.000001,
            epsilon=2.42,
            mu=0.5,
            power=0.034,
            groups=(GroupFacts(1, rho, 2.42), GroupFacts(2, 4 * rho, 5.22)),
            spending=(SpendingFacts("year", Fraction(3, 8), Fraction(1, 2)),),
            unprotected=("which agencies delivered", "the plan"),
        ),
        provenance=PROVENANCE,
        versions=(("opendp", "0.16.0"), ("python", "3.11.7")),
        drawn_at="2025-04-15T11:00:00Z",
        ledger_head="f" * 64,
    )


@pytest.fixture
def real_release(release: Release) -> Release:
    """The same quarter, and nothing of it simulated."""
    return replace(release, provenance=replace(release.provenance, is_simulated=False))


@pytest.fixture
def other_release(release: Release) -> Release:
    """The same quarter with one estimate changed by one."""
    table = release.tables[0]
    row = replace(table.rows[0], estimate=25.2)
    return replace(release, tables=(replace(table, rows=(row,)), *release.tables[1:]))


@pytest.fixture
def built(release: Release, tmp_path: Path) -> Path:
    return build_release(release, tmp_path / "releases")
