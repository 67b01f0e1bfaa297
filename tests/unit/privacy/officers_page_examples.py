"""The review page of a plan with something to show in every section, as a file."""

from pathlib import Path

from ledger_examples import example_charge
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from portal.officers_page import render_officers_page
from privacy.approval.approval import Officer
from privacy.approval.assessment import assess
from privacy.ledger.chain import CHARGE, DONE, Charge, Entry
from privacy.released import describe_release


def write_review(folder: Path) -> Path:
    """Write the page of a fourth quarter after another quarter was released."""
    earlier, plan = example_plan("2025Q3"), example_plan("2025Q4")
    content = describe_release(publish(earlier, fill_cells(earlier, 40)))
    del content["ledger_head"]
    charge = Charge(earlier.quarter, earlier.hash, earlier.parts)
    old = example_charge("2023Q1", "old", earlier.rho / 2)
    entries = [
        Entry(1, "", CHARGE, old, {"plan": earlier.to_json()}, "", ""),
        Entry(2, "", CHARGE, charge, {"plan": earlier.to_json()}, "", ""),
        Entry(3, "", DONE, charge, content, "", ""),
    ]
    officers = [Officer("doe", "00AA11BB22CC33DD", b"", is_throwaway=False)]
    page = folder / "index.html"
    page.write_bytes(render_officers_page(assess(plan, entries, officers)))
    return page
