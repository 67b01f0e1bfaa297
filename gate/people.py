"""The addresses for people: signing in and out, the list of releases, how to use the rest.

Here: forms and redirects. Not here: the addresses for programs (``addresses``). The two forms are
the only requests that change anything, and only a session of the one who sends them.
"""

import re
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from gate.addresses import ReleaseId
from gate.errors import GateError
from gate.identity import name_cookie
from gate.pages import render
from gate.problems import wants_page
from gate.recorded import find_facts
from gate.settings import GateSettings
from gate.visits import Gate

SIGN_IN = "/sign-in"
_NEXT = re.compile(r"/(releases/[0-9A-Za-z-]{1,32}/([0-9A-Za-z_]{1,64}[./]?){0,8})?")


def build_router(gate: Gate) -> APIRouter:
    """Every address for people."""
    router = APIRouter(include_in_schema=False)
    _add_home(router, gate)
    _add_sign_in(router, gate)
    return router


def redirect_to_sign_in(request: Request) -> Response | None:
    """Where a person who is not signed in goes instead of a refusal; None for programs."""
    if request.method != "GET" or not wants_page(request):
        return None
    back = quote(request.url.path) if _NEXT.fullmatch(request.url.path) else "/"
    headers = {"Cache-Control": "no-store"}
    return RedirectResponse(f"{SIGN_IN}?next={back}", 303, headers)


def _add_home(router: APIRouter, gate: Gate) -> None:
    @router.get("/")
    async def show_home(request: Request) -> Response:
        caller = await gate.identify(request)
        facts = find_facts(request)
        facts.event, facts.resource = "list", "home"
        now = gate.clock()
        return render(
            "home.html",
            200,
            {},
            settings=gate.settings,
            caller=caller,
            opened=list(gate.list_open(caller)),
            coming=[one for one in gate.calendar.releases.values() if not one.is_open(now)],
        )

    @router.get("/releases/{release_id}")
    async def move_to_page(release_id: ReleaseId) -> Response:
        return RedirectResponse(f"/releases/{release_id}/", 308)

    @router.get("/api")
    async def show_addresses(request: Request) -> Response:
        find_facts(request).resource = "api"
        paths = request.app.openapi()["paths"]
        listed = [(path, methods["get"]["description"]) for path, methods in paths.items()]
        return render("addresses.html", 200, {}, base=gate.settings.address, listed=listed)


def _add_sign_in(router: APIRouter, gate: Gate) -> None:
    settings = gate.settings
    cookie = name_cookie(settings)

    @router.get(SIGN_IN)
    async def show_sign_in(request: Request) -> Response:
        find_facts(request).resource = "sign-in"
        return render("sign_in.html", 200, {}, back=_read_next(request), refused=None)

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        facts = find_facts(request)
        facts.resource = "sign-in"
        _check_origin(request, settings)
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        token = gate.tokens.find(form.get("token", [""])[0].strip())
        back = _keep_next(form.get("next", ["/"])[0])
        if token is None:
            refused = GateError("MS724")
            facts.code = refused.code
            return render("sign_in.html", refused.status, {}, back=back, refused=refused)
        facts.event, facts.who, facts.agency = "sign-in", f"token:{token.name}", token.agency
        secret = gate.tokens.open_session(token, settings.session_hours)
        answer = RedirectResponse(back, 303, {"Cache-Control": "no-store"})
        answer.set_cookie(
            cookie,
            secret,
            max_age=settings.session_hours * 3600,
            path="/",
            secure=settings.is_secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        facts = find_facts(request)
        facts.resource = "sign-out"
        _check_origin(request, settings)
        facts.require_caller()
        facts.event = "sign-out"
        gate.tokens.close_session(request.cookies.get(cookie, ""))
        answer = RedirectResponse(SIGN_IN, 303, {"Cache-Control": "no-store"})
        answer.delete_cookie(
            cookie, path="/", secure=settings.is_secure, httponly=True, samesite="strict"
        )
        return answer


def _check_origin(request: Request, settings: GateSettings) -> None:
    """Refuse a form that was not sent from the gate's own page."""
    if request.headers.getlist("origin") not in [[one] for one in settings.origins]:
        raise GateError("MS734")


def _read_next(request: Request) -> str:
    return _keep_next(request.query_params.get("next", "/"))


def _keep_next(path: str) -> str:
    """A path of this gate, or its first page; nothing that leads elsewhere."""
    return path if _NEXT.fullmatch(path) else "/"
