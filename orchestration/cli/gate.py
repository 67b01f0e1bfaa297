"""Commands for the machine that serves releases: the gate, its tokens, its audit, its messages.

Nothing here may import Dagster, dbt or the privacy engine. Does not belong here: what the gate does
(`gate`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.console import show_json, talk, told_failures
from orchestration.hub.settings import load_settings

if TYPE_CHECKING:
    from gate.audit import AuditLog
    from gate.sending import Outcome
    from gate.settings import GateSettings
    from gate.tokens import TokenStore

SETTINGS = Path("/etc/moshare/gate.toml")
SettingsOption = Annotated[
    Path, typer.Option("--settings", help="The gate's settings; see deploy/gate.example.toml.")
]
_HELP_OF_AGENCIES = """Example: `moshare token create --agency dss`.

Makes, revokes and lists the tokens of agencies."""
_HELP_OF_AUDIT = """Example: `moshare audit verify`.

Checks the gate's record of every list, download and refusal."""
ReleaseOption = Annotated[str, typer.Option("--release", help="An announced release, like 2025Q1.")]


def gate(
    settings: SettingsOption = SETTINGS,
    demo: Annotated[  # noqa: FBT002
        bool, typer.Option("--demo", help="Serve the data home's releases to this machine only.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the demo.")] = 8600,
) -> None:
    """Example: `moshare gate --settings /etc/moshare/gate.toml`.

    Serves the releases that are open to those who may have them, and records every answer. With
    `--demo` it serves every release of the data home on 127.0.0.1, with a token made for that run.
    """
    with told_failures("gate", load_settings()):
        if demo:
            _serve_demo(port)
            return
        from gate.server import serve
        from gate.settings import read_settings

        serve(read_settings(settings))


def build_token_group(purpose: Callable[[Callable[..., None]], str]) -> typer.Typer:
    """Put the commands of `moshare token` together."""
    return _build_group(_HELP_OF_AGENCIES, purpose, create=create, revoke=revoke, list=show)


def build_audit_group(purpose: Callable[[Callable[..., None]], str]) -> typer.Typer:
    """Put the commands of `moshare audit` together."""
    return _build_group(_HELP_OF_AUDIT, purpose, verify=verify)


def create(
    agency: Annotated[str, typer.Option(help="Who gets it: a short name, like dss.")],
    tier: Annotated[str, typer.Option(help="public or partner.")] = "public",
    days: Annotated[int, typer.Option(help="How long it is valid.")] = 365,
    release: Annotated[
        list[str] | None, typer.Option(help="Only this release; may be repeated.")
    ] = None,
    settings: SettingsOption = SETTINGS,
) -> None:
    """Example: `moshare token create --agency dss --tier partner --days 365`.

    Makes a token for an agency and shows it once, on stdout; the gate keeps its hash only.
    """
    with told_failures("token create", load_settings()):
        with _open_tokens(settings) as (store, log):
            made, secret = store.create(agency, tier, days, tuple(release) if release else None)
            _record(log, "token-created", made.name, made.agency)
        talk().print(
            f"Token {made.name} for {made.agency}, valid until {made.expires_at}. "
            "It is shown now and never again:"
        )
        typer.echo(secret)


def revoke(
    name: Annotated[str, typer.Argument(help="The token's name, as in the list.")],
    settings: SettingsOption = SETTINGS,
) -> None:
    """Example: `moshare token revoke 1a2b3c4d`.

    Refuses a token from now on, and ends the sessions of browsers that signed in with it.
    """
    with told_failures("token revoke", load_settings()):
        with _open_tokens(settings) as (store, log):
            store.revoke(name)
            _record(log, "token-revoked", name, "")
        talk().print(f"Revoked {name}, and ended its sessions.")


def show(settings: SettingsOption = SETTINGS) -> None:
    """Example: `moshare token list`.

    Lists every token ever made, as JSON, without its secret.
    """
    with told_failures("token list", load_settings()), _open_tokens(settings) as (store, _):
        show_json([vars(one) for one in store.list_all()])


def verify(
    receipt: Annotated[
        str, typer.Option(help="A hash noted earlier, or the receipt of an answer.")
    ] = "",
    settings: SettingsOption = SETTINGS,
) -> None:
    """Example: `moshare audit verify`.

    Recomputes the chain of the gate's audit and prints its head. With `--receipt` it also says
    which row an agency's receipt is, so that a row that was taken away is found out.
    """
    with told_failures("audit verify", load_settings()):
        from gate.audit import AuditLog, tell_time
        from gate.settings import read_settings

        log = AuditLog(read_settings(settings).state, tell_time)
        if receipt:
            typer.echo(f"Row {log.find(receipt)} has this hash, in a chain that is whole.")
            return
        summary = log.check()
        typer.echo(f"The audit is whole: {summary.rows} rows, the last one is {summary.head}")


