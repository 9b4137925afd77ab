# SPDX-License-Identifier: MIT OR Apache-2.0
"""The state, and what records do to it: docs/spec/state.md and docs/spec/operations.md."""
from collections import defaultdict
from dataclasses import dataclass, field

import records as kinds
from poseidon import (
    ACCOUNT_HEAD,
    ACCOUNT_LEAF,
    ACCOUNT_NODE,
    BALANCE_NODE,
    ZERO,
    empty_subtree,
    hash_elements,
    two_to_one,
)
from records import Difference

ACCOUNT_DEPTH, TOKEN_DEPTH = 28, 8
BALANCE_LIMIT, NONCE_LIMIT = 2**62, 2**32


@dataclass
class Account:
    owner: bytes
    auth: tuple
    nonce: int = 0
    flags: int = 0
    balances: dict = field(default_factory=lambda: defaultdict(int))

    def leaf(self):
        """Its digest."""
        address = (self.owner[:7], self.owner[7:14], self.owner[14:])
        meta = [int.from_bytes(word, "big") for word in address] + [self.nonce | self.flags << 32]
        head = hash_elements(ACCOUNT_HEAD, [*self.auth, *meta])
        return two_to_one(ACCOUNT_LEAF, head, self._balances_root(TOKEN_DEPTH, 0))

    def _balances_root(self, height, index):
        first, last = index << height, (index + 1) << height
        held = [token for token, balance in self.balances.items() if balance and first <= token < last]
        if not held:
            return empty_subtree(BALANCE_NODE, height)
        if height == 0:
            return (self.balances[first], 0, 0, 0)
        below = [self._balances_root(height - 1, 2 * index + side) for side in (0, 1)]
        return two_to_one(BALANCE_NODE, *below)


class State:
    """Accounts and the tree over them."""

    def __init__(self):
        self.accounts = {}
        self._nodes = {}
        """Digests by level and index; what is not there is the root of an empty subtree."""

    def root(self):
        return self._node(ACCOUNT_DEPTH, 0)

    def _node(self, level, index):
        node = self._nodes.get((level, index))
        return empty_subtree(ACCOUNT_NODE, level) if node is None else node

    def hash(self, changed):
        """Brings the tree up to date with the accounts that have changed."""
        for index in changed:
            self._nodes[0, index] = self.accounts[index].leaf()
        for level in range(1, ACCOUNT_DEPTH + 1):
            changed = {index >> 1 for index in changed}
            for index in changed:
                below = [self._node(level - 1, 2 * index + side) for side in (0, 1)]
                self._nodes[level, index] = two_to_one(ACCOUNT_NODE, *below)

    def execute(self, bridge, rollup, fee_account):
        """Executes the records of a batch."""
        Batch(self, bridge, rollup, fee_account).execute()


class Batch:
    """One batch's records on a state.

    In which order the records of one stream stand between those of the other is not public, and where fees are credited
    is not, either. What the state is at the end does not depend on it; what an account can hold in between does, and is
    known within bounds: all that it may still receive, or none of it.
    """

    def __init__(self, state, bridge, rollup, fee_account):
        self.accounts, self.state = state.accounts, state
        self.bridge, self.rollup, self.fee_account = bridge, rollup, fee_account
        self.fees = defaultdict(int)
        self.credits, self.debits = defaultdict(int), defaultdict(int)
        """Of the records whose place is not known, by account and token."""
        self.has_signer = {index for index, account in self.accounts.items() if account.auth != ZERO}
        """Accounts for which anything signs at some time in the batch."""
        self.changed = set()

    def execute(self):
        for record in self.rollup:
            self.debits[record.account, record.token] += record.amount + record.fee
            self.credits[record.to, record.token] += record.amount
        for record in [*self.bridge, *self.rollup]:
            if record.fee:
                self.credits[self.fee_account, record.token] += record.fee
                self.fees[record.token] += record.fee
        for record in self.bridge:
            self._bridge_record(record)
        for record in self.rollup:
            self._transfer(record)
        for token, fee in self.fees.items():
            self._existing(self.fee_account, "fees", f"fee account {self.fee_account}").balances[token] += fee
        for index in self.changed:
            for token, balance in self.accounts[index].balances.items():
                if not 0 <= balance < BALANCE_LIMIT:
                    raise Difference(f"account {index}: {balance} of token {token} after the batch")
        self.state.hash(self.changed)

    def _bridge_record(self, record):
        account = self.accounts.get(record.account)
        if record.kind == kinds.DEPOSIT:
            self._deposit(record, account)
        elif record.kind == kinds.WITHDRAWAL:
            self._sign(record, record.amount + record.fee, account is not None and account.auth != ZERO)
        elif record.kind in (kinds.FORCED_WITHDRAWAL, kinds.FORCED_TRANSFER):
            self._forced(record, account)
        elif account is not None:
            self.changed.add(record.account)
            if record.kind == kinds.SET_FLAGS:
                account.flags = record.flags
            elif account.owner == record.address:
                account.auth = record.auth
                self._note_signer(record.account)

    def _deposit(self, record, account):
        if account is None:
            account = self.accounts[record.account] = Account(record.address, record.auth)
        if account.owner != record.address:
            raise _difference(record, f"account {record.account} has another owner")
        if record.auth not in (ZERO, account.auth):
            raise _difference(record, f"account {record.account} has another auth")
        account.balances[record.token] += record.amount
        self.changed.add(record.account)
        self._note_signer(record.account)

    def _note_signer(self, index):
        if self.accounts[index].auth != ZERO:
            self.has_signer.add(index)

    def _forced(self, record, account):
        has_payee = record.kind == kinds.FORCED_WITHDRAWAL or record.to in self.accounts
        if account is None or account.owner != record.address or not has_payee:
            if record.paid:
                raise _difference(record, f"pays {record.paid}, and has nothing to pay from or to")
            return
        place = record.account, record.token
        least = account.balances[record.token] - self.debits[place]
        most = account.balances[record.token] + self.credits[place]
        least, most = (min(record.amount, max(balance, 0)) for balance in (least, most))
        if not least <= record.paid <= most:
            raise _difference(record, f"pays {record.paid}, which is not between {least} and {most}")
        account.balances[record.token] -= record.paid
        self.changed.add(record.account)
        if record.kind == kinds.FORCED_TRANSFER:
            self.accounts[record.to].balances[record.token] += record.paid
            self.changed.add(record.to)

    def _transfer(self, record):
        self._sign(record, record.amount + record.fee, record.account in self.has_signer)
        self._existing(record.to, record.name, record.place).balances[record.token] += record.amount

    def _sign(self, record, spent, has_signer):
        """The payer of a signed record."""
        account = self._existing(record.account, record.name, record.place)
        if not has_signer:
            raise _difference(record, f"nothing signs for account {record.account}")
        if account.balances[record.token] + self.credits[record.account, record.token] < spent:
            raise _difference(record, f"account {record.account} never holds {spent} of token {record.token}")
        account.nonce += 1
        if account.nonce >= NONCE_LIMIT:
            raise _difference(record, f"account {record.account} has used all of its nonces")
        account.balances[record.token] -= spent

    def _existing(self, index, name, place):
        self.changed.add(index)
        if index not in self.accounts:
            raise Difference(f"{place}: {name}: account {index} does not exist")
        return self.accounts[index]


def _difference(record, text):
    return Difference(f"{record.place}: {record.name}: {text}")
