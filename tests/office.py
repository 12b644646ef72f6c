"""An office in a folder: configuration files for the fictional press, and the real command run on them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.demo.press import OUTLETS
from pipeline.demo.server import sources
from tests.conftest import ROOT


def free_ports() -> int:
    """The first of as many free neighbouring ports as the fictional press has papers."""
    for first in range(20_000 + os.getpid() % 10_000, 60_000, len(OUTLETS)):
        try:
            listeners = [socket.create_server(("127.0.0.1", first + number)) for number in range(len(OUTLETS))]
        except OSError:
            continue
        for listener in listeners:
            listener.close()
        return first
    raise AssertionError("no free ports")


@dataclass(frozen=True)
class Office:
    """diembao.toml, sources.toml and data in a folder."""

    folder: Path

    @classmethod
    def set_up(cls, folder: Path, first_port: int) -> Office:
        """Write the configuration of an office that reads the fictional press."""
        folder.mkdir(parents=True, exist_ok=True)
        tables = []
        for source in sources(first_port):
            lines = ["[[source]]"]
            for name in ("id", "name", "home", "language", "scope"):
                lines.append(f"{name} = {json.dumps(getattr(source, name), ensure_ascii=False)}")
            lines.append(f"feeds = {json.dumps(source.feeds)}")
            lines.append(f"sitemaps = {json.dumps(source.sitemaps)}")
            lines.append("expected = { min = 5, max = 60 }")
            for listing in source.listings:
                lines += [
                    "[[source.listings]]",
                    f"url = {json.dumps(listing.url)}",
                    f"links = {json.dumps(listing.links)}",
                ]
            tables.append("\n".join(lines))
        (folder / "sources.toml").write_text("\n\n".join(tables), encoding="utf-8")
        models = ROOT / "models"
        (folder / "diembao.toml").write_text(
            f"""
model = "{models / "current"}"
[office]
province = "Quảng Trị"
body = "Sở Văn hóa, Thể thao và Du lịch"
superior = "UBND tỉnh Quảng Trị"
reading_office = "Ban Tuyên giáo và Dân vận Tỉnh ủy"
contact = "phongbaochi@example.vn"
[home]
gazetteer = "{models / "gazetteer" / "quang_tri.tsv"}"
provinces = "{models / "gazetteer" / "provinces.tsv"}"
[crawl]
allow_loopback = true
delay_seconds = 0.01
timeout_seconds = 2.0
retries = 0
recheck_hours = 0.0
[process]
workers = 1
""",
            encoding="utf-8",
        )
        return cls(folder)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command and do not wait."""
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; the caller looks at the status."""
        return subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *arguments],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    def ok(self, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def digest(self) -> dict[str, Any]:
        """The digest of the last 24 hours."""
        made: dict[str, Any] = json.loads(self.ok("digest", "--format", "json"))
        return made

    def coverage(self) -> dict[str, dict[str, Any]]:
        """The coverage ledger by source."""
        return {row["source_id"]: row for row in map(json.loads, self.ok("coverage").splitlines())}
