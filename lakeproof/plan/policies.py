"""The policy files of a plan: read, and checked as far as JSON and placeholders go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

from lakeproof.plan import names
from lakeproof.plan.document import Document
from lakeproof.plan.problems import Path, Problem, cut, likely, said
from lakeproof.plan.shape import part

IDENTITY = ("account", "region", "run", "database", "lake_bucket", "results_bucket")
"""Placeholders of any policy file."""
TRUST = (*IDENTITY, "harness", "external_id", "person", "user_id", "profile")
"""Placeholders of a trust policy."""
READER = (*IDENTITY, "workgroup", "results_prefix")
"""Placeholders of the control reader's policy."""
LOG_BUCKET = "log_bucket"
"""Placeholder of any policy file, if the plan has a trail."""

FILES: tuple[tuple[Path, tuple[str, ...]], ...] = (
    (("sign_in", "iam_user", "policy", "file"), IDENTITY),
    (("sign_in", "federated", "policy", "file"), IDENTITY),
    (("sign_in", "federated", "stand_in_trust"), TRUST),
    (("execution", "policy", "file"), IDENTITY),
    (("execution", "trust"), TRUST),
    (("studio", "default_execution_role", "trust"), TRUST),
    (("verification", "control_reader", "policy", "file"), READER),
    (("verification", "control_reader", "trust"), TRUST),
)


def texts(document: Document, folder: FilePath) -> tuple[dict[str, str], list[Problem]]:
    """The text of every policy file that the plan names, by the name it uses, and what is wrong with them."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    more = (LOG_BUCKET,) if part(document.data, "audit", "trail") in ("create", "adopt") else ()
    for where, allowed in FILES:
        name = part(document.data, *map(str, where))
        if not isinstance(name, str) or not name:
            continue
        path = folder / name
        try:
            found[name] = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            beside = sorted(item.name for item in path.parent.iterdir()) if path.parent.is_dir() else []
            problems.append(
                document.problem(
                    where,
                    "a policy file, relative to the plan",
                    f"no file {path}",
                    likely(path.name, beside, f"no such file in {path.parent}"),
                )
            )
            continue
        except (OSError, UnicodeDecodeError) as error:
            problems.append(document.problem(where, "a JSON file that can be read", str(error), "not a policy file"))
            continue
        problems += _wrong(document, where, path, found[name], (*allowed, *more))
    return found, problems


def _wrong(document: Document, where: Path, path: FilePath, text: str, allowed: tuple[str, ...]) -> Iterator[Problem]:
    try:
        policy: Any = json.loads(text)
    except json.JSONDecodeError as error:
        lines = text.splitlines()
        line = lines[error.lineno - 1].strip() if error.lineno <= len(lines) else "the end of the file"
        seen = f"{cut(repr(line))} ({error.msg})"
        yield Problem(str(path), error.lineno, (), "JSON", seen, _json_cause(lines, error))
        return
    if not isinstance(policy, dict) or not policy.get("Statement"):
        yield Problem(
            str(path),
            1,
            (),
            'a policy: {"Version": ..., "Statement": [...]}',
            said(policy),
            likely("Statement", list(policy) if isinstance(policy, dict) else [], "not an IAM policy"),
        )
        return
    if policy.get("Version") != "2012-10-17":
        yield Problem(
            str(path),
            1,
            ("Version",),
            '"Version": "2012-10-17"',
            said(policy.get("Version")),
            "left out or old: without it ${aws:...} variables are plain text (IAM user guide, Version)",
        )
    for number, line in enumerate(text.splitlines(), 1):
        for unknown in sorted(names.placeholders(line) - set(allowed)):
            cause = "no such placeholder in this file, or a '$' left out before it"
            if unknown == LOG_BUCKET:
                cause = "the plan has no trail, so no log bucket: say audit.trail: create, or leave the line out"
            yield Problem(
                str(path),
                number,
                (),
                f"one of the placeholders {', '.join(allowed)}",
                f"{{{unknown}}}",
                likely(unknown, allowed, cause) if unknown != LOG_BUCKET else cause,
            )


def _json_cause(lines: list[str], error: json.JSONDecodeError) -> str:
    before = next((line.rstrip() for line in reversed(lines[: error.lineno - 1]) if line.strip()), "")
    if error.msg.startswith("Expecting ',' delimiter"):
        return "a comma is missing, or a bracket not closed"
    if error.msg.startswith("Illegal trailing comma") or (error.msg.startswith("Expecting") and before.endswith(",")):
        return "a comma too many before a closing bracket"
    if error.msg.startswith("Expecting property name"):
        return "a comma too many, or single quotes instead of double quotes"
    if error.msg.startswith("Expecting value"):
        return "a value is missing, or a comment: JSON has none"
    return "something after the end, or a quotation mark out of place"
