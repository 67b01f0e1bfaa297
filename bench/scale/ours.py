"""This engine at one size, in a process of its own: `python -m bench.scale.ours <folder>`.

Prints, as JSON, the seconds of each step, and those of processor of all. The model, the reading and
the draw are those of a release; the plan, the ledger and the folder are left out, as they do not
grow with the children.
"""

import json
import re
import sys
import time
from pathlib import Path

import jinja2

from bench.scale.question import (
    FIRST_DAY,
    FRAME,
    PROCESSOR,
    ROOT,
    Files,
    find_planned,
    list_tables,
    open_warehouse,
    plan_year,
)
from orchestration.steps.releasing import _read_frame
from privacy.counts.counts import count_tables
from privacy.engine.frames import Marginal
from privacy.engine.noise import FrameMechanism
from privacy.engine.reconstruction import NoisyTable, Reconstruction
from sources.quarters import Quarter

DBT = ROOT / "dbt_project"
MODELS = ("children_counted", FRAME)
"""What is built here, in this order; what they read besides is in the warehouse already."""


def main() -> None:
    files = Files(Path(sys.argv[1]))
    seconds: dict[str, float] = {}
    plan, _ = plan_year()
    planned = find_planned(plan)
    mechanism = FrameMechanism(planned.frame, planned.list_queries())
    started, spent = time.perf_counter(), time.process_time()

    def stop(step: str) -> None:
        nonlocal started
        now = time.perf_counter()
        seconds[step] = now - started
        started = now

    with open_warehouse(files.warehouse) as connection:
        connection.execute("select 1").to_arrow_table()
        stop("start of Arrow")
        for name in MODELS:
            made = f"create or replace table release_input.{name} as {render_model(name)}"
            connection.execute(made)
        stop("release_input")
        exact = _read_frame(connection, planned.frame, Quarter(2025, 4))
        stop("read and check")
    drawn = mechanism.draw(exact)
    stop("draw")
    reconstruction = Reconstruction(
        planned.frame,
        [
            NoisyTable(one.marginal, float(one.scale), drawn[one.name])
            for one in planned.measurements
        ],
    )
    published = [
        Marginal(planned.frame.find_level(level), planned.frame.find_axes(dimensions))
        for level, dimensions in list_tables(plan)
    ]
    count_tables(planned.frame, published, reconstruction)
    stop("reconstruct and count")
    seconds[PROCESSOR] = time.process_time() - spent
    print(json.dumps(seconds))  # noqa: T201


def render_model(name: str) -> str:
    """Return the SQL of a dbt model, with the project's own macros, for this quarter."""
    environment = jinja2.Environment(  # noqa: S701 - SQL, not a page
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]
    )
    paths = [*sorted((DBT / "macros").glob("*.sql")), DBT / "models/release_input" / f"{name}.sql"]
    text = "".join(path.read_text("utf-8") for path in paths)
    return environment.from_string(
        re.sub(r"adapter\.dispatch\('(\w+)'\)", r"duckdb__\1", text)
    ).render(
        {"return": lambda written: written},
        ref=lambda asked: f"release_input.{asked}" if asked in MODELS else f"core.{asked}",
        env_var=lambda asked, default: FIRST_DAY if asked == "MOSHARE_QUARTER_START" else default,
        is_incremental=lambda: False,
    )


if __name__ == "__main__":
    main()
