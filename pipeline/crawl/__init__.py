"""The network edge: sources, polite fetching, feeds, sitemaps, listing pages, and the archive of what came."""
