"""Reading one released CSV file as a frame for its suite.

Here: text exactly as published, and the one derived column a rule across columns needs. Not here:
hashes of the folder (``portal.verify``) and the rules themselves (``suites``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expectations.errors import ExpectationsError
from expectations.suites import ReleasedShape

if TYPE_CHECKING:
    import pandas as pd


def read_released(path: Path, shape: ReleasedShape) -> pd.DataFrame:
    """Read a released CSV; every column is text, an empty cell is absent.

    Adds ``is_status_consistent``: whether the numbers of the shape are all there for a status word
    that carries an estimate, all absent for one that carries none, and false for any other word.
    A table of the shape that has no whole count must have none anywhere.

    Raises:
        ExpectationsError: MS507, no such file or no CSV.
    """
    import pandas as pd

    try:
        text = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError):
        raise ExpectationsError("MS507", file=path.name) from None
    frame = text.mask(text == "")
    if {*shape.numbers, "count", "status"}.issubset(frame.columns):
        present = frame[list(shape.numbers)].notna()
        is_consistent = (present.all(axis=1) & frame["status"].isin(shape.estimated)) | (
            ~present.any(axis=1) & frame["status"].isin(shape.without_estimate)
        )
        frame["is_status_consistent"] = is_consistent & (shape.has_count | frame["count"].isna())
    return frame
