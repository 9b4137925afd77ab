// The npm package in Node, over what the wallet's user did.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Client, EthereumWallet, L1 } from "@ashlar/client";

import { loadCore } from "../support.js";
import { ALICE, type Stack, User } from "./stack.js";

export function packageTests(stack: () => Stack): void {
    describe("the package in Node", { timeout: 300_000 }, () => {
        test("finds the same account, its history, and its leaf under the proven root", async () => {
            const core = await loadCore();
            const client = await Client.connect(core, stack().gateway);
            const wallet = await EthereumWallet.connect(new User(stack().l1, ALICE));
            const key = await wallet.rollupKey(core, client.domain);
            const account = await client.account({ l1Owner: wallet.address, auth: key.auth });
            assert.equal(account?.balances.get(0), 176_543_221n);

            const { operations, next } = await client.history(account.index);
            assert.equal(next, undefined);
            assert.deepEqual(operations.map(({ kind }) => kind), ["withdrawal", "transfer", "transfer", "deposit"]);
            const l1 = await L1.connect(client.domain, wallet);
            const place = operations[0]?.withdrawal;
            assert.ok(place !== undefined && (await l1.isClaimed(place.batch, place.index)));

            const inclusion = await client.inclusion(account.index);
            assert.deepEqual(inclusion.account?.balances, account.balances);
            assert.equal((await client.inclusion(200_000_000)).account, undefined);

            // Two at once take two nonces, and what was admitted may be sent again.
            const sender = await client.sender(wallet.address, key);
            const payee = await client.payee(0);
            const pay = (amount: bigint) => sender.transfer({ ...payee, token: 0, amount, fee: 0n });
            const [first, second] = await Promise.all([pay(1n), pay(1n)]);
            assert.notEqual(first, second);
            const { nonce } = sender;
            const transfer = { from: account.index, ...payee, token: 0, amount: 1n, fee: 0n, nonce };
            const signed = key.signTransfer(client.domain, transfer);
            assert.equal(await client.submit(signed), await client.submit(signed));
            // This sender does not know of it, and signs anew.
            const third = await pay(2n);
            assert.equal((await client.wait(third, "executed", 60_000)).status, "executed");
            assert.equal((await client.account(account.index))?.nonce, nonce + 2);
        });
    });
}
