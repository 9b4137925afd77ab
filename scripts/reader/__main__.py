# SPDX-License-Identifier: MIT OR Apache-2.0
"""A second reader of the rollup: rebuilds its state from L1's data alone, by docs/spec, and checks every batch.

    python3 scripts/reader --l1 http://127.0.0.1:8545 --rollup 0x…
    python3 scripts/reader --selftest

Python 3.11 and its standard library; nothing of the implementation is used. Ends with 0 if all is as the specification
says, with 1 and the place of the first batch that is not, with 2 if L1 does not answer.
"""
import argparse
import sys

sys.dont_write_bytecode = True  # the tree stays as it is

import rpc
import selftest
from check import Checker
from records import Difference
from state import State


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--l1", metavar="URL", help="JSON-RPC of an L1 node, over HTTP")
    parser.add_argument("--rollup", metavar="ADDRESS", help="the rollup's contract")
    parser.add_argument("--from-block", type=int, default=0, metavar="N", help="block of the deployment, or one before")
    parser.add_argument("--flip", type=place, metavar="BATCH:STREAM:BYTE", help="read a byte wrongly, to see it found")
    parser.add_argument("--selftest", action="store_true", help="check the hashes, and the specification's vectors")
    given = parser.parse_args()
    if not given.selftest and not (given.l1 and given.rollup):
        parser.error("--l1 and --rollup, or --selftest")
    return given


def place(text):
    """A byte of a stream of a batch."""
    batch, stream, byte = text.split(":")
    if stream not in ("bridge", "rollup"):
        raise ValueError(stream)
    return int(batch), stream, int(byte)


def flip(commit, stream, byte):
    """Changes the lowest bit of one byte of a stream."""
    data = bytearray(getattr(commit, stream))
    if byte >= len(data):
        raise Difference(f"--flip: the {stream} stream has {len(data)} bytes")
    data[byte] ^= 1
    setattr(commit, stream, bytes(data))


def read(given):
    """Checks all batches; gives whether they are as they should be."""
    l1 = rpc.L1(given.l1, given.rollup, given.from_block)
    state = State()
    queue, batches, exits = l1.events()
    checker = Checker(l1, queue, state)
    committed, proven = (l1.call(f"{name}()")[0] for name in ("committedBatches", "provenBatches"))
    flipped = given.flip or [None]
    roots = {0: checker.root}
    for number in range(1, committed + 1):
        if number in exits:  # they leave the state as it is
            roots[number] = checker.root
            print(f"batch {number}: exits, whose payments are not checked")
            continue
        try:
            if number not in batches:
                raise Difference("there is no event of its commit; does --from-block come after it?")
            commit = l1.commit(batches[number])
            if number == flipped[0]:
                flip(commit, *flipped[1:])
            differences, line = checker.check(number, commit)
        except Difference as difference:
            differences = [str(difference)]
        if differences:
            print(f"batch {number}: WRONG")
            for difference in differences:
                print(f"  {difference}")
            return False
        roots[number] = checker.root
        print(f"batch {number}: {line}{'' if number <= proven else ', not proven yet'}", flush=True)
    ends = {
        "domain": checker.domain,
        "committedRoot": roots[committed],
        "stateRoot": roots[proven],
        "committedOperations": checker.next_operation,
        "committedTime": checker.time,
    }
    on_l1 = {name: l1.call(f"{name}()")[0] for name in ends}
    for name in ends:
        if on_l1[name] != ends[name]:
            print(f"{name}: WRONG: L1 has {on_l1[name]:#x}, by the specification it is {ends[name]:#x}")
    accounts = len(state.accounts)
    print(f"{committed} batches, {proven} of them proven, {accounts} accounts, stateRoot {on_l1['stateRoot']:#066x}")
    return on_l1 == ends


def main():
    given = arguments()
    if given.selftest:
        return selftest.run()
    try:
        return 0 if read(given) else 1
    except rpc.L1Error as error:
        print(f"L1: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
