"""Pages on loopback: today's digest and the coverage of sources, read only.

There are no accounts yet, so the console is bound to this machine, answers only to its own names (no DNS rebinding), and
changes nothing: every route is a GET.
"""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import ChoiceLoader, Environment, PackageLoader
from starlette.middleware.trustedhost import TrustedHostMiddleware

from pipeline.line import Line
from pipeline.reports.coverage import source_lines
from pipeline.reports.digest import LETTERS, issues, missed_line, outside_lines, shift_lines, to_json
from pipeline.reports.docx import to_docx
from pipeline.reports.html import environment, font_faces, stylesheet

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def make_console(line: Line) -> FastAPI:
    """The application over an open line."""
    app = FastAPI(title="Điểm Báo", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
    shown = line.shown()
    pages = _pages()
    # The whole style element is the same on every page; its hash is all that the policy lets through.
    style = f"{font_faces()}\n{stylesheet()}"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; font-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    def period() -> tuple[datetime, datetime]:
        now = datetime.now(UTC)
        return now - timedelta(days=1), now

    def page(template: str, here: str, status: int = 200, **values: object) -> HTMLResponse:
        html = pages.get_template(template).render(
            shown=shown, fonts=font_faces(), style=stylesheet(), here=here, **values
        )
        return HTMLResponse(html, status_code=status)

    @app.get("/")
    def today() -> HTMLResponse:
        made = line.digest(*period())
        return page(
            "today.html",
            "/",
            digest=made,
            letters=LETTERS,
            issues=issues(made, shown),
            shifts=shift_lines(made, shown),
            outside=outside_lines(made, shown),
            missed=missed_line(made, shown),
        )

    @app.get("/nguon")
    def sources() -> HTMLResponse:
        since, until = period()
        lines = source_lines(line.coverage(since, until), shown)
        return page("sources.html", "/nguon", lines=lines, since=since, until=until)

    @app.get("/diem-bao.docx")
    def docx() -> Response:
        return Response(
            to_docx(line.digest(*period()), shown),
            media_type=_DOCX,
            headers={"Content-Disposition": 'attachment; filename="diem-bao.docx"'},
        )

    @app.get("/diem-bao.json")
    def as_json() -> Response:
        return Response(to_json(line.digest(*period())), media_type="application/json")

    @app.exception_handler(404)
    async def missing(request: Request, error: Exception) -> HTMLResponse:  # noqa: ARG001 - FastAPI's signature
        return page("missing.html", "", status=404)

    return app


def _pages() -> Environment:
    """The documents' templates with the console's own around them."""
    pages = environment().overlay()
    pages.loader = ChoiceLoader([PackageLoader("pipeline.console"), PackageLoader("pipeline.reports")])
    return pages


def serve_console(app: FastAPI, listener: socket.socket) -> None:
    """Serve on an open socket until interrupted."""
    # log_config=None: uvicorn would otherwise set up logging anew for everyone in this process.
    config = uvicorn.Config(app, log_config=None, log_level="warning", server_header=False)
    uvicorn.Server(config).run(sockets=[listener])
