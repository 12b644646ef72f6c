"""What a robots.txt lets us do (RFC 9309)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from protego import Protego

from pipeline.catalogue import reason
from pipeline.records import Outcome

ROBOT = "DiemBao"  # our name in robots.txt
READ_AT_MOST = 500 << 10  # bytes of a robots.txt; RFC 9309 asks for no less, and hostile files are longer
_VALID, _RETRY = timedelta(days=1), timedelta(hours=1)
_AGENT_LINE = re.compile(r"\s*user(?:-|\s+)?agent(?:\s*:|\s)\s*(.*)", re.IGNORECASE)
_SOMEBODY_ELSE = "somebody-else"


@dataclass(frozen=True, slots=True)
class Rules:
    """What one scheme, host and port lets us read, and until when we rely on it."""

    rules: Protego | bool  # True: everything; False: nothing
    valid_until: datetime
    refused_as: Outcome = "robots"
    refusal: str = reason("fetch.robots")  # why what is not allowed is not asked

    def allows(self, url: str) -> bool:
        """Whether an address may be asked."""
        return self.rules if isinstance(self.rules, bool) else bool(self.rules.can_fetch(url, ROBOT))

    @property
    def delay(self) -> float:
        """The paper's Crawl-delay in seconds; 0 where it names none."""
        return 0.0 if isinstance(self.rules, bool) else float(self.rules.crawl_delay(ROBOT) or 0.0)


def judged(outcome: Outcome, status: int | None, body: bytes, why: str, older: Rules | None, now: datetime) -> Rules:
    """The rules that follow from the answer to a request for robots.txt; `older` are those that held so far.

    Without a robots.txt (4xx, or redirects without an end) everything is allowed. When it cannot be reached (5xx, 429, no
    connection), an older copy goes on to hold; without one nothing is allowed. Then it is asked again in an hour.
    """
    if outcome == "ok":
        return Rules(_parsed(body), now + _VALID)
    if outcome in ("missing", "refused", "redirect") and status != 429:
        return Rules(True, now + _VALID)
    if older and isinstance(older.rules, Protego):
        return replace(older, valid_until=now + _RETRY)
    return Rules(False, now + _RETRY, outcome, why if outcome in ("address", "dns") else reason("fetch.robots_unknown"))


def _parsed(body: bytes) -> Protego:
    text = body[:READ_AT_MOST].decode("utf-8-sig", "replace")
    lines = text.splitlines()
    if len(body) > READ_AT_MOST and not text.endswith(("\r", "\n")):
        lines = lines[:-1]  # half a rule may say more than the whole: "Disallow: /" of "Disallow: /in/"
    return Protego.parse("\n".join(_agent_line(line) for line in lines))


def _agent_line(line: str) -> str:
    """A User-agent line with our name, with * or with one name for everybody else; any other line as it is.

    protego binds us by a name that ours begins with (DIEM) and not by DiemBao/1.0, where RFC 9309 says the reverse. It also
    keeps a set of rules for each name, which thousands of names and rules in one file make too many.
    """
    found = _AGENT_LINE.match(line.partition("#")[0])
    if not found:
        return line
    told = found[1].strip()
    token = re.match(r"[A-Za-z_-]*", told)
    if token and token[0].lower() == ROBOT.lower():
        return f"User-agent: {ROBOT}"
    return f"User-agent: {told if told in ('*', '') else _SOMEBODY_ELSE}"
