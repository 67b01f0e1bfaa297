from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from statistics import mean, median

import duckdb
import pyarrow.parquet as pq
import pytest

from linkage.links import EqualTokenLinker, find_owners
from linkage.tokenize import make_tokens
from simulator.calibration import figure, load_counties, load_facts, relationship_shares
from simulator.chance import Chance, age_on
from simulator.child_file import draw_days_to_close
from simulator.police import child_incidents, force_of
from simulator.population import Episode, Population, Scenario
from simulator.simulate import SimulatedTruth, simulate
from sources.quarters import Quarter

NO_LINKS = """
select null::date as quarter_start, null::varchar as victim_key, null::varchar as token,
    null::varchar as child_id, null::boolean as has_place, null::date as first_report_date
where false
"""
World = tuple[Path, SimulatedTruth]
QUARTER = Quarter(2025, 1)


def scenario(seed: int, *, children: float = 400, duty: float = 0.6) -> Scenario:
    return Scenario(seed, children, 0, 0, 250, duty)


def episodes(*, children: float = 20_000, duty: float = 0.6, seed: int = 5) -> tuple[Episode, ...]:
    return Population(scenario(seed, children=children, duty=duty)).episodes(QUARTER)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


SIMULATE = """
import sys
from pathlib import Path
from sources.quarters import Quarter
from simulator.simulate import simulate
simulate(Path(sys.argv[1]), [Quarter(2025, 1)], 3, scale=0.05)
"""


def test_another_process_with_another_hash_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", SIMULATE, str(tmp_path / name)],
            check=True,
            env={"PYTHONHASHSEED": name, "PYTHONPATH": ":".join(sys.path)},
        )
    first = digests(tmp_path / "1")
    assert len(first) > 10
    assert first == digests(tmp_path / "2")


def test_another_seed_writes_other_bytes(tmp_path: Path) -> None:
    for seed in (1, 2):
        simulate(tmp_path / str(seed), [QUARTER], seed, scale=0.01)
    first, second = digests(tmp_path / "1"), digests(tmp_path / "2")
    name = "prepared/dss/2025Q1/child_file.txt"
    assert first[name] != second[name]


def test_a_quarter_is_the_same_whichever_others_are_simulated_with_it(tmp_path: Path) -> None:
    simulate(tmp_path / "both", [QUARTER, QUARTER.next()], 3, scale=0.02)
    simulate(tmp_path / "one", [QUARTER.next()], 3, scale=0.02)
    both, one = digests(tmp_path / "both"), digests(tmp_path / "one")
    delivered = {name for name in one if "2025Q2" in name}
    assert len(delivered) == 8
    assert all(both[name] == one[name] for name in delivered)


def test_eight_quarters_in_a_row_deliver_each_record_once(tmp_path: Path) -> None:
    quarters = [Quarter(2024, 1)]
    while len(quarters) < 8:
        quarters.append(quarters[-1].next())
    truth = simulate(
        tmp_path, quarters, 3, dss_child_rows=50, police_victims=20, children_in_care=50
    )
    assert len(truth.deliveries) == 36
    records = pq.read_table(truth.folder / "records.parquet").to_pylist()
    seen = Counter((r["agency"], r["record_key"], r["group_key"]) for r in records)
    assert max(seen.values()) == 1
    delivered = {r["delivery_quarter"] for r in records}
    assert delivered == {str(quarter) for quarter in quarters}
    children = {r["child_key"] for r in records if r["agency"] == "dss" and r["is_trafficking"]}
    again = Counter(r["child_key"] for r in records if r["agency"] == "dss")
    assert sum(again[child] > 1 for child in children) > 20


def test_scale_multiplies_counts(tmp_path: Path) -> None:
    sizes = {}
    for scale in (0.02, 0.04):
        simulate(tmp_path / str(scale), [QUARTER], 3, scale=scale, children_per_year=0)
        path = tmp_path / str(scale) / "prepared/dss/2025Q1/child_file.txt"
        sizes[scale] = len(path.read_text().splitlines())
    assert sizes == {0.02: 390, 0.04: 780}


def test_a_world_without_other_records_holds_trafficked_children_only(tmp_path: Path) -> None:
    truth = simulate(tmp_path, [QUARTER], 3, dss_child_rows=0, police_victims=0)
    records = pq.read_table(truth.folder / "records.parquet").to_pylist()
    lines = (tmp_path / "prepared/dss/2025Q1/child_file.txt").read_text().splitlines()
    keys = {line[6:30] for line in lines}
    assert len(keys) == sum(record["agency"] == "dss" for record in records) > 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_four_quarters_know_about_as_many_children_as_published(seed: int) -> None:
    population = Population(scenario(seed))
    quarters = [QUARTER]
    while len(quarters) < 4:
        quarters.append(quarters[-1].next())
    found = [episode for quarter in quarters for episode in population.episodes(quarter)]
    children = {episode.child.key for episode in found}
    assert 330 < len(children) < 480
    on_hotline = {e.child.key for e in found if "hotline" in e.child.lists}
    assert figure("hotline_children_2019") <= len(on_hotline) <= 140


