"""``make bench``: runs every benchmark and prints one table."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from tests.bench import audit, clients, edge, evidence, history, iam, load, signoff, walls


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all. Returns 0, or 2 for a name that is not there."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the large table of walls")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000], help="sizes of audited logs")
    given = parser.parse_args(arguments)
    benchmarks = {
        "signoff": signoff.rows,
        "iam": iam.rows,
        "edge": edge.rows,
        "history": history.rows,
        "audit": partial(audit.rows, given.events),
        "clients": clients.rows,
        "load": load.rows,
        "evidence": evidence.rows,
        "walls": partial(walls.rows, given.rows),
    }
    unknown = sorted(set(given.names) - set(benchmarks))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(benchmarks)}", file=sys.stderr)
        return 2
    for name in given.names or benchmarks:
        for what, figure in benchmarks[name]():
            print(f"{what:90} {figure:>12}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
