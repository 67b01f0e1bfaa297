"""A backfill that is started in the UI runs as a schedule would, and the UI plots what it told."""

from pathlib import Path

from bench.backfill import backfill, open_ui, prepare_home
from bench.pictures import CHROMIUM, PLOTS, take_pictures


def test_a_backfill_asked_for_in_reverse_order_releases_the_oldest_quarter_first(
    tmp_path: Path,
) -> None:
    home = prepare_home(tmp_path / "home")
    with open_ui(home) as address:
        assert backfill(home, address)
        if Path(CHROMIUM).exists():
            take_pictures(address, tmp_path)
            assert {path.stem for path in tmp_path.glob("*.png")} == set(PLOTS)