def test_before_the_duty_five_to_nine_percent_are_on_several_lists_and_after_it_more() -> None:
    def shared(duty: float) -> float:
        found = episodes(duty=duty)
        return mean(len(episode.lists) > 1 for episode in found)

    assert 0.052 < shared(0.0) < 0.092
    assert shared(0.0) < shared(0.3) < shared(1.0)
    assert all("dss" in e.lists for e in episodes(duty=1.0) if "mshp" in e.child.lists)


def test_sex_age_and_ties_follow_the_published_shares() -> None:
    found = episodes()
    people = [episode.child.person for episode in found]
    assert mean(p.sex == "female" for p in people) == pytest.approx(0.9, abs=0.02)
    ages = [age_on(p.birth_date, QUARTER.first_day) for p in people]
    assert mean(age >= 14 for age in ages) == pytest.approx(0.72, abs=0.03)
    ties = Counter(episode.child.tie for episode in found)
    for tie, share in relationship_shares().items():
        assert ties[tie] / len(found) == pytest.approx(share, abs=0.03)


def test_every_child_is_under_18_on_the_day_of_the_episode() -> None:
    for episode in episodes():
        assert 0 <= age_on(episode.child.person.birth_date, episode.day) < 18


def test_days_keep_their_order_and_quarter() -> None:
    found = episodes()
    for episode in found:
        for day in (episode.day, *episode.police_days):
            assert QUARTER.first_day <= day < QUARTER.next().first_day
        if episode.is_reported_by_police:
            assert episode.report_days[0] >= episode.day
        assert all(day <= episode.day + timedelta(days=120) for day in episode.report_days)
    lags = [(e.report_days[0] - e.day).days for e in found if e.is_reported_by_police]
    assert median(lags) <= 3
    assert max(lags) > 30
    assert any(day >= QUARTER.next().first_day for e in found for day in e.report_days)


def test_some_children_come_again_in_the_next_quarter() -> None:
    population = Population(scenario(5, children=4_000))
    first, second = (
        {episode.child.key for episode in population.episodes(quarter)}
        for quarter in (QUARTER, QUARTER.next())
    )
    assert 0.04 < len(first & second) / len(first) < 0.12


def test_counties_follow_their_children_and_police_data_follow_st_louis_county() -> None:
    found = [e for e in episodes() if "mshp" not in e.child.lists]
    counties = Counter(episode.child.person.county for episode in found)
    total = sum(sum(county.children) for county in load_counties())
    for county in load_counties():
        share = sum(county.children) / total
        assert counties[county.fips] / len(found) == pytest.approx(share, abs=0.02)
    population = Population(scenario(5, children=20_000))
    forces = Counter(r.incident.submission.ori for r in child_incidents(population, QUARTER))
    assert forces["MO0950000"] / forces.total() == pytest.approx(0.419, abs=0.03)
    assert forces["MOMHP0000"] / forces.total() == pytest.approx(5 / 160, abs=0.015)


def test_police_offences_clearance_and_victims_follow_the_published_shares() -> None:
    population = Population(scenario(5, children=20_000))
    incidents = [record.incident for record in child_incidents(population, QUARTER)]
    codes = [incident.offences[0].code for incident in incidents]
    strict = Counter(code for code in codes if code in ("64A", "64B"))
    assert strict["64A"] / strict.total() == pytest.approx(142 / 160, abs=0.04)
    assert strict.total() / len(codes) == pytest.approx(0.65, abs=0.04)
    assert mean(bool(i.arrestees) for i in incidents) == pytest.approx(65 / 142, abs=0.05)
    alone = mean(sum(v.kind == "I" for v in i.victims) == 1 for i in incidents)
    assert alone == pytest.approx(figure("police_single_victim_share"), abs=0.1)
    months = [
        i.submission.month - i.day.month + 12 * (i.submission.year - i.day.year) for i in incidents
    ]
    soon = mean(late for late in months if late <= 3)
    assert soon == pytest.approx((0.31 + 2 * 0.13 + 3 * 0.1) / 0.64, abs=0.1)
    assert mean(late > 12 for late in months) == pytest.approx(0.07, abs=0.03)
    assert max(months) == 24


def test_the_hotline_says_family_or_known_for_about_three_children_in_ten(tmp_path: Path) -> None:
    few = {"dss_child_rows": 0, "police_victims": 0, "children_in_care": 0}
    simulate(tmp_path, [QUARTER], 5, scale=50, **few)
    rows = (tmp_path / "prepared/hotline/2025Q1/counts.csv").read_text().splitlines()[1:]
    tables: dict[str, dict[str, int]] = {}
    for _, measure, group, count in (row.split(",") for row in rows):
        tables.setdefault(measure, {})[group] = int(count)
    cases = tables.pop("cases")["all"]
    counts = tables["children"]
    children = sum(counts.values())
    assert len(tables) == 4
    assert {sum(table.values()) for table in tables.values()} == {children}
    assert (counts["family"] + counts["known"]) / children == pytest.approx(0.3, abs=0.04)
    assert counts["unknown"] / children == pytest.approx(678 / 1095, abs=0.04)
    assert cases / 50 == pytest.approx(63, abs=5)


