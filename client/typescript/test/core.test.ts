import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Core, CoreError, type CoreErrorCode, type RollupKey, fromHex } from "@ashlar/client";

import { loadCore, loadVectors, module } from "./support.js";

const [core, vectors] = await Promise.all([loadCore(), loadVectors()]);
const { chain_id, rollup } = vectors.domain;
const domain = { chainId: BigInt(chain_id), rollup };

const refused = (code: CoreErrorCode) => (error: unknown) => error instanceof CoreError && error.code === code;
const open = (of: Core = core): RollupKey => of.openKey(fromHex(vectors.key.signature));

describe("the module", () => {
    test("imports nothing, so it can do nothing but compute", async () => {
        const code = await WebAssembly.compile(await module());
        assert.deepEqual(WebAssembly.Module.imports(code), []);
        const exported = WebAssembly.Module.exports(code).map(({ name }) => name);
        assert.ok(exported.every((name) => name === "memory" || name.startsWith("ashlar_")), exported.join(" "));
    });

    test("computes what the Rust client computes", () => {
        assert.equal(core.keyMessage(domain), vectors.message);
        assert.deepEqual(core.domainWords(domain).map(String), vectors.domain.words);
        const key = open();
        assert.equal(key.publicKey, vectors.key.public_key);
        assert.equal(key.auth, vectors.key.auth);
        for (const { id, encoded, amount, fee, ...rest } of vectors.transfers) {
            const transfer = { ...rest, amount: BigInt(amount), fee: BigInt(fee) };
            assert.deepEqual(key.signTransfer(domain, transfer), { id, encoded });
            assert.equal(core.transactionId(fromHex(encoded)), id);
        }
        for (const { id, encoded, amount, fee, ...rest } of vectors.withdrawals) {
            const withdrawal = { ...rest, amount: BigInt(amount), fee: BigInt(fee) };
            assert.deepEqual(key.signWithdrawal(domain, withdrawal), { id, encoded });
        }
    });

    test("keeps neither a signature nor a closed key in its memory", async () => {
        // A module of its own, whose memory no other test has written to.
        const { instance } = await WebAssembly.instantiate(await module(), {});
        const exports = instance.exports as unknown as {
            memory: WebAssembly.Memory;
            ashlar_alloc(length: number): number;
            ashlar_free(address: number, length: number): void;
            ashlar_open_key(address: number, length: number): bigint;
        };
        const signature = fromHex(vectors.key.signature);
        const address = exports.ashlar_alloc(signature.length);
        new Uint8Array(exports.memory.buffer, address, signature.length).set(signature);
        const holds = (bytes: Uint8Array): boolean => Buffer.from(exports.memory.buffer).includes(Buffer.from(bytes));
        assert.ok(holds(signature.subarray(0, 32)), "it was written");
        exports.ashlar_open_key(address, signature.length);
        assert.ok(!holds(signature.subarray(0, 32)) && !holds(signature.subarray(32, 64)));
    });
});

describe("a rollup key", () => {
    test("does not depend on the last byte of the signature, which wallets write in several ways", () => {
        const signature = fromHex(vectors.key.signature);
        signature[64] = (signature[64] ?? 0) - 27;
        assert.equal(core.openKey(signature).auth, vectors.key.auth);
    });

    test("is not derived from what is no signature of a key", () => {
        assert.throws(() => core.openKey(new Uint8Array(96)), refused("signature-length"));
        const high = fromHex(vectors.key.signature).fill(0xff, 32, 64);
        assert.throws(() => core.openKey(high), refused("signature-high-s"));
    });

    test("signs nothing once it is closed", () => {
        const key = open();
        key.close();
        const transfer = { from: 0, to: 1, toOwner: rollup, token: 0, amount: 1n, fee: 0n, nonce: 0 };
        assert.throws(() => key.signTransfer(domain, transfer), refused("key-closed"));
    });

    test("signs no amount that cannot be carried", () => {
        const key = open();
        const payment = { from: 0, token: 0, amount: 1n, fee: 0n, nonce: 0 };
        const transfer = (given: object) => () => key.signTransfer(domain, { ...payment, to: 1, toOwner: rollup, ...given });
        assert.throws(transfer({ amount: 1_000_000_001n }), refused("amount-inexact"));
        assert.throws(transfer({ fee: 321n }), refused("amount-inexact"));
        assert.throws(transfer({ amount: 2n ** 63n }), refused("amount-out-of-range"));
        assert.throws(transfer({ amount: 2n ** 64n }), RangeError);
        assert.throws(transfer({ to: 2 ** 32 }), RangeError);
        const to = rollup;
        const nothing = () => key.signWithdrawal(domain, { ...payment, to, amount: 0n });
        assert.throws(nothing, refused("amount-out-of-range"));
    });
});

describe("amounts", () => {
    test("are read and written as people write them", () => {
        assert.deepEqual(core.parseAmount("12.25", 9), { units: 12_250_000_000n, rounded: false });
        assert.deepEqual(core.parseAmount("0.0000000019", 9), { units: 1n, rounded: true });
        assert.equal(core.formatAmount(12_250_000_000n, 9), "12.25");
        assert.throws(() => core.parseAmount("1,5", 9), refused("amount-malformed"));
        assert.throws(() => core.parseAmount("99999999999", 9), refused("amount-out-of-range"));
    });

    test("are rounded in the payer's favour, fees in the sequencer's", () => {
        assert.equal(core.roundAmount(1_000_000_001n), 1_000_000_000n);
        assert.equal(core.roundFee(321n), 400n);
        assert.throws(() => core.roundFee(2n ** 63n), refused("amount-out-of-range"));
    });
});

describe("an inclusion proof", () => {
    const { index, siblings, root, root_of_empty_leaf, l1_owner, auth, nonce, flags, balances } = vectors.inclusion;
    const account = { l1Owner: l1_owner, auth, nonce, flags, balances: new Map(balances.map(([token, units]) => [token, BigInt(units)])) };

    test("holds for its account, and for an empty leaf", () => {
        core.verifyInclusion({ index, siblings, root, account });
        core.verifyInclusion({ index, siblings, root: root_of_empty_leaf });
    });

    test("does not hold for anything else", () => {
        const verify = (given: object) => () => core.verifyInclusion({ index, siblings, root, account, ...given });
        assert.throws(verify({ index: index + 1 }), refused("inclusion-root"));
        assert.throws(verify({ root: root_of_empty_leaf }), refused("inclusion-root"));
        for (const other of [{ nonce: nonce + 1 }, { flags: flags + 1 }, { l1Owner: rollup }, { auth: root }]) {
            assert.throws(verify({ account: { ...account, ...other } }), refused("inclusion-root"));
        }
        assert.throws(verify({ siblings: [...siblings].reverse() }), refused("inclusion-root"));
        assert.throws(verify({ siblings: siblings.slice(1) }), CoreError);
        assert.throws(verify({ root: `0x${"ff".repeat(32)}` }), refused("inclusion-malformed"));
    });
});
