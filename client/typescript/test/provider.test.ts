// Ethereum wallets that answer as some do.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CoreError, ETH, EthereumWallet, ExitModeError, ForeignAuthError, L1, UnstableSignatureError, WalletError, WrongChainError } from "@ashlar/client";

import { loadCore, loadVectors } from "./support.js";

const [core, vectors] = await Promise.all([loadCore(), loadVectors()]);
const { chain_id, rollup } = vectors.domain;
const domain = { chainId: BigInt(chain_id), rollup };

/** A wallet with one account, whose answers to other requests are given in order, the last one for all that follow. */
function connect(...answers: (() => unknown)[]): Promise<EthereumWallet> {
    let asked = 0;
    return EthereumWallet.connect({
        request: async ({ method }) =>
            method === "eth_requestAccounts" ? [rollup] : answers[Math.min(asked++, answers.length - 1)]?.(),
    });
}

const signature = () => vectors.key.signature;
const another = () => `0x${"01".repeat(64)}1b`;

test("a wallet that signs the same each time is confirmed, and one that does not is refused", async () => {
    const stable = await connect(signature);
    const key = await stable.rollupKey(core, domain);
    assert.equal(key.auth, vectors.key.auth);
    await stable.confirmKey(core, domain, key);
    const unstable = await connect(signature, another);
    await assert.rejects(unstable.confirmKey(core, domain, await unstable.rollupKey(core, domain)), UnstableSignatureError);
});

test("the answer of a contract's wallet gives no key", async () => {
    const wallet = await connect(() => `0x${"01".repeat(130)}`);
    await assert.rejects(wallet.rollupKey(core, domain), (error) => error instanceof CoreError && error.code === "signature-length");
});

test("the user's no is told apart from a fault", async () => {
    const refusing = await connect(() => {
        throw Object.assign(new Error("User rejected the request."), { code: 4001 });
    });
    await assert.rejects(refusing.rollupKey(core, domain), (error) => {
        assert.ok(error instanceof WalletError);
        assert.deepEqual([error.method, error.code], ["personal_sign", 4001]);
        return true;
    });
});

test("a wallet on another chain sends nothing", async () => {
    const wallet = await connect(() => "0x1");
    const chainId = BigInt(vectors.domain.chain_id);
    await assert.rejects(L1.connect({ chainId, rollup }, wallet), (error) => {
        assert.ok(error instanceof WrongChainError);
        assert.deepEqual([error.given, error.expected], [1n, chainId]);
        return true;
    });
});

test("a rollup in exit mode is sent nothing", async () => {
    const asked: string[] = [];
    const wallet = await EthereumWallet.connect({
        request: async ({ method }) => {
            asked.push(method);
            if (method === "eth_requestAccounts") return [rollup];
            return method === "eth_call" ? `0x${"1".padStart(64, "0")}` : `0x${domain.chainId.toString(16)}`;
        },
    });
    const l1 = await L1.connect(domain, wallet);
    const usdc = { ...ETH, id: 1 };
    for (const [call, sending] of [
        ["depositETH", () => l1.deposit(ETH, 1n, wallet.address)],
        ["depositERC20", () => l1.deposit(usdc, 1n, wallet.address)],
        ["setAuth", () => l1.setAuth(1, vectors.key.auth)],
        ["forceWithdrawal", () => l1.forceWithdrawal(1, 0, 1n)],
        ["forceTransfer", () => l1.forceTransfer(1, 2, 0, 1n)],
    ] as const) {
        await assert.rejects(sending(), (error) => error instanceof ExitModeError && error.call === call);
    }
    assert.ok(!asked.includes("eth_sendTransaction"), asked.join());
});

test("who deposits for somebody else cannot name what signs there", async () => {
    const wallet = await connect(() => `0x${domain.chainId.toString(16)}`);
    const l1 = await L1.connect(domain, wallet);
    const owner = `0x${"0b".repeat(20)}` as const;
    await assert.rejects(l1.deposit(ETH, 1n, owner, vectors.key.auth), (error) => {
        assert.ok(error instanceof ForeignAuthError);
        assert.deepEqual([error.depositor, error.owner], [wallet.address, owner]);
        return true;
    });
});
