"""Commands of the privacy officer: put up a plan, approve it, reject it, make a key.

Does not belong here: what an approval is (`privacy.approval.approval`) and what the page shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import prepared, show_json, talk, told_failures
from orchestration.cli.hub import QuarterOption, parse_quarter
from orchestration.hub.settings import load_settings

JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]
KeyOption = Annotated[Path, typer.Option("--key", help="Your secret key, made by new-officer-key.")]


def plan(quarter: QuarterOption, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Example: `moshare plan --quarter 2025Q1`.

    Puts up the plan of a quarter for approval, and writes the page that an officer reads. Reads
    the policy, the public lists and the ledger, and no confidential row. A plan that was rejected
    is said to be so, with exit code 6.
    """
    settings = prepared("plan")
    with told_failures("plan", settings):
        from orchestration.steps.approving import refuse_rejected
        from orchestration.steps.proposing import put_up_plan
        from privacy.canonical import compute_sha256

        chosen = parse_quarter(quarter)
        folder = put_up_plan(chosen, settings)
        refuse_rejected(chosen, settings)
        shown = compute_sha256((folder / "plan.json").read_text("utf-8"))
    if as_json:
        show_json({"quarter": str(chosen), "plan": shown, "folder": str(folder)})
        return
    talk().print(
        f"The plan {shown[:16]} of {chosen} is up for approval. Read index.html, then run\n"
        f"  moshare approve --quarter {chosen} --key FILE",
        soft_wrap=True,
    )
    typer.echo(folder)


def approve(quarter: QuarterOption, key: KeyOption, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Example: `moshare approve --quarter 2025Q1 --key doe.key`.

    Signs the plan that was put up, if it is still the plan that would be released and can be paid.
    Asks for the key's password if it has one.
    """
    settings = prepared("approve")
    with told_failures("approve", settings):
        from orchestration.steps.approving import approve as sign

        chosen = parse_quarter(quarter)
        standing = sign(chosen, settings, key, _ask_password)
    if as_json:
        show_json(
            {
                "quarter": str(chosen),
                "plan": standing.plan,
                "approved": not standing.problem,
                "approved_by": list(standing.signers),
            }
        )
    elif standing.problem:
        talk().print(f"Signed. More is needed: {standing.problem}", soft_wrap=True, markup=False)
    else:
        talk().print(
            f"The plan {standing.plan[:16]} of {chosen} is approved by "
            f"{', '.join(standing.signers)}. It can be released.",
            soft_wrap=True,
        )


def reject(
    quarter: QuarterOption,
    because: Annotated[str, typer.Option("--because", help="What must change, in your words.")],
) -> None:
    """Example: `moshare reject --quarter 2025Q1 --because "The county table is too dear."`.

    Rejects the plan that was put up, for good; the reason is kept beside it. Another plan needs
    another version of the policy.
    """
    settings = prepared("reject")
    with told_failures("reject", settings):
        from orchestration.steps.approving import reject as refuse

        chosen = parse_quarter(quarter)
        rejection = refuse(chosen, settings, because)
    talk().print(f"The plan {rejection.plan[:16]} of {chosen} is rejected.", soft_wrap=True)


def recover(quarter: QuarterOption, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Example: `moshare recover --quarter 2025Q1`.

    Gives up a draw that was lost, and puts up a plan that pays for the quarter once more. Refused
    where the draw can still be finished. Nothing is published unless an officer signs that plan and
    the caps of the policy leave room for both draws.
    """
    settings = prepared("recover")
    with told_failures("recover", settings):
        from orchestration.steps.proposing import put_up_plan
        from orchestration.steps.releasing import give_up_draw

        chosen = parse_quarter(quarter)
        lost = give_up_draw(chosen, settings)
        folder = put_up_plan(chosen, settings)
    if as_json:
        show_json({"quarter": str(chosen), "lost": lost, "folder": str(folder)})
        return
    talk().print(
        f"The draw of the plan {lost[:16]} of {chosen} is given up. A plan that pays once more is "
        "up for approval: read index.html, which says whether the caps leave room, then run\n"
        f"  moshare approve --quarter {chosen} --key FILE",
        soft_wrap=True,
    )
    typer.echo(folder)


def new_officer_key(
    key: Annotated[Path, typer.Argument(help="Where your secret key shall lie.")],
    without_password: Annotated[  # noqa: FBT002
        bool, typer.Option("--without-password", help="For a key kept on a device of its own.")
    ] = False,
) -> None:
    """Example: `moshare new-officer-key doe.key`.

    Makes a key pair to approve plans with: the secret half for you alone, and doe.pub, which is to
    be reviewed into privacy/officers.
    """
    settings = load_settings()
    with told_failures("new-officer-key", settings):
        from privacy.approval.approval import make_officer_key

        public = key.with_suffix(".pub")
        password = None if without_password else _choose_password()
        key_id = make_officer_key(key, public, password)
    talk().print(
        f"Made the key {key_id}. Keep {key.name} to yourself. Have {public.name} reviewed into "
        "privacy/officers.",
        soft_wrap=True,
    )
    typer.echo(public)


def _ask_password() -> str:
    return str(typer.prompt("Password of the key", hide_input=True, err=True))


def _choose_password() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
