"""PAC synthesizer: noisy combinations of attributes, then synthetic children to be counted.

Told twice: `synthetic` counts the synthetic children, `aggregates` reads its noisy combinations.
With little budget its noisy number of records falls below zero at times; it then stops, and that
draw is left out, which flatters it.
"""

from collections import Counter
from collections.abc import Iterator

from exchange import Answer, Draw, Question, Row, serve
from pacsynth import Dataset, DpAggregateSeededParametersBuilder, DpAggregateSeededSynthesizer

LENGTH = 2


def prepare(question: Question) -> Draw:
    """Return a draw of children with every level and attribute as a column."""
    split = [level for level in question.levels if len(question.units(level)) > 1]
    columns = [*split, *question.attributes]
    parameters = (
        DpAggregateSeededParametersBuilder()
        .reporting_length(LENGTH)
        .epsilon(question.epsilon)
        .delta(question.delta)
        .build()
    )

    def draw(rows: list[Row]) -> Iterator[Answer]:
        raw = [columns, *([row[column] for column in columns] for row in rows)]
        synthesizer = DpAggregateSeededSynthesizer(parameters)
        try:
            synthesizer.fit(Dataset(raw))
        except BaseException as problem:  # its panics are no exceptions
            if "negative number" not in str(problem):
                raise
            return
        head, *children = synthesizer.sample()
        yield Answer(_count(question, head, children), method="synthetic")
        total = float(synthesizer.get_dp_number_of_records())
        aggregates = synthesizer.get_dp_aggregates(";")
        yield Answer(_look_up(question, aggregates, total), method="aggregates")

    return draw


def _count(
    question: Question, head: list[str], children: list[list[str]]
) -> dict[str, list[float]]:
    answers = {}
    for table in question.tables:
        places = [head.index(column) for column in table.columns]
        found = Counter(tuple(child[place] for place in places) for child in children)
        answers[table.name] = [float(found[cell]) for cell in table.cells]
    return answers


def _look_up(
    question: Question, aggregates: dict[str, int], total: float
) -> dict[str, list[float]]:
    """Read cells from combinations such as `county:A;sex:b`, in whichever order they are named."""
    found = {frozenset(name.split(";")): count for name, count in aggregates.items()}
    return {
        table.name: [
            float(found.get(frozenset(map(":".join, zip(table.columns, cell, strict=True))), 0))
            if cell
            else total
            for cell in table.cells
        ]
        for table in question.tables
    }


if __name__ == "__main__":
    serve(prepare)
