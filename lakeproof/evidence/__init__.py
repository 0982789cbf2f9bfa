"""What an auditor receives: verdicts and exit codes, redaction, and what the report shows of them."""

from __future__ import annotations
