"""The application: addresses, failures and the recording around them, put together.

Here: building it from settings, with nothing done at import. Not here: the server that runs it
(``server``).
"""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ExceptionHandler

from gate import addresses, people
from gate.errors import GateError
from gate.problems import SCHEMA, answer_problem
from gate.recorded import Recorded, find_facts
from gate.visits import Gate
from jurisdiction.state import read_state

DESCRIPTION = (
    f"Signed releases of counts about child trafficking in {read_state().name}, as files. Send "
    "the header 'Authorization: Bearer' with your agency's token. Failures are "
    "application/problem+json with a code. Every answer carries its SHA-256 and the receipt of its "
    "row in the audit."
)


def build_app(gate: Gate) -> Recorded:
    """The application of one gate."""
    app = FastAPI(
        title="MoShare gate",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.include_router(addresses.build_router(gate))
    app.include_router(people.build_router(gate))
    _describe_problems(app)
    handlers: dict[type[Exception], ExceptionHandler] = {
        GateError: _on_gate_error,
        RequestValidationError: _on_odd_address,
        HTTPException: _on_http_error,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    return Recorded(app, gate.settings, gate.recorder, gate.reception)


def _describe_problems(app: FastAPI) -> None:
    """Put the form of a problem into the description, and take out what FastAPI assumes."""
    written = app.openapi()
    written["components"]["schemas"]["Problem"] = SCHEMA
    for name in ("HTTPValidationError", "ValidationError"):
        written["components"]["schemas"].pop(name, None)
    for methods in written["paths"].values():
        methods["get"]["responses"].pop("422", None)


async def _on_gate_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, GateError):
        raise error
    find_facts(request).code = error.code
    moved = people.redirect_to_sign_in(request) if error.code == "MS723" else None
    return moved or answer_problem(request, error)


async def _on_odd_address(request: Request, _: Exception) -> Response:
    return await _on_gate_error(request, GateError("MS721"))


async def _on_http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    code = "MS730" if status == 405 else "MS721"
    return await _on_gate_error(request, GateError(code, headers))
