"""``python -m localaws``: one embedded AWS account on one port of the loopback interface.

When ready it prints one line of JSON on standard output. It ends on SIGTERM, SIGINT, and when its standard input
closes, so that no account outlives the process that started it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from localaws.faults import Profile, choose
from localaws.isolation import isolate_environment


def main(arguments: list[str] | None = None) -> int:
    """Run an account until it is told to end. Returns only when it could not start: 1, with one line on stderr."""
    options = _options(arguments)
    isolate_environment()
    from localaws.account import Account
    from localaws.edge import respond
    from localaws.iam.guardrails import read_file
    from localaws.server import HOST, Server, port_is_taken

    try:
        scps = read_file(options.scp) if options.scp else ()
        server = Server(options.port, lambda request: respond(account, request))
        account = Account(
            options.account_id,
            options.region,
            trail_delay=options.trail_delay,
            digest_interval=options.digest_interval,
            scps=scps,
        )
    except (OSError, ValueError) as error:
        taken = isinstance(error, OSError) and port_is_taken(error)
        print(f"localaws: {f'port {options.port} is taken' if taken else error}", file=sys.stderr)
        return 1
    access_key_id, secret_access_key = account.create_administrator()
    account.faults.switch(options.fault)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _end())
    ready = {
        "endpoint_url": f"http://{HOST}:{server.server_port}",
        "region": account.region,
        "account_id": account.account_id,
        "access_key_id": access_key_id,
        "secret_access_key": secret_access_key,
    }
    gc.collect()
    gc.freeze()  # modules and service models stay: the collector need not visit them after each request
    gc.set_threshold(20_000, 20, 50)
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    print(json.dumps(ready), flush=True)
    _wait_for_end_of_input()
    return _end()


def _wait_for_end_of_input() -> None:
    """Return when standard input closes. A process started without one ends at once."""
    try:
        while os.read(0, 4096):
            continue
    except OSError:
        return


def _end() -> NoReturn:
    """End at once, whatever the other threads are doing: nothing of an account outlives its process."""
    os._exit(0)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m localaws", description="An embedded AWS account that enforces.")
    parser.add_argument("--port", type=_port, default=0, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--region", type=_region, default="us-east-1")
    parser.add_argument("--account-id", type=_account_id, default="123456789012")
    parser.add_argument(
        "--trail-delay",
        type=_seconds,
        default=0.2,
        metavar="S",
        help="seconds from a call until LookupEvents and log files show it (default: %(default)s)",
    )
    parser.add_argument(
        "--digest-interval",
        type=_whole_seconds,
        default=3600,
        metavar="S",
        help="seconds from one digest file of a trail to the next (default: %(default)s)",
    )
    parser.add_argument(
        "--fault",
        type=_fault,
        metavar="PROFILE[:SEED]",
        help="go wrong on purpose as AWS may, drawn from a seed: see docs/faults.md; as hostile:7",
    )
    parser.add_argument(
        "--scp",
        type=Path,
        metavar="FILE",
        help="service and resource control policies in force: one policy document, or a list of them, as JSON",
    )
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a TCP port")
    return int(text)


def _region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2}-[a-z]+-\d", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a region of the partition aws")
    return text


def _account_id(text: str) -> str:
    if not re.fullmatch(r"\d{12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an account id: twelve digits")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _whole_seconds(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 86400):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds from 1 to 86400")
    return int(text)


def _fault(text: str) -> Profile:
    try:
        return choose(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
