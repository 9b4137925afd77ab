# SPDX-License-Identifier: MIT OR Apache-2.0
"""Known answers: of the two hashes, and of the statement (`verifier-contracts/test/vectors`)."""
import json
from pathlib import Path

import records
import statement
from keccak import keccak256
from poseidon import P, WIDTH, ZERO, hash_elements, permute, two_to_one
from state import Account, State

VECTORS = Path(__file__).parent / "../../verifier-contracts/test/vectors/batches.json"
# First element of the permuted state: plonky2's own vectors, of the reference implementation (hadeshash).
PERMUTED = [
    ([0] * WIDTH, 0x3C18A9786CB0B359, 0x1792B1C4342109D7),
    (list(range(WIDTH)), 0xD64E1E3EFC5B8E9E, 0x5C0A27FCB0E1459B),
    ([P - 1] * WIDTH, 0xBE0085CFC57A8357, 0xE28E96F1AE5E60D3),
]
KECCAK = [
    (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
    (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    (b"a" * 136, "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e"),
]


def run():
    """Prints what is wrong; gives the exit code."""
    checks = {**_hashes(), **_state(), **_statement()}
    for name, holds in checks.items():
        if not holds:
            print(f"{name}: WRONG")
    print(f"{sum(checks.values())} of {len(checks)} checks hold")
    return 0 if all(checks.values()) else 1


def _hashes():
    checks = {}
    for number, (state, first, last) in enumerate(PERMUTED):
        permuted = permute(state)
        checks[f"Poseidon, vector {number}"] = (permuted[0], permuted[-1]) == (first, last)
    for message, digest in KECCAK:
        checks[f"Keccak-256 of {len(message)} bytes"] = keccak256(message).hex() == digest
    elements = list(range(16))
    checks["two blocks are not one"] = hash_elements(1, elements) != hash_elements(1, elements[:8])
    checks["roles differ"] = two_to_one(1, ZERO, ZERO) != two_to_one(2, ZERO, ZERO)
    return checks


def _state():
    """The same leaves give the same root, in whatever order they came."""
    roots = set()
    for order in ([3, 2**28 - 1, 2], [2, 3, 2**28 - 1]):
        state = State()
        for index in order:
            state.accounts[index] = Account(bytes([index % 251]) * 20, (index, 0, 0, 0))
            state.accounts[index].balances[index % 256] = 5
            state.hash({index})
        roots.add(state.root())
    return {"root of three accounts": len(roots) == 1}


def _statement():
    checks = {}
    for vector in json.loads(VECTORS.read_text())["batches"] if VECTORS.exists() else []:
        bridge, rollup = (bytes.fromhex(vector[name][2:]) for name in ("bridge", "rollup"))
        number = {name: int(vector[name]) for name in ("chain_id", "number", "fee_account", "time")}
        names = "old_root", "new_root", "data_hash"
        digest = {name: statement.word_of_hash(map(int, vector[name])) for name in names}
        rollup_address = bytes.fromhex(vector["rollup_address"][2:])
        z = statement.evaluation_point(
            number["chain_id"], rollup_address, number["number"], digest["data_hash"], bridge, rollup
        )
        paid = records.withdrawals(records.parse_bridge(bridge))
        header = statement.Header(
            number=number["number"],
            first_operation=0,
            withdrawal_count=len(paid),
            fee_account=number["fee_account"],
            time=number["time"],
            previous_time=0,
            bridge_words=len(bridge) // 7,
            rollup_words=len(rollup) // 7,
            **digest,
            z=z,
            bridge_eval=statement.evaluate(bridge, z),
            rollup_eval=statement.evaluate(rollup, z),
            withdrawals_root=int.from_bytes(records.withdrawals_root(paid), "big"),
        )
        domain = statement.domain(number["chain_id"], rollup_address)
        name = f"batch `{vector['name']}`"
        inputs = [int(element) for element in vector["public_inputs"]]
        checks[f"{name}: public inputs"] = statement.public_inputs(header, domain) == inputs
        checks[f"{name}: instances"] = statement.instances(header, domain) == [
            int(instance, 0) for instance in vector["instances"]
        ]
        checks[f"{name}: withdrawals root"] = header.withdrawals_root == int(vector["withdrawals_root"], 16)
    return checks
