"""``make bench``: runs every benchmark and prints one table."""

from __future__ import annotations

import sys

from tests.bench import edge, iam, signoff

BENCHMARKS = {"signoff": signoff.rows, "iam": iam.rows, "edge": edge.rows}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all. Returns 0, or 2 for a name that is not there."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        for what, figure in BENCHMARKS[name]():
            print(f"{what:80} {figure:>12}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
