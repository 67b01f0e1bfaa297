"""inf-tda: a top-down mechanism over one hierarchy, the total published without noise.

The joint categories of all attributes are the last level, below the finest units; every table asked
for is a sum of what it releases. It knows only neighbours that exchange a child, for which the
total is public, and turns (epsilon, delta) into rho by its own, loose, formula.
"""

from collections.abc import Iterator

import pandas as pd
from exchange import Answer, Draw, Question, Row, serve
from InfTDA import inf_tda


def prepare(question: Question) -> Draw:
    """Return a draw over levels, then the joint categories."""
    split = [level for level in question.levels if len(question.units(level)) > 1]
    columns = [*split, *question.attributes]
    places = [question.levels.index(level) for level in split]
    keys = pd.MultiIndex.from_product(question.attributes.values()).to_list()
    index = pd.MultiIndex.from_tuples(
        [
            (*(line[place] for place in places), " ".join(key))
            for line in question.lines
            for key in keys
        ]
    )
    named = [(*(line[place] for place in places), *key) for line in question.lines for key in keys]
    rows_of = pd.DataFrame(named, columns=columns, index=index)

    def draw(rows: list[Row]) -> Iterator[Answer]:
        counts = pd.Series(0, index=index)
        for row in rows:
            joint = " ".join(row[name] for name in question.attributes)
            counts[(*(row[level] for level in split), joint)] += 1
        released = inf_tda(counts, (question.epsilon, question.delta), 1)
        told = rows_of.assign(count=released.reindex(index, fill_value=0))
        yield Answer(
            {
                table.name: told.groupby(list(table.columns))["count"]
                .sum()
                .reindex(_label(table.cells))
                .tolist()
                if table.columns
                else [int(told["count"].sum())]
                for table in question.tables
            }
        )

    return draw


def _label(cells: tuple[tuple[str, ...], ...]) -> list:  # type: ignore[type-arg]
    """A group-by over one column names its groups by a key, not by a tuple of one."""
    return [cell[0] for cell in cells] if len(cells[0]) == 1 else list(cells)


if __name__ == "__main__":
    serve(prepare)
