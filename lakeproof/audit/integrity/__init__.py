"""Whether log files are as CloudTrail delivered them: digests, their signatures, their chain, and what they list.

Verified here and not by awscli's validate-logs, which does not see a log file that no digest lists, nor digests that
were deleted from the end of the chain, and does not hold a digest against its successor's hash of it.
"""

from __future__ import annotations
