"""What the pinned OpenDP still does wrong: `python -m bench.opendp_faults`.

Each line says what was asked, what OpenDP claims and what is so. Nothing of it is on the release
path; the list is checked again before the version is raised. Runs in the peers' environment, which
has the parts of OpenDP that the project leaves out.
"""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

USERS, GROUPS = 5, 40
LENGTH, TOP, SCALE = 3, 10, 30.0
KEPT = 2
REPEATS = 200


def main() -> None:
    if "--here" in sys.argv:
        for line in probe():
            print(line, flush=True)  # noqa: T201
        return
    from bench.accuracy.methods import find_method
    from bench.accuracy.running import find_python

    python, failure = find_python(find_method("opendp_polars"))
    if failure:
        sys.exit(failure)
    command = [str(python), str(Path(__file__).resolve()), "--here"]
    sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603


def probe() -> Iterator[str]:
    import opendp.prelude as dp

    warnings.filterwarnings("ignore")
    dp.enable_features("contrib")
    yield f"opendp {dp.__version__}" if hasattr(dp, "__version__") else _read_version()
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("opendp#2949, column redefined after truncation", check_redefined_column),
        ("opendp#2945, max_length as the change of a group", check_longest_group),
        (f"truncate_num_groups({KEPT}), the first", check_truncated_groups),
        (f"truncate_num_groups({KEPT}), by default", check_sampled_groups),
        ("dp.len() on an empty table", check_length_of_nothing),
        ("a privacy filter after one refusal", check_filter),
        ("an adaptive composition after one refusal", check_composition),
        ("discrete_gaussian_scale_to_accuracy(4, 0.05)", check_accuracy),
    )
    for title, check in checks:
        try:
            told = check()
        except Exception as problem:  # noqa: BLE001 - what it says is the result
            told = f"stopped: {_shorten(problem)}"
        yield f"{title}: {told}"


def check_redefined_column() -> str:
    """Truncate to one row a user and group, then merge all groups into one."""
    import opendp.prelude as dp
    import polars as pl

    unit = pl.LazyFrame(schema={"user": pl.Int64, "group": pl.Int64})
    merged = (
        unit.filter(pl.int_range(pl.len()).over("user", "group") < 1)
        .filter(pl.struct("group").rank("dense").over("user") < GROUPS + 1)
        .with_columns(group=pl.lit(0, dtype=pl.Int64))
    )
    counted = merged.group_by("group").agg(dp.len(scale=1.0, signed=True))
    plan = pl.LazyFrame({"group": [0]}).join(counted, on="group", how="left")
    columns = [dp.series_domain(name, dp.atom_domain(T="i64")) for name in ("user", "group")]
    measurement = dp.m.make_private_lazyframe(
        dp.lazyframe_domain(columns),
        dp.symmetric_id_distance(identifier=pl.col("user")),
        dp.zero_concentrated_divergence(),
        plan,
    )
    claimed = measurement.map(1)
    return _judge("rho", claimed, GROUPS**2 / 2)


def check_longest_group() -> str:
    """Replace all rows of a group that may hold three: six changes, but three are counted."""
    import opendp.prelude as dp
    import polars as pl

    schema = {"group": pl.String, "value": pl.Int32}
    plan = pl.LazyFrame(schema=schema).group_by("group")
    plan = plan.agg(pl.col("value").dp.sum((-TOP, TOP), scale=SCALE))
    columns = [
        dp.series_domain("group", dp.atom_domain(T=str)),
        dp.series_domain("value", dp.atom_domain(T="i32")),
    ]
    margin = dp.polars.Margin(by=["group"], max_length=LENGTH, max_groups=1, invariant="keys")
    measurement = dp.m.make_private_lazyframe(
        dp.with_margin(dp.lazyframe_domain(columns), margin),
        dp.symmetric_distance(),
        dp.max_divergence(),
        plan,
    )
    claimed = measurement.map(2 * LENGTH)
    return _judge("epsilon", claimed, 2 * LENGTH * TOP / SCALE)


def check_truncated_groups() -> str:
    """Keep two groups of a user who is in five, the first ones."""
    return f"keeps about {_count_kept('first'):.2f} groups a user, asked for {KEPT}"


