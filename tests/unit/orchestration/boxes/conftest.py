"""A data home, a delivery, and drop boxes on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from box_servers import SftpBox, name_boxes, run_s3_box, run_sftp_box
from box_visits import AnyBox, make_delivery

from orchestration.hub.settings import HOME_VARIABLE, Settings, prepare_process
from orchestration.watch import alarms as watched


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    made = Settings(tmp_path / "home")
    prepare_process(made)
    monkeypatch.setattr(watched, "find_needed_bytes", lambda _: 0)
    return made


@pytest.fixture
def sftp(tmp_path: Path, settings: Settings) -> Iterator[SftpBox]:
    with run_sftp_box(tmp_path / "sftp") as server:
        name_boxes(settings, server.entry("hotline"))
        yield server


@pytest.fixture(params=["sftp", "s3"])
def server(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Iterator[AnyBox]:
    run = run_sftp_box if request.param == "sftp" else run_s3_box
    with run(tmp_path / request.param) as found:
        name_boxes(settings, found.entry("hotline"))
        yield found


@pytest.fixture
def delivery(tmp_path: Path) -> dict[str, bytes]:
    return make_delivery(tmp_path / "made")
