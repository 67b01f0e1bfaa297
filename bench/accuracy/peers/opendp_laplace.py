"""OpenDP, Laplace noise on each table, the budget split evenly: what a careful beginner does."""

import math
from collections.abc import Iterator

from exchange import Answer, Draw, Question, Row, serve, widen
from opendp import accuracy, domains, measurements, metrics, mod

MISSED = 0.1


def prepare(question: Question) -> Draw:
    """Return a draw that spends an equal part of epsilon on each table."""
    mod.enable_features("contrib")
    scale = len(question.tables) / question.epsilon
    space = domains.vector_domain(domains.atom_domain(T=int)), metrics.l1_distance(T=int)
    measure = measurements.make_laplace(*space, scale)
    # The accuracy is a distance that is reached with at most this probability.
    margin = math.ceil(accuracy.discrete_laplacian_scale_to_accuracy(scale, MISSED)) - 1

    def draw(rows: list[Row]) -> Iterator[Answer]:
        values = {table.name: measure(table.count(rows)) for table in question.tables}
        yield Answer(values, *widen(values, dict.fromkeys(values, margin)))

    return draw


if __name__ == "__main__":
    serve(prepare)
