"""Commands for an agency's own machine: make tokens, seal a delivery, verify a release.

Nothing here may import Dagster, dbt or the privacy engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from jurisdiction.state import say_agencies
from orchestration.cli.console import show_json, talk, told_failures
from orchestration.cli.from_database import ChangedSince, Database, FromDatabase, name_views
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import load_settings


class Meant(StrEnum):
    """What a delivery would otherwise be refused for; as `sources.manifest` has it."""

    OUTSIDE_MISSOURI = "outside_missouri"
    OTHER_YEARS = "other_years"


Kind = Literal["full", "delta", "nil"]
Day = Annotated[
    datetime, typer.Option(formats=["%Y-%m-%d"], help="Day on which the data was taken.")
]
Files = Annotated[
    list[str] | None, typer.Option(help="role=path, as in the contract; may be repeated.")
]
ContractName = Annotated[
    str, typer.Option(help="What was agreed. Default: the newest of the agency.")
]
Roster = Annotated[
    Path | None, typer.Option(help="CSV of the Patrol: ori, month, reporting (yes or no).")
]
Unusual = Annotated[
    list[Meant] | None,
    typer.Option(help="What is meant as it is: outside_missouri, other_years; may be repeated."),
]
PublicKey = Annotated[
    Path | None,
    typer.Option(
        help="File with the hub's public key, of age or OpenPGP: only encrypted files are put into "
        "the inbox."
    ),
]


def new_key(path: Annotated[Path, typer.Argument(help="File to create.")]) -> None:
    """Example: `moshare new-key linkage.key`.

    Makes the secret key that DSS and the Patrol share for tokens. The hub must never hold it.
    """
    with told_failures("new-key", load_settings()):
        from linkage.tokenize import new_key as make

        make(path)
    talk().print("Made. Hand it to the other agency in person, never to the hub.")


def tokenize(
    roster: Annotated[Path, typer.Argument(help="CSV: record_key, name, birth_date.")],
    out: Annotated[Path, typer.Argument(help="CSV to write: record_key, token.")],
    key: Annotated[Path, typer.Option(help="The shared secret key file.")],
) -> None:
    """Example: `moshare tokenize roster.csv tokens.csv --key linkage.key`.

    Turns names and birth dates into keyed tokens; only the tokens leave the agency.
    """
    with told_failures("tokenize", load_settings()):
        from linkage.tokenize import make_tokens, read_key

        summary = make_tokens(roster, read_key(key), out)
    talk().print(
        f"{summary.records} records; {summary.without_token} of them have no whole name, or a "
        "placeholder for one, and got no token.",
        soft_wrap=True,
    )


def deliver(
    agency: Annotated[str, typer.Option(help=f"{say_agencies()}.")],
    quarter: Annotated[str, typer.Option(help="Like 2025Q1.")],
    as_of: Day,
    file: Files = None,
    kind: Annotated[Kind, typer.Option(help="full, delta or nil.")] = "full",
    sequence: Annotated[int, typer.Option(help="1, 2, … within the quarter.")] = 1,
    contract: ContractName = "",
    agency_roster: Roster = None,
    inbox: Annotated[Path | None, typer.Option(help="Default: the data home's inbox.")] = None,
    from_database: FromDatabase = None,
    database: Database = None,
    changed_since: ChangedSince = None,
    unusual: Unusual = None,
    encrypt_to: PublicKey = None,
) -> None:
    """Example: `moshare deliver --agency mshp --quarter 2025Q1 --as-of 2025-04-05 --file nibrs=f`.

    Copies the files into the agency's inbox and writes manifest.json last, so that the hub takes
    them in. `--kind nil` says that there is nothing to report; silence does not. With
    `--agency-roster` the Patrol says which police agencies reported for which month. With
    `--from-database` records come from views of a database, all as they stand at one moment.
    """
    settings = load_settings()
    with told_failures("deliver", settings):
        from orchestration.steps.delivering import Delivery
        from orchestration.steps.delivering import deliver as put
        from sources.agency_roster import read_agency_roster
        from sources.delivery_keys import read_public_keys

        roster = read_agency_roster(agency_roster) if agency_roster else ()
        views = name_views(from_database, database, changed_since)
        keys = read_public_keys(encrypt_to) if encrypt_to else None
        delivery = Delivery(
            agency,
            quarter,
            "delta" if changed_since else kind,
            sequence,
            as_of.date(),
            agency_roster=roster,
            unusual=tuple(unusual or ()),
            contract=contract,
        )
        files = _name_files(file or [])
        place = inbox or settings.landing / "inbox"
        typer.echo(put(place, delivery, files, views, encrypt_to=keys))


def _name_files(given: Sequence[str]) -> dict[str, Path]:
    """Role -> file; of two files in one role none is dropped in silence."""
    files: dict[str, Path] = {}
    for text in given:
        role, equals, path = text.partition("=")
        if not equals or not role or not path or role in files:
            raise OrchestrationError("MS907", text=text)
        files[role] = Path(path)
    return files


def verify(
    release: Annotated[
        Path, typer.Argument(help="A release: releases/2025Q1, or the file releases/2025Q1.zip.")
    ],
    key: Annotated[
        Path | None, typer.Option(help="The hub's public key, as it was announced to you.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")] = False,  # noqa: FBT002
) -> None:
    """Example: `moshare verify releases/2025Q1 --key moshare.pub`.

    Recomputes the hash of every file of a release, in its folder or unopened in its ZIP, and says
    whether it is what left the hub. With the hub's public key it also checks the signature, which
    nobody else can make.
    """
    with told_failures("verify", load_settings()):
        from portal.verify import verify as check

        verification, signer = check(release), None
        if key is not None and verification.passed:
            from portal.signature import check_signature

            signer = check_signature(release, key)
        if as_json:
            signed = {} if signer is None else {"signed_by": signer.key_id, "span": signer.span}
            show_json(verification.to_json() | signed)
        if not verification.passed:
            raise verification.error
    if not as_json:
        typer.echo(verification.sentence)
    if key is None or signer is None:
        talk().print("The signature was not checked: give the hub's public key with --key.")
        return
    span = f", which the hub used {signer.span}" if signer.span else ""
    talk().print(
        f"It is signed by the holder of {key.name}, with the key {signer.key_id}{span}.",
        soft_wrap=True,
    )
