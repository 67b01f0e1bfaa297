"""The look at the year: a sensor that tells of alarms, and one asset that shows what is due."""

import dagster as dg

from orchestration.defs.quarters import OWNERS
from orchestration.hub.clock import read_clock
from orchestration.hub.settings import load_settings
from orchestration.watch.picture import name_due, write_markdown
from orchestration.watch.standing import look_at_year
from orchestration.watch.telling import tell

standing = dg.AssetSpec(
    ["watch", "standing"],
    group_name="watch",
    owners=OWNERS,
    kinds={"markdown"},
    description="The year on one screen, as `moshare status` shows it: what is due, from whom, "
    "since when, and which alarms are raised. The sensor `year_watched` writes it whenever it "
    "changes.",
)


@dg.sensor(
    name="year_watched",
    minimum_interval_seconds=300,
    description="Compares the year with the calendar every five minutes, tells those named in "
    "alarms.toml of what is late or stopped, each thing once, and shows it all on "
    "`watch/standing`. It starts nothing.",
)
def year_watched(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Tell of alarms, and say how the year stands where that changed."""
    settings, now = load_settings(), read_clock()
    alarms = tell(settings, context.instance, now)
    year = look_at_year(settings, now)
    picture = write_markdown(year, now)
    if picture == context.cursor:
        return dg.SensorResult(skip_reason="Nothing changed.")
    raised = dg.TableColumn("code", "string"), dg.TableColumn("what", "string")
    event = dg.AssetMaterialization(
        standing.key,
        metadata={
            "year": dg.MetadataValue.md(picture),
            "due": len(name_due(year, now)),
            "alarms": len(alarms),
            "raised": dg.MetadataValue.table(
                [dg.TableRecord({"code": one.code, "what": one.sentence}) for one in alarms],
                dg.TableSchema(list(raised)),
            ),
        },
    )
    return dg.SensorResult(asset_events=[event], cursor=picture)
