"""One attempt by one identity: run it, classify what came of it, write it down."""

from __future__ import annotations
