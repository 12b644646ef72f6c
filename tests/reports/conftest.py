"""The browser, for tests that look at pages."""

from tests.browsing import browser

__all__ = ["browser"]
