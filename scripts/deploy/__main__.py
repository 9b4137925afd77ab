"""scripts/check-deploy [--self-test]"""
import os
import sys
import time
from pathlib import Path

import commands
import kubernetes
import machines
import metrics
import selftest

ROOT = Path(__file__).resolve().parent.parent.parent
CHECKS = {
    "containers": machines.containers,
    "compose": machines.compose,
    "edge": machines.edge,
    "kubernetes": kubernetes.check,
    "systemd": machines.systemd,
    "metrics": metrics.check,
    "documents": machines.documents,
}


def main(arguments):
    if arguments not in ([], ["--self-test"]):
        sys.exit("usage: scripts/check-deploy [--self-test]")
    program = commands.Program(os.environ.get("ASHLAR"))
    for note in commands.notes(program):
        print(f"check-deploy: note: {note}", file=sys.stderr)
    if arguments:
        sys.exit(selftest.run(ROOT, CHECKS))
    start = time.monotonic()
    problems = [problem for check in CHECKS.values() for problem in selftest.checked(check, ROOT, program)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(f"check-deploy: {len(problems)} found")
    print(f"check-deploy: {', '.join(CHECKS)}: all good ({time.monotonic() - start:.0f} s)")


main(sys.argv[1:])
