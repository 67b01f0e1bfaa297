"""Putting a receipt where its agency finds it.

Does not belong here: what a receipt says (`receipts`), and who may open an outbox (`landing`).
"""

from pathlib import Path

from durable.writing import write_whole
from sources.landing import close_to_others, file_mode
from sources.receipt_page import render_receipt
from sources.receipt_text import say_receipt
from sources.receipts import Receipt


def write_receipt(receipt: Receipt, outbox: Path, suffix: str) -> None:
    """Write `<quarter>-<sequence>-<suffix>` as .txt, .html and .json, each in one step."""
    close_to_others(outbox)
    mode = file_mode(outbox)
    stem = f"{receipt.quarter}-{receipt.sequence:04d}-{suffix}"
    for ending, content in (
        ("txt", say_receipt(receipt)),
        ("html", render_receipt(receipt)),
        ("json", receipt.to_json()),
    ):
        write_whole(outbox / f"{stem}.{ending}", content, mode)
