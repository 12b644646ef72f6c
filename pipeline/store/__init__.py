"""The only SQL and the only DuckDB. One process owns the file; everyone else reads the snapshot."""
