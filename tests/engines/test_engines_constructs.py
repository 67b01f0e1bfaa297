"""Every construct that the models use says the same on DuckDB and on Spark; no other is used."""

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from engine_rows import MACROS, NULL, PLAIN, TRAPS

from orchestration.steps import linking

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"


def render(engine: str, call: str) -> str:
    """What a macro of the project writes for an engine."""

    class Adapter:
        def dispatch(self, name: str) -> Any:
            return lambda *given: getattr(macros, f"{engine}__{name}")(*given)

    environment = jinja2.Environment(  # noqa: S701 - SQL
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]
    )
    environment.globals.update(
        {"adapter": Adapter(), "return": lambda text: text, "env_var": lambda _, other: other}
    )
    text = "".join(path.read_text("utf-8") for path in sorted((PROJECT / "macros").glob("*.sql")))
    macros: Any = environment.from_string(text).module
    return str(environment.from_string("{{" + call + "}}").render(vars(macros)))


SPOKEN = {
    *(
        "bool_or",
        "cast",
        "contains",
        "count",
        "extract",
        "max",
        "min",
        "row_number",
        "substr",
        "try_cast",
        "year",
        "trim",
    ),
    *(
        "coalesce",
        "date_trunc",
        "greatest",
        "lead",
        "least",
        "length",
        "nullif",
        "split_part",
        "sum",
        "array_agg",
        "rank",
    ),
}
"""Functions with a row above; those of one engine are tried with the macro they stand in."""


def read_sql() -> dict[str, str]:
    """All SQL of the models, tests and links without comments, by file; and what stands of them."""
    listed = [*sorted(PROJECT.rglob("*.sql")), *sorted(PROJECT.rglob("models/**/*.yml"))]
    files = [path for path in listed if "target" not in path.parts]
    texts = {
        path.name: re.sub(r"\{#.*?#\}|--.*?$", "", path.read_text("utf-8"), flags=re.S | re.M)
        for path in files
    }
    asked = (
        linking.VICTIMS_KNOWN,
        linking.CHILDREN_KNOWN,
        linking.EPOCHS,
        linking.CHILDREN_OF_YEAR,
        linking.VICTIMS_OF_YEAR,
    )
    return {**texts, "linking": "\n".join(asked)}


def without_engines(text: str) -> str:
    """SQL without the macros of one engine and what dbt runs itself."""
    return re.sub(r"\{% macro (?:duckdb|spark)__.*?endmacro %\}", "", text, flags=re.S)


@pytest.mark.parametrize(("call", "values"), MACROS, ids=[call for call, _ in MACROS])
def test_a_macro_reads_every_value_alike(
    call: str, values: list[str | None], duck: Any, spark: Any
) -> None:
    found = {}
    for engine, ask in (("duckdb", duck), ("spark", spark)):
        quote = "''" if engine == "duckdb" else "\\'"
        literals = [NULL if one is None else "'" + one.replace("'", quote) + "'" for one in values]
        rows = ", ".join(f"({place}, {one})" for place, one in enumerate(literals))
        sql = render(engine, call)
        given = f"(values {rows}) as t (n, x)"
        found[engine] = ask(f"select {sql} from {given} order by n")  # noqa: S608 - our own
    assert isinstance(found["duckdb"], list)
    assert len(found["duckdb"]) == len(values)
    assert found["spark"] == found["duckdb"]


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_written_alike_says_the_same(name: str, duck: Any, spark: Any) -> None:
    query, rows = PLAIN[name]
    assert duck(query) == rows
    assert spark(query) == rows


@pytest.mark.parametrize("name", TRAPS)
def test_what_the_engines_answer_otherwise_is_in_no_model(name: str, duck: Any, spark: Any) -> None:
    ours, theirs, pattern = TRAPS[name]
    assert duck(ours[0]) == ours[1]
    assert spark(theirs[0]) == theirs[1]
    if pattern:
        using = [
            file for file, text in read_sql().items() if re.search(pattern, without_engines(text))
        ]
        assert using == []


def test_every_function_of_the_models_has_a_row() -> None:
    used = set()
    for name, text in read_sql().items():
        if name.endswith(".yml"):
            continue  # whose sentences have words before brackets
        plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", without_engines(text), flags=re.S)
        used |= set(re.findall(r"\b([a-z_0-9]+)\(", plain))
    assert used - SPOKEN == set()
