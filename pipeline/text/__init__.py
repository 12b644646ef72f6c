"""From a fetched page to Vietnamese words: pure functions, no network, no store."""
