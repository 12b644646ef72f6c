"""One spelling for each article's address."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import courlan

_LONGEST = 2000  # characters; longer addresses are traps, not articles
# Added by Vietnamese portals and messengers; courlan knows the international ones.
_LOCAL_TRACKERS = frozenset({"gidzl", "zarsrc", "zalo", "vn_source", "vn_campaign", "vn_medium", "vn_term", "vn_thumb"})


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
    """What makes two links the same article: no scheme, no 'www.', no trackers, parameters in order, no trailing slash."""
    try:
        parts = urlsplit(courlan.normalize_url(url, strict=False, trailing_slash=False))
    except ValueError:
        return url
    query = urlencode(
        [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in _LOCAL_TRACKERS]
    )
    host = parts.netloc.lower().removeprefix("www.")
    return f"{host}{parts.path.rstrip('/')}{'?' + query if query else ''}"
