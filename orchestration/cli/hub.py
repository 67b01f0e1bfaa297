"""Commands for the hub: run a quarter, try it out, check the installation.

Does not belong here: how a quarter is run (`runs`) or an installation is checked (`diagnosis`).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from failures.exits import Exit
from jurisdiction.state import join_words, read_state, say_agencies
from orchestration.cli.console import prepared, show_json, talk, told_failures
from orchestration.hub.engine import find_master
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.interrupts import raise_if_interrupted
from orchestration.hub.settings import Settings, child_environment, load_settings
from orchestration.steps.dbt_process import KEPT
from sources.errors import SourcesError
from sources.quarters import Quarter

if TYPE_CHECKING:
    from orchestration.cli.runs import RunOutcome

QuarterOption = Annotated[str, typer.Option("--quarter", help="A closed quarter, like 2025Q1.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]

DEMO_QUARTERS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4")
"""A whole year: its last release has annual tables, a history and sums of four quarters."""

DEMO_SEED = 2025

_WHOLE_QUARTER = "whole_quarter"


def parse_quarter(text: str) -> Quarter:
    """Read a quarter as a person types it.

    Raises:
        OrchestrationError: MS904 when it is not one.
    """
    try:
        return Quarter.parse(text)
    except SourcesError:
        raise OrchestrationError("MS904", text=text) from None


def demo() -> None:
    """Example: `moshare demo`.

    Simulates the agencies' deliveries for the four quarters of a year, approves each plan with a
    throw-away key, runs each quarter to a release, and says what to open next. Run again, it gives
    the same releases.
    """
    settings = prepared("demo")
    with told_failures("demo", settings):
        from orchestration.steps.approving import approve_for_demo
        from orchestration.steps.simulated import deliver_simulated

        quarters = [parse_quarter(text) for text in DEMO_QUARTERS]
        names = [one.name for one in read_state().agencies]
        talk().print(
            f"{len(quarters)} quarters, about fifteen seconds each. "
            f"Simulated deliveries from {join_words(names, 'and')} …"
        )
        deliver_simulated(settings, quarters, seed=DEMO_SEED)
        for quarter in quarters:
            approve_for_demo(quarter, settings)
            _run(_WHOLE_QUARTER, quarter, settings)
    _say_what_to_open(_shown(settings), DEMO_QUARTERS[-1])


def _say_what_to_open(home: str, last: str) -> None:
    release, key = (quote(f"{home}/releases/{name}") for name in (last, "moshare.pub"))
    talk().print(
        f"\n[bold green]Done.[/] {len(DEMO_QUARTERS)} releases lie in [bold]{home}/releases[/]. "
        "All of it is simulated, and the plans were approved with a throw-away key that counts for "
        "simulated deliveries only.\n"
        "Open next:\n"
        f"  {home}/releases/{last}/index.html   the page of the last quarter, in a browser\n"
        f"  {home}/review/{last}/index.html   what the privacy officer read before signing\n"
        f"  .venv/bin/moshare verify {release} --key {key}\n"
        "      check every file of a release, and its signature (by a key made for this demo)\n"
        "  .venv/bin/moshare ledger   what was spent on privacy, and what is left\n"
        "  .venv/bin/moshare gate --demo   the releases as agencies get them, with a token\n"
        "  make dev   the Dagster graph of these runs\n",
        soft_wrap=True,
    )


def simulate(
    quarters: Annotated[list[str], typer.Argument(help="Quarters, like 2025Q1 2025Q2.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = DEMO_SEED,
) -> None:
    """Example: `moshare simulate 2025Q3 2025Q4 --seed 7`.

    Puts simulated deliveries of all agencies into the inboxes, in their real formats.
    """
    settings = prepared("simulate")
    with told_failures("simulate", settings):
        from orchestration.steps.simulated import deliver_simulated

        for folder in deliver_simulated(settings, [parse_quarter(q) for q in quarters], seed=seed):
            typer.echo(folder)


def ingest(
    agency: Annotated[str, typer.Option(help=f"{say_agencies()}.")], quarter: QuarterOption
) -> None:
    """Example: `moshare ingest --agency dss --quarter 2025Q1`.

    Takes in one delivery from its inbox. The receipt lies in the agency's outbox.
    """
    settings = prepared("ingest")
    with told_failures("ingest", settings):
        from sources.contracts import current_contract

        current_contract(agency)
        outcome = _run(f"ingest_{agency}", parse_quarter(quarter), settings)
        for receipt in outcome.receipts:
            talk().print(f"Delivery {receipt}", soft_wrap=True)


def new_delivery_key(
    key: Annotated[Path, typer.Argument(help="Where the secret key shall lie.")],
) -> None:
    """Example: `moshare new-delivery-key keys/2026.key`.

    Makes a key pair of age for encrypted deliveries: the secret half for the hub, named in
    `MOSHARE_DELIVERY_KEYS`, and 2026.pub, to which agencies encrypt.
    """
    settings = load_settings()
    with told_failures("new-delivery-key", settings):
        from orchestration.backup.making import make_key

        public = make_key(key)
    talk().print(
        f"Made. Name {key.name} in MOSHARE_DELIVERY_KEYS, beside the former keys, and keep a copy "
        f"of it away from the hub. Give {public.name} to every agency, in person or by another way "
        "on which nobody can exchange it.",
        soft_wrap=True,
    )
    typer.echo(public)


def collect() -> None:
    """Example: `moshare collect`.

    Collects the deliveries that are whole from the drop boxes that `boxes.toml` names into the
    inboxes, and brings receipts there. What is not whole waits. Ends with exit code 3 where a box
    is away.
    """
    settings = prepared("collect")
    with told_failures("collect", settings):
        from orchestration.boxes import collecting
        from orchestration.boxes.settings import read_boxes

        boxes = read_boxes(settings)
        for box in boxes:
            for told in collecting.collect(box, settings) or ["There is nothing new."]:
                typer.echo(f"{box.name}: {told}")
        if not boxes:
            talk().print("No drop box is named; deploy/boxes.example.toml shows how to.")
        is_away = any(notes.away_since for _, notes in collecting.list_noted(settings))
    if is_away:
        raise typer.Exit(Exit.DELIVERY)


def run(quarter: QuarterOption) -> None:
    """Example: `moshare run --quarter 2025Q1`.

    Runs one quarter from its deliveries to the released folder, as the schedule does. Where
    the plan is not approved yet, all but the release is made, and it ends with exit code 6. A
    quarter that was released gives the same release again.
    """
    settings = prepared("run")
    with told_failures("run", settings):
        chosen = parse_quarter(quarter)
        try:
            _run(_WHOLE_QUARTER, chosen, settings)
        finally:
            _say_waiting(settings)
        typer.echo(settings.releases / str(chosen))


def _say_waiting(settings: Settings) -> None:
    """Name deliveries without a receipt, of this quarter or another."""
    from jurisdiction.state import read_state
    from sources.waiting import list_waiting

    for agency in read_state().agencies:
        for waiting in list_waiting(settings.zones, agency.key):
            talk().print(waiting.sentence, style="yellow", markup=False, soft_wrap=True)


def release(quarter: QuarterOption) -> None:
    """Example: `moshare release --quarter 2025Q1`.

    Runs the quality check and the release only, for a quarter whose release input is built and
    whose plan was approved since; finishes a release that was interrupted after its draw.
    """
    settings = prepared("release")
    with told_failures("release", settings):
        chosen = parse_quarter(quarter)
        _run("release", chosen, settings)
        typer.echo(settings.releases / str(chosen))


def rotate_key() -> None:
    """Example: `moshare rotate-key`.

    Signs releases with a new key from now on, also where the old one is lost. Releases before it
    still verify: moshare.pub names every key and the span it signed for. Give it to every agency.
    """
    settings = prepared("rotate-key")
    with told_failures("rotate-key", settings):
        from orchestration.steps.building import rotate_signing_key

        made = rotate_signing_key(settings)
    talk().print(
        f"The next releases are signed with the key {made.key_id}. Back the vault up, and announce "
        f"{_shown(settings)}/releases/moshare.pub to every agency, by another way than the "
        "releases themselves.",
        soft_wrap=True,
    )
    typer.echo(settings.public_key)


def doctor(as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Example: `moshare doctor`.

    Checks that this installation is fit to run, and says what to do where it is not.
    """
    settings = load_settings()
    with told_failures("doctor", settings):
        from orchestration.hub.diagnosis import diagnose

        findings = diagnose(settings)
    if as_json:
        show_json([{"check": f.check, "ok": f.ok, "sentence": f.sentence} for f in findings])
    else:
        for finding in findings:
            mark = "[green]ok [/]" if finding.ok else "[bold red]no [/]"
            talk().print(f"{mark} {finding.check}: {finding.sentence}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def dev(port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000) -> None:
    """Example: `moshare dev`.

    Opens the Dagster UI, with schedule and sensor, on the same data, for this machine only.
    """
    settings = prepared("dev")
    with told_failures("dev", settings):
        from orchestration.hub.instance import write_instance_file

        write_instance_file(settings)
    talk().print(f"Dagster UI on http://127.0.0.1:{port} for {_shown(settings)} (Ctrl-C ends it)")
    program = [sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions"]
    os.execv(sys.executable, [*program, "-h", "127.0.0.1", "-p", str(port)])  # noqa: S606


def _shown(settings: Settings) -> str:
    """Give the data home as a person in this folder would type it."""
    return os.path.relpath(settings.home)


def _run(job: str, quarter: Quarter, settings: Settings) -> RunOutcome:
    find_master(settings)  # refused before anything is taken in
    if job == _WHOLE_QUARTER:
        KEPT.start(child_environment(settings))
    from orchestration.cli.progress import step_progress
    from orchestration.cli.runs import run_job
    from orchestration.hub.instance import open_instance

    talk().rule(f"{quarter}: {job.replace('_', ' ')}", style="dim", align="left")
    with (
        open_instance(settings) as instance,
        step_progress() as on_step,
    ):
        outcome = run_job(job, quarter, instance, on_step)
    if outcome.exit_code:
        raise_if_interrupted()
    for sentence in outcome.sentences:
        talk().print(sentence, style="bold red", markup=False)
    outbox = settings.landing / "outbox"
    if outcome.exit_code == Exit.DELIVERY and outbox.exists():
        talk().print(f"Receipts lie in {os.path.relpath(outbox)}.", soft_wrap=True)
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)
    return outcome
