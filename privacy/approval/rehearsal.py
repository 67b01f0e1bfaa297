"""A rehearsal of a plan on made-up records: what its release would look like.

Draws real noise on counts that come from nowhere but this file, charges nothing and records
nothing. Does not belong here: anything about real records, and the release itself (privacy.door).
"""

from collections.abc import Iterable, Mapping

import numpy as np

from privacy.engine.exact import ExactCells, ExactCounts, ExactFrame, ExactRows
from privacy.engine.frames import AGGREGATE, LINKED, Coded, Frame, Marginal, Places
from privacy.engine.noise import FrameMechanism
from privacy.plan import Plan, PlannedFrame
from privacy.publishing.publisher import Publisher
from privacy.publishing.recalled import read_release
from privacy.publishing.same_rows import join_same_rows
from privacy.released import ANNUAL, Provenance, Release, ReleasedRow, ReleasedTable
from privacy.shown import RehearsedRow, RehearsedTable

MADE_UP_RECORDS = {False: 120, True: 480}
"""How many records are made up for a quarterly frame (False) and an annual one (True) of which
nothing was released yet."""
MOST_ROWS = 24
"""Tables with more rows than this are not shown."""


def rehearse(
    plan: Plan, publisher: Publisher, sizes: Mapping[str, int]
) -> tuple[RehearsedTable, ...]:
    """Return the smaller tables of a release of made-up records, with those records' counts.

    `sizes` says of frames, by name, how many records their last release told of.
    """
    made_up = {one.frame.name: _make_up(one, sizes) for one in join_same_rows(plan).frames}
    cells: dict[str, list[int]] = {}
    for planned in plan.frames:
        mechanism = FrameMechanism(planned.frame, planned.list_queries())
        cells |= mechanism.draw(_make_exact(planned.frame, made_up[planned.frame.name]))
    content = publisher.publish(cells, Provenance((), is_simulated=True))
    release = read_release({**content, "drawn_at": "", "ledger_head": ""})
    return tuple(
        _rehearse_table(plan, table, made_up[table.frame])
        for table in release.tables
        if table.frame is not None and len(table.rows) <= MOST_ROWS
    )


def find_sizes(releases: Iterable[Release]) -> dict[str, int]:
    """How many records the last release of each frame told of, by its largest count.

    `releases` come the latest first; a frame whose counts were all zero is not among them.
    """
    sizes: dict[str, int] = {}
    for release in releases:
        counts: dict[str, int] = {}
        for table in release.tables:
            told = max((row.count or 0 for row in table.rows), default=0)
            if table.frame is not None and told:
                counts[table.frame] = max(told, counts.get(table.frame, 0))
        sizes = counts | sizes
    return sizes


def _make_up(planned: PlannedFrame, sizes: Mapping[str, int]) -> Places:
    """Return made-up counts of the leaves; those that are another frame's rows are as many."""
    usual = MADE_UP_RECORDS[planned.policy.cadence == ANNUAL]
    total = sizes.get(planned.frame.name, usual)
    counts = _spread(planned.frame.leaf_count, total)
    if planned.shared:
        same = list(planned.shared.cells)
        counts[same] = _spread(len(same), sizes.get(planned.shared.frame, usual))
    return counts


def _spread(cells: int, total: int) -> Places:
    """Return counts of cells: all together `total`, and uneven as real ones are."""
    weights = 1 / (1 + np.arange(cells) % 7)
    ends: Places = np.floor(total * np.cumsum(weights) / weights.sum() + 0.5).astype(np.int64)
    return ends - np.concatenate(([0], ends[:-1]))


def _make_exact(frame: Frame, counts: Places) -> ExactFrame:
    leaves = np.arange(frame.leaf_count)
    if frame.kind == AGGREGATE:
        return ExactCounts(frame, _list_columns(frame, leaves), [int(count) for count in counts])
    rows = np.repeat(leaves, counts)
    exact_type = ExactCells if frame.kind == LINKED else ExactRows
    return exact_type(frame, np.arange(1, len(rows) + 1), _list_columns(frame, rows))


def _list_columns(frame: Frame, leaves: Places) -> dict[str, Coded]:
    listed = (frame.levels[-1].keys, *frame.keys)
    places = np.unravel_index(leaves, tuple(map(len, listed)))
    names = (frame.leaf_column, *frame.columns)
    return {
        name: Coded(place, keys) for name, place, keys in zip(names, places, listed, strict=True)
    }


def _rehearse_table(plan: Plan, table: ReleasedTable, made_up: Places) -> RehearsedTable:
    frame = plan.frame(str(table.frame))
    level = frame.find_level(table.level)
    all_axes = Marginal(level, tuple(range(len(frame.columns))))
    cells = np.zeros(frame.count_cells(all_axes), dtype=np.int64)
    np.add.at(cells, frame.find_cell_of_leaf(all_axes), made_up)
    counts = cells.reshape(frame.find_shape(all_axes))
    names = {key.key: key.label for key in plan.keys.of(table.level)}
    return RehearsedTable(
        name=table.name,
        title=table.title,
        row_titles=(plan.policy.levels[table.level], *table.dimension_titles),
        rows=tuple(
            _rehearse_row(row, names[row.geography], int(counts[np.ix_([unit], *axes)].sum()))
            for row, (unit, axes) in zip(table.rows, table.positions, strict=True)
        ),
    )


def _rehearse_row(row: ReleasedRow, place: str, made_up: int) -> RehearsedRow:
    return RehearsedRow(
        labels=(place, *row.labels),
        made_up=made_up,
        count=int(row.count or 0),
        estimate=float(row.estimate or 0),
        moe90=float(row.moe90 or 0),
        status=row.status,
    )
