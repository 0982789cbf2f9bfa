"""Makes a plan true in an account, and undoes it. Speaks AWS's API and nothing else."""

from provision.create import create
from provision.destroy import Residue, destroy
from provision.estate import ControlReaderEstate, Estate, PersonEstate
from provision.journal import Journal, JournalError, new_run_id
from provision.site import ProvisionError

__all__ = [
    "ControlReaderEstate",
    "Estate",
    "Journal",
    "JournalError",
    "PersonEstate",
    "ProvisionError",
    "Residue",
    "create",
    "destroy",
    "new_run_id",
]
