"""Run every notebook on the snapshot named by DIEMBAO_SNAPSHOT (default: the demonstration's) and fail where one fails."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from rich.console import Console

HERE = Path(__file__).parent


def main() -> None:
    """Execute the notebooks in order; what they show is thrown away, an error is not."""
    os.environ.setdefault("DIEMBAO_SNAPSHOT", str(HERE.parent / "data" / "demo" / "snapshot.duckdb"))
    for path in sorted(HERE.glob("*.ipynb")):
        Console(stderr=True).print(path.name)
        NotebookClient(
            nbformat.read(path, as_version=4),
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(HERE)}},
        ).execute()


if __name__ == "__main__":
    main()
