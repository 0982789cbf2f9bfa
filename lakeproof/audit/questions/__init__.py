"""What is asked of the logs: one SQL text in Athena's dialect, for Athena itself and, through sqlglot, for DuckDB."""

from __future__ import annotations
