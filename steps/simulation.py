"""The twin of what is only simulated: the same simulator allows it to a policy that allows everything."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fixtures.people import People
from lakeproof.evidence.verdicts import EvidenceNotObtained
from lakeproof.probes.probe import Prober
from steps import judge

A_CALL = 400
"""So many actions are simulated in one call."""
ADMINISTRATOR = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
"""What AWS's managed policy AdministratorAccess says."""


def allowed_to_an_administrator(actions: Sequence[str], people: People, prober: Prober) -> None:
    """Raises EvidenceNotObtained if the simulator refuses any of the actions to everybody: then a refusal that it tells
    of proves nothing."""
    may: set[str] = set()
    for start in range(0, len(actions), A_CALL):
        attempt = prober.call(
            people.harness(),
            "iam",
            "SimulateCustomPolicy",
            PolicyInputList=[ADMINISTRATOR],
            ActionNames=list(dict.fromkeys(actions[start : start + A_CALL])),
            MaxItems=1000,
        )
        answer = judge.allowed(attempt, "the harness may simulate policies").response
        may |= {each["EvalActionName"] for each in answer["EvaluationResults"] if each["EvalDecision"] == "allowed"}
    if refused := sorted(set(actions) - may):
        raise EvidenceNotObtained(
            "the simulator allows all of it to an administrator",
            f"refused: {', '.join(refused)}",
            likely="the simulator does not know these actions, and refuses them to everybody",
        )
