import assert from "node:assert/strict";
import { test } from "node:test";

import * as abi from "../dist/abi.js";
import { loadVectors } from "./support.js";

const { calldata } = await loadVectors();

function vector(name: string): `0x${string}` {
    const value = calldata[name];
    assert.ok(value !== undefined, name);
    return value;
}

test("calls of the contracts are those that the Rust bindings make", () => {
    const [auth, address, amount] = [vector("auth"), vector("address"), BigInt(vector("amount"))];
    const units = 2n ** 56n - 1n;
    const claim = {
        header: `0x${vector("claim_withdrawal").slice(10, 10 + 15 * 64)}` as const,
        index: 2,
        token: 1,
        amount: units,
        recipient: `0x${"cd".repeat(20)}` as const,
        siblings: [`0x${"01".repeat(32)}`, `0x${"02".repeat(32)}`] as const,
    };
    for (const [name, made] of [
        ["deposit_eth", abi.depositEth(address, auth)],
        ["deposit_erc20", abi.depositErc20(address, amount, address, auth)],
        ["set_auth", abi.setAuth(2 ** 28 - 1, auth)],
        ["force_withdrawal", abi.forceWithdrawal(2 ** 28 - 1, 5, units)],
        ["force_transfer", abi.forceTransfer(2 ** 28 - 1, 6, 5, units)],
        ["approve", abi.approve(address, amount)],
        ["allowance", abi.allowance(address, address)],
        ["decimals", abi.decimals()],
        ["symbol", abi.symbol()],
        ["token_info", abi.tokenInfo(1)],
        ["is_claimed", abi.isClaimed(3n, 2)],
        ["exit_mode", abi.exitMode()],
        ["claim_withdrawal", abi.claimWithdrawal(claim)],
        ["operation_queued", abi.OPERATION_QUEUED],
    ] as const) {
        assert.equal(made, vector(name), name);
    }
});

test("a header of another length is refused", () => {
    const claim = { header: "0x00" as const, index: 0, token: 0, amount: 1n, recipient: vector("address"), siblings: [] };
    assert.throws(() => abi.claimWithdrawal(claim), RangeError);
});

test("answers of the contracts are read to their end", () => {
    const word = (value: number) => value.toString(16).padStart(64, "0");
    const usdc = `0x${word(32)}${word(4)}${"55534443".padEnd(64, "0")}` as const;
    assert.equal(abi.textOf(usdc), "USDC");
    assert.equal(abi.wordAt(usdc, 1), 4n);
    assert.throws(() => abi.wordAt(usdc, 3), RangeError);
});
