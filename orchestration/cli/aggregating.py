"""The command `aggregate`, for a victim service's own machine.

Nothing here may import Dagster, dbt or the privacy engine. Does not belong here: what is counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import talk, told_failures
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import keep_to_owner, load_settings


def aggregate(
    records: Annotated[Path, typer.Argument(help="Case records of HTCDS 2.0: CSV or XLSX.")],
    out: Annotated[Path, typer.Argument(help="Folder for counts.csv and datapackage.json.")],
    quarter: Annotated[str, typer.Option(help="Like 2025Q1.")],
    contract: Annotated[str, typer.Option(help="What was agreed.")] = "hotline/2",
    person: Annotated[
        str, typer.Option(help="Column that tells persons apart. Default: names and birth date.")
    ] = "",
    case: Annotated[
        str, typer.Option(help="Column that tells cases apart. Default: each record is a case.")
    ] = "",
    day: Annotated[
        str, typer.Option(help="Column with the day of the case.")
    ] = "cas_IncomingReferralDate",
) -> None:
    """Example: `moshare aggregate cases.xlsx totals --quarter 2025Q1`.

    Makes the totals that the hotline delivers of case records, which never leave this machine. A
    child stands in one cell of each table, and in the quarter of its first record.
    """
    keep_to_owner()
    with told_failures("aggregate", load_settings()):
        from sources.case_records import read_case_records
        from sources.contracts import find_contract
        from sources.hotline_totals import count_children
        from sources.quarters import Quarter
        from sources.totals_package import write_totals

        agreed = find_contract(contract, "hotline")
        meant = Quarter.parse(quarter)
        read = read_case_records(records, person=person, case=case, day=day)
        totals = count_children(read.records, meant, agreed)
        name, title = f"hotline-counts-{quarter.lower()}", f"Hotline counts for {quarter}"
        try:
            write_totals(out, meant, totals.cells, agreed, {"title": title, "name": name})
        except OSError:
            raise OrchestrationError("MS925", folder=str(out)) from None
    for place, field in read.misspelt.items():
        talk().print(f"Column {place + 1} was taken for {field}, which is spelt otherwise.")
    talk().print(
        f"{totals.records} records; {totals.children} children are counted in {quarter}. Left out "
        f"because nothing tells their age: {totals.without_age} persons. Records without names and "
        f"birth date, each taken for a person of its own: {totals.unnamed}.",
        soft_wrap=True,
    )
