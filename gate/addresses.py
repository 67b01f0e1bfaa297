"""The addresses for programs: lists, one release, its files, the catalogue and the feed.

Here: which function answers which address, and its description in OpenAPI. Not here: the pages for
people (``people``). Every address is read only.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gate import forms
from gate.answers import JSON, answer
from gate.calendar import RELEASE_ID
from gate.catalog import describe_catalog
from gate.csp import write_policy
from gate.feed import MEDIA as ATOM
from gate.feed import write_feed
from gate.identity import Caller
from gate.problems import MEDIA as PROBLEM
from gate.reception import HEALTH, Facts
from gate.recorded import find_facts
from gate.shelf import CHANGES_NAME, PAGE_NAME, PLAIN_BYTES, Item, ShelvedRelease
from gate.visits import Gate

ReleaseId = Annotated[
    str, Path(pattern=RELEASE_ID, description="As in the calendar.", examples=["2025Q1"])
]
FilePath = Annotated[str, Path(description="As listed.", examples=["data/children_by_region.csv"])]
_BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="The token that the hub gave your agency."
)
_REFUSALS = {
    401: "No token, or one that is not accepted.",
    403: "Not open yet, or not to this caller.",
    404: "There is nothing at this address.",
    429: "Too many requests; Retry-After says how long to wait.",
    503: "It cannot be served now.",
}
SIMULATED_HEADER = "Moshare-Simulated"
"""On every file of a release that is about no real child; a CSV itself has no room to say so."""
_UNCHANGED = {"description": "As the client has it already."}
_FORMS: dict[str, Any] = {
    JSON: {"schema": {"type": "object", "required": ["dataset"]}},
    ATOM: {"schema": {"type": "string"}},
    "*/*": {},
}
_Described = dict[int | str, dict[str, Any]]


def build_router(gate: Gate) -> APIRouter:
    """Every address for programs."""
    router = APIRouter()
    identify = _make_identify(gate)
    for add in (_add_health, _add_lists, _add_release, _add_files):
        add(router, gate, identify)
    return router


def describe_answers(
    model: type | None = None, media: str = JSON, refusals: tuple[int, ...] = (401, 429)
) -> _Described:
    """The answers of an address, for OpenAPI."""
    given: dict[str, Any] = {"model": model} if model else {"content": {media: _FORMS[media]}}
    problem = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    return {
        200: {"description": "What was asked for.", **given},
        304: _UNCHANGED,
        **{status: {"description": _REFUSALS[status], **problem} for status in refusals},
    }


Identify = Callable[..., Any]
_FOR_ONE = (401, 403, 404, 429, 503)


def _make_identify(gate: Gate) -> Identify:
    async def identify(
        request: Request,
        _: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    ) -> Caller:
        return await gate.identify(request)

    return identify


def _get(router: APIRouter, path: str, described: _Described) -> Callable[..., Any]:
    """Add an address for GET, and the same for HEAD, which the description leaves out."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        purpose = (function.__doc__ or "").strip()
        router.get(path, responses=described, response_class=Response, description=purpose)(
            function
        )
        router.head(path, include_in_schema=False)(function)
        return function

    return add


def _list(request: Request, resource: str) -> Facts:
    facts = find_facts(request)
    facts.event, facts.resource = "list", resource
    return facts


def _answer_form(request: Request, form: Any) -> Response:  # noqa: ANN401
    return answer(request, json.dumps(asdict(form), ensure_ascii=False).encode(), JSON)


def _add_health(router: APIRouter, gate: Gate, identify: Identify) -> None:  # noqa: ARG001
    @_get(router, HEALTH, {200: {"description": "It answers.", "model": forms.Health}})
    async def get_health(request: Request) -> Response:
        """Say that the gate answers; needs no token and says nothing else."""
        find_facts(request).resource = "healthz"
        return Response(json.dumps(asdict(forms.Health("ok"))), media_type=JSON)


