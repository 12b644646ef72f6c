"""One spelling for each article's address."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import courlan

_LONGEST = 2000  # characters; longer addresses are traps, not articles


class Rule(NamedTuple):
    """One way in which two addresses of the same article differ."""

    part: Literal["address", "host", "path", "query", "parameter"]
    pattern: str  # of a parameter: the whole 'name=value'; elsewhere: what is replaced; capitals do not matter
    becomes: str  # shorter than what it replaces; a parameter goes
    why: str


# A parameter goes only where its name or value can mean nothing else: to keep a tracker costs a page asked twice, which its
# canonical address then joins; to drop an article's number would make two articles one. courlan's own list is not used for
# this reason: it drops whatever has 'cid', 'uid', 'ga' or 'source' in its name.
RULES = (
    # 'address' rules see host and path together; the inner address is a host name, so it can only be http or https.
    Rule(
        "address", r"^(?:www\.)?google\.(?:com?\.)?[a-z]{2,3}/amp/(?:s/)?(?=[\w-]+(?:\.[\w-]+)+/.)", "",
        "Google's copy of an AMP page names the page in its path",
    ),
    Rule(
        "address", r"^[\w-]+\.(?:cdn\.ampproject\.org|bing-amp\.com)/\w{1,2}/(?:s/)?(?=[\w-]+(?:\.[\w-]+)+/.)", "",
        "so do the AMP caches",
    ),
    Rule("host", r"\.(?=:|$)", "", "the dot that ends every full host name is rarely written"),
    Rule("host", r"^www\.(?=[^.]+\.)", "", "papers answer with and without www"),
    Rule("host", r"^(?:m|mobile|amp)\.(?=[^.]+\.)", "", "the same pages, laid out for telephones"),
    Rule("path", r"%3Bjsessionid=[^/]*", "", "a Java portal writes the visitor's session into its links"),
    Rule("path", r"^/amp(?=/[^/])", "", "AMP pages in a folder of their own"),
    Rule("path", r"(?<=[^/])/amp$", "", "AMP pages below the article's address"),
    Rule("path", r"(?<=[^/])\.amp(?=\.\w+$|$)", "", "AMP pages by their ending: .amp, .amp.html, .html.amp"),
    Rule(
        "path", r"(\d{5}|\.html?|\.aspx)/print$", r"\1",
        "print views, where what stands before is surely an article's address",
    ),
    Rule("query", r"(?:(?<=&)|^)(?:amp(?:;|%3B))+", "", "feeds that escape '&' twice"),
    Rule("parameter", r"(?:utm|itm|mtm|hsa)_[^=]*=.*", "", "campaigns: analytics programs"),
    Rule(
        "parameter", r"(?:pk|piwik|matomo|at|vn)_(?:source|medium|campaign|content|term|keyword|kwd|thumb|custom\d)=.*", "",
        "campaigns: Matomo, AT Internet, VnExpress",
    ),
    Rule("parameter", r"(?:mc_(?:cid|eid)|mkt_tok|vero_id|oly_(?:anon|enc)_id|xtor)=.*", "", "campaigns: mail"),
    Rule(
        "parameter", r"(?:fbclid|igsh(?:id)?|twclid|ttclid|li_fat_id|__twitter_impression|ref_(?:src|url))=.*", "",
        "clicks: social networks",
    ),
    Rule("parameter", r"fb_(?:action_ids|action_types|source|ref|comment_id)=.*", "", "clicks: Facebook, as it was"),
    Rule(
        "parameter", r"(?:[gd]clid|gclsrc|[gw]braid|msclkid|ys?clid|_g[al])=.*", "", "clicks: search engines and their ads"
    ),
    Rule("parameter", r"(?:gidzl|zarsrc|zalo)=.*", "", "clicks: Zalo"),
    Rule(
        "parameter",
        r"(?:ref|refsrc|referr?er|source|src|from|via|medium|campaign)="
        r"(?:rss|feed|atom|sitemap|fb|facebook|zalo|twitter|telegram|viber|youtube|tiktok|coccoc|google|googlenews|gnews|bing"
        r"|newsletter|e?mail|share|social|home|homepage|trang-?chu|app|mobile)?", "",
        "where the reader came from: names that may carry more, with values that say no more",
    ),
    Rule("parameter", r"(?:phpsessid|jsessionid|aspsessionid[a-z]*)=.*", "", "the visitor's session"),
    Rule("parameter", r"_?(?:is_?)?amp=(?:1|true|y|yes|amp)?", "", "AMP pages by a switch"),
    Rule("parameter", r"(?:outputtype|amp-content|output|view|format)=amp", "", "AMP pages by a choice"),
    Rule("parameter", r"(?:amp_(?:js_v|gsa|tf|ct)|usqp)=.*", "", "added by AMP caches and viewers"),
    Rule("parameter", r"(?:is_?)?print(?:able)?=(?:1|true|y|yes)?", "", "print views by a switch"),
    Rule("parameter", r"(?:output|view|format|mode|layout)=print(?:able)?", "", "print views by a choice"),
    Rule("parameter", r"(?:is_?)?mobile=(?:1|true|y|yes)", "", "pages for telephones by a switch"),
)  # fmt: skip
_Compiled = tuple[tuple[re.Pattern[str], str], ...]


def _compiled(part: str) -> _Compiled:
    return tuple((re.compile(rule.pattern, re.I), rule.becomes) for rule in RULES if rule.part == part)


_ADDRESS, _HOST, _PATH, _QUERY, _PARAMETER = map(_compiled, ("address", "host", "path", "query", "parameter"))
_ESCAPE = re.compile(r"%[0-9a-f]{2}", re.I)


def absolute(base: str, href: str) -> str:
    """The absolute http(s) URL of a link, without fragment; empty where it is none (an empty link is not its page)."""
    if not href.strip() or len(href) > _LONGEST:
        return ""
    try:
        url = urljoin(base, href.strip())
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            return ""
        _ = parts.port  # a port out of range raises here
        return parts._replace(fragment="").geturl()
    except ValueError:
        return ""


def url_key(url: str) -> str:
    """What makes two links the same article: no scheme, no fragment, parameters in order, no trailing slash, and what RULES say.

    courlan sees to letter case, default ports, international names and characters to be escaped.
    """
    try:
        parts = urlsplit(url)
        plain = urlsplit(courlan.normalize_url(parts._replace(query="", fragment=""), trailing_slash=False))
    except ValueError:
        return url
    host, path = plain.netloc.lower(), _ESCAPE.sub(lambda escape: escape[0].upper(), plain.path.rstrip("/"))
    before = ""
    while f"{host}{path}" != before:  # what one rule leaves may be another's; each makes it shorter
        before = f"{host}{path}"
        host, slash, rest = _applied(_ADDRESS, before).partition("/")
        host, path = _applied(_HOST, host.lower()), _applied(_PATH, slash + rest).rstrip("/")
    query = _query(_applied(_QUERY, parts.query))
    return f"{host}{path}{'?' + query if query else ''}"


def _applied(rules: _Compiled, part: str) -> str:
    for pattern, becomes in rules:
        part = pattern.sub(becomes, part)
    return part


def _query(query: str) -> str:
    """The parameters that say which article is meant, by name; those of one name stay in their order."""
    # Bytes that are no UTF-8 go through as they are: replaced, two of them would be one.
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    kept = [pair for pair in pairs if not any(rule.fullmatch("=".join(pair)) for rule, _ in _PARAMETER)]
    return urlencode(sorted(kept, key=lambda pair: pair[0]), errors="surrogateescape")
