"""Pictures of plots in the Dagster UI, for docs/a-year.md.

Run `python -m bench.pictures HOME FOLDER` after `MOSHARE_HOME=HOME moshare demo`. It starts what
`moshare dev` starts, opens pages of assets in Chromium, and writes a PNG of each into the folder.
Everything in that home is simulated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from playwright.sync_api import Page, sync_playwright

from bench.backfill import open_ui
from orchestration.hub.settings import Settings

CHROMIUM = "/usr/bin/chromium"
PLOTS = {
    "plots-budget": "released/counts",
    "plots-release": "released/folder",
    "plots-plan": "review/plan",
}
"""Picture -> asset."""


def main(
    home: Annotated[Path, typer.Argument(help="A data home with a demo.")],
    folder: Annotated[Path, typer.Argument(help="Where the pictures go.")],
) -> None:
    with open_ui(Settings(home.resolve())) as address:
        take_pictures(address, folder)


def take_pictures(address: str, folder: Path) -> None:
    """Write the pictures of a UI that runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1240})
        for name, asset in PLOTS.items():
            open_plots(page, f"{address.removesuffix('/graphql')}/assets/{asset}")
            page.screenshot(path=folder / f"{name}.png")
            typer.echo(folder / f"{name}.png")
        browser.close()


def open_plots(page: Page, address: str) -> None:
    """Open the plots of an asset."""
    page.goto(address, wait_until="networkidle")
    page.get_by_text("Plots", exact=True).click()
    page.wait_for_timeout(4000)


if __name__ == "__main__":
    typer.run(main)
