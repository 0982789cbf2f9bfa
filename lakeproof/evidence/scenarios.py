"""What a scenario is to the evidence: its name, what it is about, and the controls that it speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scenario:
    """One planned scenario. ``id`` is pytest's node id, the same in every run of the same plan.

    ``title`` is what it says with its row filled in; ``outline`` is the sentence with its ``<placeholders>``, equal to
    ``title`` where there are none. ``values`` is the row: ``person``, ``table``, ``column`` and what else it has.
    """

    id: str
    feature: str
    title: str
    outline: str
    controls: tuple[str, ...] = ()
    severity: str = "normal"
    values: Mapping[str, str] = field(default_factory=dict, hash=False)

    def facts(self) -> dict[str, object]:
        """Everything about it, as ``verdicts.json`` has it."""
        return {
            "id": self.id,
            "feature": self.feature,
            "title": self.title,
            "outline": self.outline,
            "controls": list(self.controls),
            "severity": self.severity,
            "values": dict(self.values),
        }
