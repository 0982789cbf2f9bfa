"""The evaluator beside its naive twin, on generated requests.

``make test`` asks them some 5,000 requests (test_twin.py). For more, with the seed that is printed:

    .venv/bin/python -m tests.iam.twin --requests 100000 --seed 20260301

It prints how many requests were asked, with which verdicts, and every difference it kept; the exit code is 1 if the
two ever differ. Every difference is settled from AWS's documentation: docs/iam-fidelity.md.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from localaws.iam.decision import Decision, decide
from localaws.iam.document import Kind, compiled
from localaws.iam.evaluator import Attached, Policies, PolicyType, Request
from localaws.iam.principals import Requester
from tests.iam import naive
from tests.iam.strategies import Caller, Json, batches

KEPT = 20
"""Differences that are kept to be shown, one for each batch; all are counted."""
BATCHES = 100
"""Batches that Hypothesis draws at a time."""
PART = 3
"""One in so many requests of a batch is asked, so that more policies get to decide."""
ALL = list(HealthCheck)
Batch = tuple[Caller, list[Json], Json]


@dataclass
class Comparison:
    """``verdicts`` counts the naive evaluator's answers to pairwise distinct requests.

    ``differences`` has the first requests on which the two part.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    different: int = 0
    differences: list[str] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)

    def ask(self, batch: Batch, most: int | None = None) -> None:
        """Ask both about those requests of a batch that are new, ``most`` in all."""
        _, requests, policies = batch
        in_force, around, shown = read_policies(policies), json.dumps(policies), False
        for request in requests:
            key = hash((json.dumps(request), around))
            if key in self.asked or self.verdicts.total() == most:
                continue
            self.asked.add(key)
            expected = naive.decide(request, policies)
            made = decide(read_request(request, policies), in_force)
            self.verdicts[expected] += 1
            if made.kind != expected or made.faults:
                self.different += 1
                if not shown and len(self.differences) < KEPT:
                    shown = True
                    self.differences.append(difference(request, policies, expected, made))


def difference(request: Json, policies: Json, expected: str, made: Decision) -> str:
    """One difference, with all that is needed to look at it."""
    asked = json.dumps({"request": request, "policies": policies}, indent=1)
    return f"naive: {expected}; evaluator: {made.kind} {' '.join(made.faults)}\n{made.explain().text()}\n{asked}"


def read_request(request: Json, policies: Json) -> Request:
    """A generated request as the evaluator takes it.

    A caller is named by its ARNs here, not looked up; keys that an account would fill in by itself stay absent.
    Whether the resource's own policy must allow is the caller's to know (Authorizer.assume_role_decision).
    """
    values = {key.lower(): (v,) if isinstance(v, str) else tuple(v) for key, v in request["context"].items()}
    action, resource = request["action"], request["resource"]
    trust_required = (action[:4], ":role/" in resource) == ("sts:", True) or action.startswith("kms:")
    who = requester(request, bool(policies.get("boundary")))
    return Request(who, action, resource, request["resource_account"], values.get, trust_required)


def requester(request: Json, bounded: bool) -> Requester:
    """Who asks."""
    arn: str = request["principal"]
    if not arn.startswith("arn:"):
        return Requester("service", arn, "")
    account, unique_id = arn.split(":")[4], request["context"].get("aws:userid", "")
    if ":user/" in arn:
        return Requester("user", arn, account, unique_id, bounded=bounded)
    return Requester("role", arn, account, unique_id, request["context"]["aws:PrincipalArn"], bounded)


def read_policies(policies: Mapping[str, Any]) -> Policies:
    """Generated policies as the evaluator takes them."""
    resource = policies.get("resource")
    trust = resource is not None and not any(
        "Resource" in statement or "NotResource" in statement for statement in naive.listed(resource["Statement"])
    )
    return Policies(
        identity=attached(policies.get("identity") or [], "identity"),
        resource=attached([resource], "resource", "trust" if trust else "resource") if resource else (),
        boundary=attached(policies["boundary"], "boundary") if policies.get("boundary") else None,
        session=attached(policies["session"], "session") if policies.get("session") else None,
        scp=tuple(attached(level["policies"], "scp", "scp") for level in policies.get("scp") or []),
        rcp=tuple(one for level in policies.get("rcp") or [] for one in attached(level["policies"], "rcp", "rcp")),
    )


def attached(documents: Sequence[Json], type_: PolicyType, grammar: Kind = "identity") -> tuple[Attached, ...]:
    """Documents in force, in the order given."""
    texts = [json.dumps(document) for document in documents]
    return tuple(Attached(compiled(text, grammar), type_, f"{type_} {n}") for n, text in enumerate(texts, 1))


def drawn(first_seed: int) -> Iterator[list[Batch]]:
    """Batches without end, ``BATCHES`` at a time, the same for the same seed."""
    found: list[Batch] = []

    @settings(max_examples=BATCHES, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=ALL)
    @given(batches())
    def draw(batch: Batch) -> None:
        found.append(batch)

    for number in count():
        found.clear()
        seed(f"{first_seed}, {number}")(draw)()
        yield found


def compare(requests: int, first_seed: int, *, to_the_end: bool = True) -> Comparison:
    """Ask both evaluators this many requests, or not ``to_the_end``: until they differ."""
    comparison = Comparison()
    for found in drawn(first_seed):
        for number, (caller, asked, policies) in enumerate(found):
            comparison.ask((caller, asked[number % PART :: PART], policies), requests)
            if comparison.verdicts.total() == requests or (comparison.different and not to_the_end):
                return comparison
    raise AssertionError("the batches have no end")


def main(arguments: list[str]) -> int:
    """Compare, and print what came of it. Returns 1 if the two differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.iam.twin", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="printed, to run the same again")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    comparison = compare(options.requests, options.seed)
    for text in comparison.differences:
        print(f"{text}\n")
    said = ", ".join(f"{verdict} {count:,}" for verdict, count in sorted(comparison.verdicts.items()))
    total = comparison.verdicts.total()
    differ = comparison.different
    print(f"{total:,} pairwise distinct requests ({said}): {total - differ:,} agree, {differ:,} differ")
    return 1 if comparison.different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
