"""A few kills and full disks around the draw and the folder; `bench.kill_drill` has all stages."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline_runs import QUARTER, run_here
from small_deliveries import put_small_quarter

from orchestration.hub.settings import Settings

DRILL = """
import json, sys
from pathlib import Path
from bench.kill_drill import drill
from bench.kill_drill.disks import can_mount
from bench.kill_drill.stages import STAGES, warm_up
from orchestration.hub.settings import Settings

folder, before = Path(sys.argv[1]), Path(sys.argv[2])
warm_up(Settings(folder / "none"))
told = {}
for name, kills in (("approve", 0), ("charge, draw, mark, record", 5), ("folder, sign, zip", 3)):
    [stage] = [one for one in STAGES if one.name == name]
    score, after = drill.Score(), folder / name.split(",")[0]
    ground, steps, _ = drill.measure(drill.Ground(stage, before, folder / "trial"), after)
    if kills:
        drill.kill_at_steps(ground, steps, kills, score)
        drill.fill_disks(ground, [6], score, is_mounted=can_mount(folder))
        told[name] = vars(score)
    before = after
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """The score of each stage; the drill forks, so it has a process of its own."""
    folder = tmp_path_factory.mktemp("drill")
    settings = Settings(folder / "home")
    put_small_quarter(settings, folder / "made")
    assert run_here("whole_quarter", settings, QUARTER).exit_code == 6
    ended = subprocess.run(
        [sys.executable, "-c", DRILL, str(folder), str(settings.home)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout))


@pytest.mark.parametrize("stage", ["charge, draw, mark, record", "folder, sign, zip"])
def test_whatever_kills_a_stage_the_next_run_finishes_it(
    told: dict[str, dict[str, object]], stage: str
) -> None:
    score = told[stage]
    assert score["problems"] == []
    lost = ("deliveries_lost", "quarters_lost", "second_draws", "recovered")
    assert [score[name] for name in lost] == [0, 0, 0, 0]
    assert score["kills"] >= 3
    assert score["finished"] == score["kills"] + score["disks"] + score["undisturbed"]


def test_a_disk_is_full_at_some_of_these_steps(told: dict[str, dict[str, object]]) -> None:
    assert sum(int(str(score["disks"])) for score in told.values()) > 0
