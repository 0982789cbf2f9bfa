"""``lakeproof evidence``: verify a bundle, tell how to do its run again, export it, sign it, make a key.

Exit codes: 0 fine, 1 the bundle is not what it should be or something changed that the plan does not say, 2 it cannot
be judged (no bundle, no key, wrong usage).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from lakeproof.evidence import keys
from lakeproof.evidence.baseline.compare import Comparison, compare
from lakeproof.evidence.baseline.snapshot import comparable, opened
from lakeproof.evidence.baseline.views import as_document, as_page, as_text
from lakeproof.evidence.bundle import sign
from lakeproof.evidence.export import FORMATS, export
from lakeproof.evidence.files import EvidenceError, canonical
from lakeproof.evidence.reperform import commands
from lakeproof.evidence.verify import Verification, verify

FINE, ALTERED, USAGE = 0, 1, 2
FORMS: Mapping[str, Callable[[Comparison], str]] = {
    "text": as_text,
    "json": lambda found: canonical(as_document(found)).decode(),
    "html": as_page,
}


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's verbs and their arguments."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    checks = _verb(verbs, "verify", "name every file that was altered, added or removed", _verify)
    checks.add_argument("--key", type=Path, metavar="PUB", help="the public key that must have signed it")
    _verb(verbs, "reperform", "print the commands that do the run again", _reperform)
    compares = verbs.add_parser("compare", help="say what changed from one bundle to a later one of the same plan")
    compares.add_argument("before", type=Path, metavar="BASELINE", help="the earlier bundle")
    compares.add_argument("after", type=Path, metavar="PATH", help="the later bundle")
    compares.add_argument("--format", choices=FORMS, default="text", help="text (the default), json or html")
    compares.set_defaults(run=_told(_compare))
    exports = _verb(verbs, "export", "write its verdicts in a format of others", _export)
    exports.add_argument("--format", choices=FORMATS, required=True, help="which format")
    exports.add_argument("--out", type=Path, metavar="DIR", help="where to; build/exports/RUN if left out")
    signs = _verb(verbs, "sign", "sign a bundle that is as it was written", _sign)
    signs.add_argument("--key", type=Path, required=True, metavar="KEY", help="a private Ed25519 key")
    makes = verbs.add_parser("key", help="make an Ed25519 key pair: KEY, for you alone, and KEY.pub")
    makes.add_argument("path", type=Path, metavar="KEY")
    makes.set_defaults(run=_told(_key))


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    what: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=what)
    parser.add_argument("path", type=Path, metavar="PATH", help="the bundle: build/evidence/RUN")
    parser.set_defaults(run=_told(run))
    return parser


def _told(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    def running(chosen: argparse.Namespace) -> int:
        try:
            return run(chosen)
        except EvidenceError as error:
            print(f"lakeproof evidence: {error}", file=sys.stderr)
            return USAGE

    return running


def _verify(chosen: argparse.Namespace) -> int:
    found = verify(chosen.path, keys.public_key(chosen.key) if chosen.key else None)
    for problem in found.problems:
        print(problem, file=sys.stderr)
    if found.problems:
        print(f"{chosen.path}: NOT as it was written: {len(found.problems)} problem(s)", file=sys.stderr)
        return ALTERED
    print(f"{chosen.path}: run {found.run_id}, {found.files} files, each as it was written")
    print(_signature(found))
    return FINE


def _signature(found: Verification) -> str:
    if found.trusted:
        return f"signed by the key that was given, {found.signer}"
    if found.signer:
        return f"signed by {found.signer}; whose key that is was NOT checked: give it by --key"
    return "UNSIGNED: damage shows, but whoever can write the bundle can write another one"


def _reperform(chosen: argparse.Namespace) -> int:
    print("\n".join(commands(chosen.path)))
    return FINE


def _compare(chosen: argparse.Namespace) -> int:
    before, after = opened(chosen.before), opened(chosen.after)
    comparable(before, after.plan.name, after.account, after.region)
    found = compare(before, after)
    print(FORMS[chosen.format](found), end="")
    return ALTERED if found.unplanned else FINE


def _export(chosen: argparse.Namespace) -> int:
    print("\n".join(map(str, export(chosen.path, chosen.format, chosen.out))))
    return FINE


def _sign(chosen: argparse.Namespace) -> int:
    print(f"{chosen.path}: signed by {sign(chosen.path, keys.private_key(chosen.key))}")
    return FINE


def _key(chosen: argparse.Namespace) -> int:
    public = chosen.path.with_name(f"{chosen.path.name}.pub")
    print(f"{chosen.path}, {public}: key {keys.generate(chosen.path, public)}")
    return FINE
