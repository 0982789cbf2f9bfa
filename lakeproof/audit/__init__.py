"""Ties the trail to the ledger: where events come from, what they say, and whose query each one was.

source (lookup) → normalised events (events) → correlation (correlate, facts) → attribution per query id
"""

from __future__ import annotations
