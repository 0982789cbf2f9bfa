"""CloudTrail log files: where they lie, what is in them, and the copy that a second question is answered from."""

from __future__ import annotations