def _add_lists(router: APIRouter, gate: Gate, identify: Identify) -> None:
    base = gate.settings.address

    @_get(router, "/api/v1/releases", describe_answers(forms.ReleaseList))
    async def list_releases(
        request: Request, caller: Annotated[Caller, Depends(identify)]
    ) -> Response:
        """List the releases that are open to the caller, latest first."""
        _list(request, "api/v1/releases")
        opened = [forms.describe_release(base, *one) for one in gate.list_open(caller)]
        return _answer_form(request, forms.ReleaseList(opened))

    @_get(router, "/api/v1/calendar", describe_answers(forms.CalendarForm))
    async def list_calendar(
        request: Request,
        caller: Annotated[Caller, Depends(identify)],  # noqa: ARG001
    ) -> Response:
        """List every announced release and the moment (UTC) at which it opens."""
        _list(request, "api/v1/calendar")
        now = gate.clock()
        entries = [
            forms.CalendarEntry(
                one.release_id, forms.write_moment(one.opens_at), one.tier, one.is_open(now)
            )
            for one in gate.calendar.releases.values()
        ]
        return _answer_form(request, forms.CalendarForm(entries))

    @_get(router, "/catalog.json", describe_answers(media=JSON))
    async def get_catalog(
        request: Request, caller: Annotated[Caller, Depends(identify)]
    ) -> Response:
        """Give the catalogue of open releases, in the form DCAT-US 3."""
        _list(request, "catalog.json")
        catalog = describe_catalog(gate.settings, gate.list_open(caller))
        return answer(request, json.dumps(catalog, ensure_ascii=False).encode(), JSON)

    @_get(router, "/feed.atom", describe_answers(media=ATOM))
    async def get_feed(request: Request, caller: Annotated[Caller, Depends(identify)]) -> Response:
        """Give a feed of open releases, for feed readers."""
        _list(request, "feed.atom")
        return answer(request, write_feed(gate.settings, gate.list_open(caller)), ATOM)


def _add_release(router: APIRouter, gate: Gate, identify: Identify) -> None:
    @_get(
        router,
        "/api/v1/releases/{release_id}",
        describe_answers(forms.ReleaseDetail, refusals=_FOR_ONE),
    )
    async def get_release(
        request: Request, release_id: ReleaseId, caller: Annotated[Caller, Depends(identify)]
    ) -> Response:
        """Describe one release: its tables, and the address and hash of every file."""
        facts = _list(request, "api/v1/releases/one")
        opened = gate.open_release(caller, facts, release_id)
        facts.resource = f"api/v1/releases/{release_id}"
        return _answer_form(request, forms.describe_detail(gate.settings.address, *opened))

    @_get(
        router,
        "/api/v1/releases/{release_id}/changes",
        describe_answers(forms.Changes, refusals=_FOR_ONE),
    )
    async def get_changes(
        request: Request, release_id: ReleaseId, caller: Annotated[Caller, Depends(identify)]
    ) -> Response:
        """Say what one release changed since the one before."""
        facts = _list(request, "api/v1/releases/one/changes")
        _, release = gate.open_release(caller, facts, release_id)
        facts.resource = f"api/v1/releases/{release_id}/changes"
        text = None
        if forms.has_changes(release):
            _, text = gate.shelf.read(release, CHANGES_NAME)
        return _answer_form(request, forms.describe_changes(release, text))


def _add_files(router: APIRouter, gate: Gate, identify: Identify) -> None:
    described: _Described = {
        **describe_answers(media="*/*", refusals=_FOR_ONE),
        206: {
            "description": "The part that was asked for.",
            "content": {"*/*": _FORMS["*/*"]},
        },
        416: {
            "description": "The part is not there.",
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        },
    }

    @_get(router, "/releases/{release_id}.zip", described)
    async def get_archive(
        request: Request, release_id: ReleaseId, caller: Annotated[Caller, Depends(identify)]
    ) -> Response:
        """Give a whole release as one ZIP."""
        facts = find_facts(request)
        _, release = gate.open_release(caller, facts, release_id)
        item, content = gate.shelf.read_archive(release)
        facts.event, facts.resource = "download", f"releases/{item.path}"
        return _answer_file(request, release, item, content)

    @_get(router, "/releases/{release_id}/{path:path}", described)
    async def get_file(
        request: Request,
        release_id: ReleaseId,
        path: FilePath,
        caller: Annotated[Caller, Depends(identify)],
    ) -> Response:
        """Give one file of a release: the address of a table is the address of its data."""
        facts = find_facts(request)
        _, release = gate.open_release(caller, facts, release_id)
        item, content = gate.shelf.read(release, path or PAGE_NAME)
        facts.event, facts.resource = "download", f"releases/{release_id}/{item.path}"
        return _answer_file(request, release, item, content)


def _answer_file(request: Request, release: ShelvedRelease, item: Item, content: bytes) -> Response:
    headers = {SIMULATED_HEADER: "true"} if release.is_simulated else {}
    if item.media.startswith("text/html"):
        headers["Content-Security-Policy"] = write_policy(content)
    elif item.media in (PLAIN_BYTES, "application/zip") or not item.media.startswith("text/"):
        name = item.path.rpartition("/")[2]
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer(request, content, item.media, headers, bytes.fromhex(item.sha256))
