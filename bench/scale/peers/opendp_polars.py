"""OpenDP's Polars context at one size, in its own environment: `python opendp_polars.py <folder>`.

One row is taken to be one child, as the rows are bounded already. Prints seconds as JSON.
"""

import json
import sys
import time
from pathlib import Path

import opendp.prelude as dp
import polars as pl


def main() -> None:
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "question.json").read_text("utf-8"))
    dp.enable_features("contrib")
    started = time.perf_counter()
    context = dp.Context.compositor(
        data=pl.scan_parquet(folder / "rows.parquet"),
        privacy_unit=dp.unit_of(contributions=1),
        privacy_loss=dp.loss_of(rho=asked["rho"]),
        split_evenly_over=len(asked["tables"]),
    )
    for table in asked["tables"]:
        columns, count = table["columns"], dp.len(signed=True)
        if not columns:
            context.query().select(count).release().collect()
            continue
        keys = pl.LazyFrame(table["cells"], schema=columns, orient="row")
        context.query().group_by(*columns).agg(count).with_keys(keys).release().collect()
    print(json.dumps({"draw": time.perf_counter() - started}))  # noqa: T201


if __name__ == "__main__":
    main()
