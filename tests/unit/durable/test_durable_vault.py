from pathlib import Path

from durable.vault import Vault

DBT = Path(__file__).resolve().parents[3] / "dbt_project"


def test_the_queries_of_dbt_look_where_the_vault_says() -> None:
    vault = Vault(Path("vault"))
    told = " ".join(
        (DBT / name).read_text("utf-8") for name in ("models/sources.yml", "profiles.yml")
    )
    for agency in ("dss", "mshp", "hotline"):
        assert f"in_vault('raw/{agency}/*/*/{{name}}.parquet" in told
        assert vault.raw(agency, "*") == Path(f"vault/raw/{agency}/*")
    assert "in_vault('linkage/*/links.parquet" in told
    assert "in_vault('linkage/*/year.parquet" in told
    assert vault.links("*") == Path("vault/linkage/*")
    assert "in_vault('keys/{name}.parquet" in told
    assert vault.order_key == Path("vault/keys/order_key.parquet")
    assert "/warehouse.duckdb" in told
    assert vault.warehouse == Path("vault/warehouse.duckdb")
    assert '}}/tmp"' in told
    assert vault.warehouse_overflow == Path("vault/tmp")


def test_everything_of_the_vault_lies_within_it() -> None:
    vault = Vault(Path("v"))
    places = [getattr(vault, name) for name, kind in vars(Vault).items() if type(kind) is property]
    assert len(places) > 10
    single = [place for place in places if place not in (vault.passing,)]
    assert all(place.is_relative_to("v") for place in [*single, *vault.passing])
    assert len({*places}) == len(places)
