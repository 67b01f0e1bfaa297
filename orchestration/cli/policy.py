"""Commands for the reviewed policy: check it, compare two, compute its split, print its schema.

None of them reads a confidential row. Does not belong here: the policy itself
(`privacy.policy.policy`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from durable.writing import PUBLIC, write_whole
from orchestration.cli.console import show_json, talk, told_failures
from orchestration.hub.settings import Settings, load_settings

PolicyArgument = Annotated[Path | None, typer.Argument(help="Another policy file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]

_SPLIT = "strategy.json"
_HELP = """Example: `moshare policy check`.

The reviewed privacy policy: check it, compare two, compute its split, print its schema."""


def build_group(purpose: Callable[[Callable[..., None]], str]) -> typer.Typer:
    """Put the commands of `moshare policy` together, each with its purpose in the list."""
    group = typer.Typer(help=_HELP, no_args_is_help=True, rich_markup_mode="markdown")
    for command in (check, diff, optimise, schema):
        group.command(short_help=purpose(command))(command)
    return group


def check(policy: PolicyArgument = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Example: `moshare policy check`.

    Reads the policy, its key lists and its stored split, and says what each frame costs and what
    one identity can lose in the worst case.
    """
    settings = load_settings()
    with told_failures("policy check", settings):
        from orchestration.guards.bounds import read_bounds
        from privacy.approval.policy_summary import summarise
        from privacy.policy.keys import load_keys
        from privacy.policy.policy import load_policy
        from privacy.policy.strategy import load_strategy

        reviewed = load_policy(policy or settings.policy, settings.words)
        read_bounds(reviewed)
        keys = load_keys(settings.public_keys, reviewed)
        told = summarise(reviewed, keys, load_strategy(_find_split(policy, settings)))
    if as_json:
        show_json(told)
        return
    table = Table(title=f"Policy {told['version']} of {told['reviewed_on']}")
    for heading in ("frame", "cadence", "counts", "times", "bound", "places", "rho"):
        table.add_column(heading)
    for frame in told["frames"]:
        table.add_row(*(str(frame[name] or "") for name in _FRAME_COLUMNS))
    Console().print(table)
    if told["switched_off"]:
        names = ", ".join(told["switched_off"])
        talk().print(f"Switched off, and cost nothing: {names}", soft_wrap=True)
    for period in told["worst_case"]:
        talk().print(
            f"Worst case of one identity, {period['period']}: rho {period['rho']}, cap "
            f"{period['cap']}{'' if period['fits'] else ' – above the cap'}"
        )
    talk().print(f"Policy {told['policy_hash']}\nKeys   {told['keys_hash']}", soft_wrap=True)


def _find_split(policy: Path | None, settings: Settings) -> Path:
    """Where the split of a policy lies: beside it, or that of the state for the reviewed one."""
    return policy.with_name(_SPLIT) if policy else settings.strategy


_FRAME_COLUMNS = ("name", "cadence", "counting", "quarters", "bound", "places", "rho")


def diff(
    old: Annotated[Path, typer.Argument(help="The policy before.")],
    new: Annotated[Path, typer.Argument(help="The policy after.")],
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Example: `moshare policy diff before.toml privacy/policy.toml`.

    Says in words what changed between two policies, the guarantee first.
    """
    settings = load_settings()
    with told_failures("policy diff", settings):
        from privacy.policy.diff import describe_changes
        from privacy.policy.policy import load_policy

        changes = describe_changes(load_policy(old), load_policy(new))
    if as_json:
        show_json([{"touches": one.touches, "sentence": one.sentence} for one in changes])
        return
    heading = ""
    for change in changes:
        if change.touches != heading:
            heading = change.touches
            typer.echo(heading.capitalize())
        typer.echo(f"  {change.sentence}")
    if not changes:
        typer.echo("Nothing changed.")


def optimise(policy: PolicyArgument = None) -> None:
    """Example: `moshare policy optimise`.

    Computes the split of the budget that makes the published error least, from the policy and the
    key lists alone, and writes it as strategy.json beside the policy, to be reviewed with it.
    """
    settings = load_settings()
    with told_failures("policy optimise", settings):
        from privacy.policy.keys import load_keys
        from privacy.policy.optimise import optimise as share
        from privacy.policy.policy import load_policy

        reviewed = load_policy(policy or settings.policy, settings.words)
        found = share(reviewed, load_keys(settings.public_keys, reviewed))
        stored = _find_split(policy, settings)
        write_whole(stored, found.to_text(), PUBLIC)
    for split in found.splits:
        talk().print(
            f"{split.cadence}: {len(split.shares)} tables to measure, error "
            f"{float(split.gap):.1%} above the least that any unbiased Gaussian mechanism has"
        )
    typer.echo(stored)


def schema() -> None:
    """Example: `moshare policy schema > policy.schema.json`.

    Prints the JSON Schema of the policy file, for editors and other programs.
    """
    with told_failures("policy schema", load_settings()):
        from privacy.policy.schema import make_schema

        content: dict[str, Any] = make_schema()
        show_json(content)