def test_reports_are_open_as_long_as_published() -> None:
    chance = Chance(5, "closing")
    days = [draw_days_to_close(chance) for _ in range(50_000)]
    assert mean(days) == pytest.approx(figure("dss_mean_days_to_close"), rel=0.05)
    open_long = sum(max(0, one - 45) for one in days) / sum(days)
    published = figure("dss_open_over_45_days") / figure("dss_open_reports")
    assert open_long == pytest.approx(published, abs=0.05)


def test_ori_numbers_are_those_seen_in_police_data() -> None:
    seen = {"29189": "MO0950000", "29195": "MO0980000", "29186": "MO0970000", "29019": "MO0100000"}
    assert {county: force_of(county) for county in seen} == seen


def test_every_figure_has_a_standing() -> None:
    standings = {fact.status for fact in load_facts().values()}
    assert standings == {"reported", "quoted", "computed", "assumption"}


def test_the_truth_names_records_that_were_delivered(small_world: World) -> None:
    folder, truth = small_world
    records = pq.read_table(truth.folder / "records.parquet").to_pylist()
    delivered = {
        (prepared.agency, str(prepared.quarter)): prepared.roster.read_text()
        for prepared in truth.deliveries
        if prepared.roster
    }
    assert {record["agency"] for record in records} == {"dss", "mshp"}
    for record in records:
        text = delivered[record["agency"], record["delivery_quarter"]]
        assert f"\n{record['record_key']}," in text
    assert not list((folder / "prepared").rglob("*.parquet"))
    keys = {(r["agency"], r["record_key"]): r["child_key"] for r in records}
    assert all(keys[r["agency"], r["record_key"]] == r["child_key"] for r in records)


def test_the_summary_counts_what_the_truth_lists(small_world: World) -> None:
    _, truth = small_world
    lines = pq.read_table(truth.folder / "episodes.parquet").to_pylist()
    lists: dict[str, set[str]] = {}
    for line in lines:
        known = {name for name in ("dss", "mshp", "hotline") if line[f"is_on_{name}"]}
        lists.setdefault(line["child_key"], set()).update(known)
    assert truth.children == len(lists)
    assert truth.children_on_several_lists == sum(len(known) > 1 for known in lists.values())
    for agency, count in truth.children_by_agency.items():
        assert count == sum(agency in known for known in lists.values())


def test_the_records_hold_the_noise_that_the_rules_must_bear(small_world: World) -> None:
    _, truth = small_world
    records = [
        r
        for r in pq.read_table(truth.folder / "records.parquet").to_pylist()
        if r["is_trafficking"]
    ]
    by_child = Counter((r["child_key"], r["agency"]) for r in records)
    assert max(count for (_, agency), count in by_child.items() if agency == "dss") > 1
    assert max(count for (_, agency), count in by_child.items() if agency == "mshp") > 1
    in_one_report = Counter(r["group_key"] for r in records if r["agency"] == "dss")
    assert max(in_one_report.values()) == 2
    late = [r for r in records if r["event_date"] < Quarter.parse(r["delivery_quarter"]).first_day]
    assert {r["agency"] for r in late} == {"dss", "mshp"}


def test_links_by_token_are_nearly_all_true_and_miss_some(
    small_world: World, tmp_path: Path
) -> None:
    _, truth = small_world
    records = pq.read_table(truth.folder / "records.parquet")
    key = bytes(32)
    for number, prepared in enumerate(truth.deliveries):
        if prepared.roster:
            make_tokens(prepared.roster, key, tmp_path / f"{prepared.agency}-{number}.csv")
    duck = duckdb.connect()
    duck.register("truth", records)
    victims, children = (
        duck.read_csv(str(tmp_path / f"{agency}-*.csv")).distinct() for agency in ("mshp", "dss")
    )
    order_key = duck.sql("select 'order' as order_key")
    first = "date '2025-01-01' as quarter_start, date '2025-01-01' as first_report_date"
    links = EqualTokenLinker(2).link(
        victims.project("record_key as victim_key, token"),
        find_owners(children.project(f"record_key as child_id, token, {first}"), order_key),
        duck.sql(NO_LINKS),
        order_key,
    )
    links.filter("has_place and child_id is not null").create("links")
    ((true_links, all_links),) = duck.sql(
        "select count(*) filter (m.child_key = d.child_key), count(*) from links "
        "join (select distinct record_key, child_key from truth where agency = 'mshp') m "
        "on m.record_key = victim_key "
        "join (select distinct record_key, child_key from truth where agency = 'dss') d "
        "on d.record_key = child_id"
    ).fetchall()
    ((possible,),) = duck.sql(
        "select count(distinct m.record_key) from truth m join truth d using (child_key) "
        "where m.agency = 'mshp' and d.agency = 'dss'"
    ).fetchall()
    assert true_links == all_links
    assert 0.6 * possible < true_links < possible
