"""What the graph must look like, whoever adds to it."""

import re
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import defs
from privacy.policy.policy import load_policy
from sources.contracts import list_agencies

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"
GRAPH = defs.resolve_asset_graph()
GROUPS = {"ingest", "staging", "linkage", "core", "release_input", "review", "released"}
ASSETS = sorted(GRAPH.materializable_asset_keys)
DECIDED = [key for key in ASSETS if GRAPH.get(key).group_name in {"review", "released"}]
OUTSIDE_WAREHOUSE = {"ingest", "review"}


def test_the_groups_are_the_rooms_a_quarter_walks_through() -> None:
    assert {GRAPH.get(key).group_name for key in ASSETS} == GROUPS


@pytest.mark.parametrize("key", ASSETS, ids=lambda key: key.to_user_string())
def test_every_asset_says_what_it_is_whose_it_is_and_of_what_kind(key: dg.AssetKey) -> None:
    node = GRAPH.get(key)
    assert len(node.description or "") > 20
    assert node.owners
    assert node.kinds
    assert node.partitions_def is not None


def test_nothing_is_missing_from_the_graph_but_what_a_sensor_writes() -> None:
    written = dg.AssetKey(["watch", "standing"])
    assert {key for key in GRAPH.get_all_asset_keys() if key not in ASSETS} == {written}


@pytest.mark.parametrize("key", ASSETS, ids=lambda key: key.to_user_string())
def test_every_asset_says_what_to_do_when_it_fails_and_where_its_code_is(key: dg.AssetKey) -> None:
    told = GRAPH.get(key).metadata
    assert len(told["when_it_fails"].value) > 20
    code = told["code"] if isinstance(told["code"], str) else told["code"].value
    assert (MODELS.parents[1] / code).is_file()


def test_no_description_holds_what_a_browser_takes_for_markup() -> None:
    described = [GRAPH.get(key) for key in GRAPH.get_all_asset_keys()]
    described += [*(defs.jobs or ()), *(defs.schedules or ()), *(defs.sensors or ())]
    assert [one for one in described if re.search(r"<\w", one.description or "")] == []


def test_no_number_of_the_ui_follows_from_a_confidential_row() -> None:
    """Tables and plots stand on what is planned, decided and released, and on no other thing."""
    defined = MODELS.parents[1] / "orchestration" / "defs"
    told = {
        path.name
        for path in defined.glob("*.py")
        if re.search(r"defs\.numbers|MetadataValue\.(int|float|table)", path.read_text("utf-8"))
    }
    assert told == {"numbers.py", "release.py", "review.py", "watch.py"}


def test_every_agency_with_a_contract_delivers_into_the_graph() -> None:
    raw = {dg.AssetKey(["raw", agency]) for agency in list_agencies()}
    assert {key for key in ASSETS if GRAPH.get(key).group_name == "ingest"} == raw
    public = {dg.AssetKey(["raw", agency]) for agency in load_policy().public}
    assert GRAPH.get(dg.AssetKey(["intermediate", "int_deliveries"])).parent_keys == raw - public
    tests = "".join(path.read_text("utf-8") for path in MODELS.glob("*/*.yml"))
    [listed] = re.findall(r"deliveries_agency_is_listed.*?values: \[(.*?)\]", tests, re.DOTALL)
    assert {*listed.split(", ")} == {*list_agencies()} - load_policy().public.keys()


def test_public_totals_reach_the_door_past_every_model() -> None:
    asset = GRAPH.get(dg.AssetKey(["release_input", "public_totals"]))
    assert asset.parent_keys == {dg.AssetKey(["raw", agency]) for agency in load_policy().public}
    assert asset.child_keys == {dg.AssetKey(["released", "counts"])}


def test_neither_an_approval_nor_a_release_is_retried_or_automated() -> None:
    assert DECIDED
    for key in DECIDED:
        definition = GRAPH.get(key).assets_def
        assert definition.op.retry_policy is None
        assert definition.specs_by_key[key].automation_condition is None


def test_everything_that_opens_the_warehouse_waits_its_turn() -> None:
    unpooled = [
        key.to_user_string()
        for key in ASSETS
        if GRAPH.get(key).group_name not in OUTSIDE_WAREHOUSE
        and GRAPH.get(key).assets_def.op.pool != "warehouse"
    ]
    assert unpooled == []


def test_every_check_stops_what_follows_but_those_that_warn_of_a_delivery() -> None:
    warnings = {key for key in GRAPH.asset_check_keys if not GRAPH.get(key).blocking}
    assert {GRAPH.get(key.asset_key).group_name for key in warnings} == {"ingest"}
    assert {key.name for key in warnings} == {
        "nothing_was_set_aside",
        "is_like_the_quarters_before",
        "was_not_rejected",
    }


def test_quality_and_approval_stand_before_the_draw_and_the_plan_before_the_approval() -> None:
    quality = dg.AssetKey(["release_input", "quality"])
    plan, approval = (dg.AssetKey(["review", name]) for name in ("plan", "approval"))
    counts = GRAPH.get(dg.AssetKey(["released", "counts"]))
    public = dg.AssetKey(["release_input", "public_totals"])
    of_group = {key for key in ASSETS if GRAPH.get(key).group_name == "release_input"}
    inputs = of_group - {quality, public}
    assert counts.parent_keys == {quality, approval, public}
    assert GRAPH.get(approval).parent_keys == {plan}
    assert GRAPH.get(plan).parent_keys == set()
    assert GRAPH.get(quality).parent_keys == inputs
