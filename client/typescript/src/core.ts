// What the client computes by itself: the Rust code of the rollup, in WebAssembly.

import { type Hex, Reader, Writer, toHex } from "./bytes.js";
import { Module } from "./module.js";

/** One rollup on one chain: signatures are good for it alone. */
export interface Domain {
    readonly chainId: bigint;
    readonly rollup: Hex;
}

interface Payment {
    /** The account that pays. */
    readonly from: number;
    readonly token: number;
    /** In units. */
    readonly amount: bigint;
    /** In units, on top of the amount. */
    readonly fee: bigint;
    readonly nonce: number;
}

export interface Transfer extends Payment {
    /** The account that is paid. */
    readonly to: number;
    /** Its L1 owner: the sequencer refuses the transfer if the account is another's. */
    readonly toOwner: Hex;
}

export interface Withdrawal extends Payment {
    /** The L1 address that is paid. */
    readonly to: Hex;
}

export interface SignedTransaction {
    /** What it is called however often it is sent. */
    readonly id: Hex;
    readonly encoded: Hex;
}

export interface ParsedAmount {
    readonly units: bigint;
    /** Whether digits below one unit were cut off. */
    readonly rounded: boolean;
}

/** An account's leaf in the state, or an empty one, with its path. */
export interface InclusionClaim {
    readonly index: number;
    readonly root: Hex;
    /** From the leaf up: 28. */
    readonly siblings: readonly Hex[];
    readonly account?: {
        readonly l1Owner: Hex;
        readonly auth: Hex;
        readonly nonce: number;
        readonly flags: number;
        readonly balances: ReadonlyMap<number, bigint>;
    };
}

export class Core {
    readonly #module: Module;

    private constructor(module: Module) {
        this.#module = module;
    }

    /** From the bytes of `ashlar.wasm`. */
    static async load(code: BufferSource): Promise<Core> {
        return new Core(await Module.instantiate(code));
    }

    /** From where `ashlar.wasm` is served. */
    static async fetch(url: URL | string): Promise<Core> {
        const response = await fetch(url);
        if (!response.ok) throw new TypeError(`${url}: HTTP ${response.status}`);
        return Core.load(await response.arrayBuffer());
    }

    /** What an Ethereum wallet signs to derive its rollup key. */
    keyMessage({ chainId, rollup }: Domain): string {
        const request = new Writer().number(chainId, 8).hex(rollup, 20).finish();
        return new TextDecoder().decode(this.#module.call("ashlar_key_message", request));
    }

    /** The rollup key that the wallet's signature of {@link keyMessage} gives; the signature is erased. */
    openKey(signature: Uint8Array): RollupKey {
        return RollupKey.open(this.#module, signature);
    }

    /** The four words that signatures are bound to. */
    domainWords({ chainId, rollup }: Domain): bigint[] {
        const words = new Reader(this.#module.call("ashlar_domain", new Writer().number(chainId, 8).hex(rollup, 20).finish()));
        return Array.from({ length: 4 }, () => words.number(8));
    }

    /** Keccak-256 of a signed transaction's encoding, which must be canonical. */
    transactionId(encoded: Uint8Array): Hex {
        return toHex(this.#module.call("ashlar_transaction_id", encoded.slice()));
    }

    /** The largest amount not above that a transfer can carry: 27 bits and a power of ten. */
    roundAmount(units: bigint): bigint {
        return new Reader(this.#module.call("ashlar_round_amount", new Writer().number(units, 8).finish())).number(8);
    }

    /** The least fee not below that can be signed: 5 bits and a power of ten. */
    roundFee(units: bigint): bigint {
        return new Reader(this.#module.call("ashlar_round_fee", new Writer().number(units, 8).finish())).number(8);
    }

    /** Units of an amount as people write it: `12.25`. */
    parseAmount(text: string, decimals: number): ParsedAmount {
        const request = new Writer().number(decimals, 1).bytes(new TextEncoder().encode(text));
        const answer = new Reader(this.#module.call("ashlar_parse_amount", request.finish()));
        return { units: answer.number(8), rounded: answer.flag() };
    }

    formatAmount(units: bigint, decimals: number): string {
        const request = new Writer().number(decimals, 1).number(units, 8).finish();
        return new TextDecoder().decode(this.#module.call("ashlar_format_amount", request));
    }

    /** Throws unless the account leads to the root. Whether L1 has that root is another question. */
    verifyInclusion(claim: InclusionClaim): void {
        const request = new Writer().number(claim.index, 4).hex(claim.root, 32);
        for (const sibling of claim.siblings) request.hex(sibling, 32);
        request.number(claim.account === undefined ? 0 : 1, 1);
        if (claim.account !== undefined) {
            const { l1Owner, auth, nonce, flags } = claim.account;
            request.hex(l1Owner, 20).hex(auth, 32).number(nonce, 4).number(flags, 1);
            for (const [token, balance] of claim.account.balances) request.number(token, 1).number(balance, 8);
        }
        this.#module.call("ashlar_verify_inclusion", request.finish());
    }
}

/** A rollup key. It stays inside the module, and is erased there by {@link close}. */
export class RollupKey {
    readonly #module: Module;
    readonly #handle: number;

    private constructor(
        module: Module,
        handle: number,
        readonly publicKey: Hex,
        /** What the accounts name that it signs for. */
        readonly auth: Hex,
    ) {
        this.#module = module;
        this.#handle = handle;
    }

    /** @internal */
    static open(module: Module, signature: Uint8Array): RollupKey {
        const opened = new Reader(module.call("ashlar_open_key", signature));
        return new RollupKey(module, Number(opened.number(4)), opened.hex(40), opened.hex(32));
    }

    signTransfer(domain: Domain, transfer: Transfer): SignedTransaction {
        const request = this.#head(domain, transfer).number(transfer.to, 4).hex(transfer.toOwner, 20);
        return this.#sign("ashlar_sign_transfer", request, transfer);
    }

    signWithdrawal(domain: Domain, withdrawal: Withdrawal): SignedTransaction {
        const request = this.#head(domain, withdrawal).hex(withdrawal.to, 20);
        return this.#sign("ashlar_sign_withdrawal", request, withdrawal);
    }

    /** Erases the key; signing throws from then on. */
    close(): void {
        this.#module.call("ashlar_close_key", new Writer().number(this.#handle, 4).finish());
    }

    #head(domain: Domain, payment: Payment): Writer {
        const head = new Writer().number(this.#handle, 4).number(domain.chainId, 8).hex(domain.rollup, 20);
        return head.number(payment.from, 4);
    }

    #sign(operation: "ashlar_sign_transfer" | "ashlar_sign_withdrawal", request: Writer, payment: Payment): SignedTransaction {
        request.number(payment.token, 1).number(payment.amount, 8).number(payment.fee, 8).number(payment.nonce, 4);
        const signed = new Reader(this.#module.call(operation, request.finish()));
        return { id: signed.hex(32), encoded: toHex(signed.rest()) };
    }
}
