"""Faults on purpose: what goes wrong on AWS, drawn from a seed, so that a run can be repeated with the same misfortune.

Nothing here knows a service from the inside: the edge, the authorizer and the services ask ``account.faults`` at the
few places where AWS may be late, busy or silent.
"""

from localaws.faults.injector import Faults
from localaws.faults.profile import Profile, choose, profiles

__all__ = ["Faults", "Profile", "choose", "profiles"]
