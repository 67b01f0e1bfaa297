import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.hub.event_storage import KeptEventLogStorage
from orchestration.hub.instance import open_instance
from orchestration.hub.settings import Settings


@dg.asset
def counted() -> None:
    pass


def run_so_often(settings: Settings, times: int) -> list[str]:
    """Ids of runs of one asset."""
    with open_instance(settings) as instance:
        assert isinstance(instance.event_log_storage, KeptEventLogStorage)
        runs = [dg.materialize([counted], instance=instance).run_id for _ in range(times)]
        opened = instance.event_log_storage._engines
        assert opened is not None
        assert len(opened) <= 4
    return runs


def test_dagster_itself_finds_every_event_where_it_looks_for_them(tmp_path) -> None:
    settings = Settings(tmp_path)
    runs = run_so_often(settings, 6)
    plain = SqliteEventLogStorage(str(settings.dagster_home / "history" / "runs"))
    for run in runs:
        told = [entry.dagster_event_type for entry in plain.get_logs_for_run(run)]
        assert dg.DagsterEventType.RUN_SUCCESS in told
        assert dg.DagsterEventType.ASSET_MATERIALIZATION in told
    assert len(plain.fetch_materializations(dg.AssetKey("counted"), limit=10).records) == 6


def test_two_open_storages_see_each_others_events(tmp_path) -> None:
    settings = Settings(tmp_path)
    with open_instance(settings) as one, open_instance(settings) as other:
        first = dg.materialize([counted], instance=one).run_id
        second = dg.materialize([counted], instance=other).run_id
        for run in (first, second):
            assert len(one.all_logs(run)) == len(other.all_logs(run)) > 0


def test_a_storage_that_was_closed_keeps_no_file_open(tmp_path) -> None:
    settings = Settings(tmp_path)
    with open_instance(settings) as instance:
        dg.materialize([counted], instance=instance)
        storage = instance.event_log_storage
    assert isinstance(storage, KeptEventLogStorage)
    assert storage._engines is None