def check_sampled_groups() -> str:
    """Keep any two groups, which is what it does if nothing is said."""
    return f"keeps about {_count_kept('sample'):.2f} groups a user, asked for {KEPT}"


def _count_kept(keep: str) -> float:
    import opendp.prelude as dp
    import polars as pl

    data = pl.LazyFrame({"user": [1] * USERS * 1000, "group": list(range(USERS)) * 1000})
    context = dp.Context.compositor(
        data=data.with_columns(user=pl.int_range(pl.len()) // USERS),
        privacy_unit=dp.unit_of(contributions=1, identifier="user"),
        privacy_loss=dp.loss_of(epsilon=5.0),
        split_evenly_over=1,
    )
    keys = pl.LazyFrame({"group": list(range(USERS))})
    query = context.query().truncate_per_group(1)
    query = query.truncate_num_groups(KEPT, by=["group"], keep=keep)
    query = query.group_by("group").agg(dp.len(signed=True)).with_keys(keys)
    return float(query.release().collect()["len"].sum()) / 1000


def check_length_of_nothing() -> str:
    """Count no row many times; the mean tells whether noise below zero is kept."""
    import opendp.prelude as dp
    import polars as pl

    context = dp.Context.compositor(
        data=pl.LazyFrame({"value": pl.Series([], dtype=pl.Int64)}),
        privacy_unit=dp.unit_of(contributions=1),
        privacy_loss=dp.loss_of(epsilon=0.25),
        split_evenly_over=1,
    )
    measurement = context.query().select(dp.len()).resolve()
    data = pl.LazyFrame({"value": pl.Series([], dtype=pl.Int64)})
    drawn = [measurement(data).collect().item() for _ in range(REPEATS)]
    mean = sum(drawn) / REPEATS
    return f"mean of {REPEATS} draws {mean:.2f}, least {min(drawn)}" + (
        " (clipped at zero, so sums of it are too high)" if min(drawn) >= 0 else ""
    )


def check_filter() -> str:
    import opendp.prelude as dp

    space = dp.atom_domain(T=int), dp.absolute_distance(T=int)
    odometer = dp.c.make_fully_adaptive_composition(*space, dp.max_divergence())
    living = dp.c.make_privacy_filter(odometer, d_in=1, d_out=1.0)(0)
    living(dp.m.make_laplace(*space, scale=2.0))
    try:
        living(dp.m.make_laplace(*space, scale=1.0))
    except Exception as problem:  # noqa: BLE001
        refused = _shorten(problem)
    else:
        return "refuses nothing (wrong)"
    try:
        living(dp.m.make_laplace(*space, scale=4.0))
    except Exception as problem:  # noqa: BLE001
        return f"dead: {_shorten(problem)} (refused with: {refused})"
    return "goes on within the budget"


def check_composition() -> str:
    import opendp.prelude as dp

    space = dp.atom_domain(T=int), dp.absolute_distance(T=int)
    living = dp.c.make_adaptive_composition(*space, dp.max_divergence(), d_in=1, d_mids=[0.5, 0.5])(
        0
    )
    try:
        living(dp.m.make_laplace(*space, scale=1.0))
    except Exception:  # noqa: BLE001
        living(dp.m.make_laplace(*space, scale=2.0))
        return "goes on within the budget"
    return "refuses nothing (wrong)"


def check_accuracy() -> str:
    from opendp.accuracy import discrete_gaussian_scale_to_accuracy

    told = discrete_gaussian_scale_to_accuracy(4.0, 0.05)
    return f"{told:g}: reached with at most 5%, so the whole margin is {told - 1:g}"


def _judge(measure: str, claimed: float, true: float) -> str:
    verdict = "still wrong" if claimed < true else "right"
    return f"claims {measure} {claimed:g}, really {true:g} ({verdict})"


def _shorten(problem: Exception) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[-1][:100] if lines else type(problem).__name__


def _read_version() -> str:
    from importlib.metadata import version

    return f"opendp {version('opendp')}"


if __name__ == "__main__":
    main()
