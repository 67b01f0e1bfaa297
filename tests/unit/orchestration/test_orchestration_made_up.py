"""The pictures of linkage come from made-up people alone, and are those that the rules give now."""

from pathlib import Path

import pytest

from bench.linkage.charts import DRAWN, FOLDER, write_charts
from orchestration.defs.linkage import links
from orchestration.defs.made_up import show_made_up

FILES = {"figures.json", *(f"{name}.svg" for name in DRAWN)}


@pytest.fixture(scope="module")
def made_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made_up")
    write_charts(folder)
    return folder


def test_the_pictures_made_again_are_the_same_bytes(made_again: Path) -> None:
    """Otherwise the recipe, a rule or a renderer changed: python -m bench.linkage.charts."""
    assert {path.name for path in FOLDER.iterdir()} == FILES
    for name in sorted(FILES):
        assert (FOLDER / name).read_bytes() == (made_again / name).read_bytes(), name


def test_no_delivery_changes_what_the_asset_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = links.metadata_by_key.values()
    monkeypatch.setenv("MOSHARE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert show_made_up().items() <= shown.items()


def test_each_picture_has_its_numbers_as_text_beside_it() -> None:
    for shown in show_made_up().values():
        text = shown.value
        assert text.startswith("![")
        assert "](data:image/svg+xml;base64," in text
        assert "\n| --- |" in text
