"""A receipt as one HTML page that asks nothing of anybody.

Does not belong here: what a receipt holds (`receipts`). The page is made from the receipt alone, so
it holds no more than that does; whatever stands in it is escaped.
"""

from functools import cache
from pathlib import Path

import jinja2

from sources.contracts import find_contract
from sources.receipt_text import name_problem, say_lines
from sources.receipts import Receipt


def render_receipt(receipt: Receipt) -> str:
    """The page, with its style inside."""
    contract = find_contract(receipt.contract, receipt.agency) if receipt.contract else None
    return _template().render(
        receipt=receipt,
        limit=contract.limit if contract else "",
        title=contract.title if contract else receipt.agency,
        lists=[
            ("Problems", "These lines were set aside.", _select(receipt, is_note=False)),
            ("Notes", "Nothing was lost with these lines.", _select(receipt, is_note=True)),
        ],
        say_lines=say_lines,
        name_problem=name_problem,
    )


def _select(receipt: Receipt, *, is_note: bool) -> list[object]:
    return [problem for problem in receipt.problems if problem.is_note == is_note]


@cache
def _template() -> jinja2.Template:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates", encoding="utf-8"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    ).get_template("receipt.html")