def push(
    release: ReleaseOption,
    to: Annotated[str, typer.Option(help="One receiver; default: every one.")] = "",
    settings: SettingsOption = SETTINGS,
) -> None:
    """Example: `moshare push --release 2025Q1`.

    Puts an open release onto the servers of agencies that take files over SFTP only: aside, then
    renamed, its signature last. Each has a line, and one that fails keeps no other from its files.
    Done again, it changes nothing. Those whom the settings name under `alarms` are told of a
    failure, once.
    """
    with told_failures("push", load_settings()):
        from gate.audit import tell_time
        from gate.sending import push_release
        from gate.settings import read_settings
        from orchestration.watch.pushes import tell_of_pushes

        own = read_settings(settings)
        outcomes: list[Outcome] = []
        try:
            _tell_outcomes("push", release, _keep(push_release(own, release, to), outcomes))
        finally:
            tell_of_pushes(own, release, outcomes, tell_time())


def notify(
    release: ReleaseOption,
    to: Annotated[str, typer.Option(help="One receiver; default: every one.")] = "",
    settings: SettingsOption = SETTINGS,
) -> None:
    """Example: `moshare notify --release 2025Q1`.

    Tells the receivers in the settings, by e-mail or webhook, that a release is open: a link, never
    a number. Each has a line, and one that fails keeps no other from its message.
    """
    with told_failures("notify", load_settings()):
        from gate.sending import notify_release
        from gate.settings import read_settings

        _tell_outcomes("notify", release, notify_release(read_settings(settings), release, to))


def _tell_outcomes(command: str, release: str, outcomes: Iterable[Outcome]) -> None:
    """Write a line for each receiver as it is done with; raises MS761 if one was not reached."""
    from gate.errors import GateError

    reached = []
    for outcome in outcomes:
        typer.echo(f"{outcome.name}: {outcome.said}")
        reached.append(outcome.is_reached)
    if not all(reached):
        raise GateError(
            "MS761",
            command=command,
            release_id=release,
            failed=reached.count(False),
            all=len(reached),
        )


def _keep(outcomes: Iterable[Outcome], kept: list[Outcome]) -> Iterator[Outcome]:
    """Give outcomes on, and keep them."""
    for outcome in outcomes:
        kept.append(outcome)
        yield outcome


def _build_group(
    text: str,
    purpose: Callable[[Callable[..., None]], str],
    **commands: Callable[..., None],
) -> typer.Typer:
    group = typer.Typer(help=text, no_args_is_help=True, rich_markup_mode="markdown")
    for name, command in commands.items():
        group.command(name, short_help=purpose(command))(command)
    return group


@contextmanager
def _open_tokens(settings: Path) -> Iterator[tuple[TokenStore, AuditLog]]:
    from gate.audit import AuditLog, tell_time
    from gate.settings import read_settings
    from gate.tokens import TokenStore

    state = read_settings(settings).state
    with TokenStore(state, tell_time) as store:
        yield store, AuditLog(state, tell_time)


def _record(log: AuditLog, event: str, name: str, agency: str) -> None:
    from gate.visits import describe_step

    log.write([describe_step(event, f"token:{name}", agency)])


def _serve_demo(port: int) -> None:
    from gate.demo import prepare_demo
    from gate.server import serve

    releases = load_settings().releases
    with tempfile.TemporaryDirectory(prefix="moshare-gate-") as folder:
        settings, secret = prepare_demo(releases, Path(folder), port)
        _show_demo(settings, secret)
        serve(settings)


def _show_demo(settings: GateSettings, secret: str) -> None:
    base = settings.address
    talk().print(
        f"The gate serves {_name_releases(settings)} on this machine only (Ctrl-C ends it). "
        "This token is made for this run and shown once:\n"
        f"  {secret}\n"
        f"  {base}/   sign in with it, in a browser\n"
        f"  {base}/api   every address; docs/analyst.md goes from here to a chart\n",
        soft_wrap=True,
        markup=False,
    )


def _name_releases(settings: GateSettings) -> str:
    """The names of the releases of a demo, in words."""
    from gate.calendar import read_calendar

    return ", ".join(sorted(read_calendar(settings.calendar)))
