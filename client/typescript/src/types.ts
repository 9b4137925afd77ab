// What the gateway tells, as callers see it.

import type { Hex } from "./bytes.js";
import type { Domain } from "./core.js";
import type { Fields } from "./wire.js";

export interface Info {
    readonly domain: Domain;
    /** What signatures are bound to, as the gateway says. */
    readonly words: readonly bigint[];
    readonly root: Hex;
    /** What a transaction pays at least, by token; in other tokens none is taken. Empty: transactions are free. */
    readonly minFees: ReadonlyMap<number, bigint>;
}

export interface Account {
    readonly index: number;
    /** Who owns it on L1. */
    readonly l1Owner: Hex;
    /** What signs for it; zero: nothing does, and only the L1 owner acts. */
    readonly auth: Hex;
    /** As the operator has set them; they have no effect yet. */
    readonly flags: number;
    /** Nonce of the next transaction to be executed. */
    readonly nonce: number;
    /** Nonce that the next transaction to be sent should have. */
    readonly pendingNonce: number;
    /** In units, by token. */
    readonly balances: ReadonlyMap<number, bigint>;
}

const STATUSES = ["pending", "executed", "committed", "proven", "dropped"] as const;
export type Status = (typeof STATUSES)[number];

/** How far a transaction is to have come: in the state, its data on L1, proven on L1. */
export type Milestone = "executed" | "committed" | "proven";

const KINDS = [
    "deposit",
    "transfer",
    "withdrawal",
    "set_auth",
    "forced_withdrawal",
    "forced_transfer",
    "set_flags",
] as const;

/** Where a withdrawal stands. */
export interface WithdrawalPlace {
    readonly batch: bigint;
    readonly index: number;
}

/** An operation of a sealed batch. */
export interface Operation {
    readonly kind: (typeof KINDS)[number];
    readonly id: Hex;
    readonly status: Status;
    readonly batch: bigint;
    readonly token: number;
    /** Of a forced one, what it paid. */
    readonly amount: bigint;
    readonly fee: bigint;
    readonly from?: number;
    readonly to?: number;
    /** Of an operation of the L1 queue. */
    readonly queueIndex?: bigint;
    /** Of a forced one, what was asked for. */
    readonly requested?: bigint;
    /** Of a deposit, that of the account it is for (zero: any); of a `set_auth`, the new one. */
    readonly auth?: Hex;
    /** Of a `set_flags`, the new ones. */
    readonly flags?: number;
    /** Of a deposit, the L1 owner of its account; of a `set_auth` or a forced one, its sender on L1. */
    readonly l1Address?: Hex;
    readonly withdrawal?: WithdrawalPlace & { readonly recipient: Hex };
}

export interface Receipt {
    readonly id: Hex;
    readonly status: Status;
    readonly dropReason?: string;
    /** Once its batch is sealed. */
    readonly operation?: Operation;
}

export interface History {
    /** The latest first. */
    readonly operations: readonly Operation[];
    /** For the next page; `undefined`: there is none. */
    readonly next: string | undefined;
}

export interface WithdrawalProof {
    readonly batch: bigint;
    readonly index: number;
    readonly token: number;
    readonly amount: bigint;
    readonly recipient: Hex;
    readonly header: Hex;
    readonly siblings: readonly Hex[];
    /** The contract pays once its batch is proven. */
    readonly isProven: boolean;
}

function balances(fields: readonly Fields[]): Map<number, bigint> {
    return new Map(fields.map((balance) => [balance.number("token"), balance.amount("amount")]));
}

export function info(fields: Fields): Info {
    return {
        domain: { chainId: fields.bigint("chain_id"), rollup: fields.hex("rollup_address", 20) },
        words: fields.amounts("domain"),
        root: fields.hex("root", 32),
        minFees: balances(fields.list("min_fees")),
    };
}

export function account(fields: Fields): Account {
    return {
        index: fields.number("index"),
        l1Owner: fields.hex("l1_owner", 20),
        auth: fields.hex("auth", 32),
        flags: fields.number("flags"),
        nonce: fields.number("nonce"),
        pendingNonce: fields.number("pending_nonce"),
        balances: balances(fields.list("balances")),
    };
}

export function operation(fields: Fields): Operation {
    const place = fields.has("withdrawal") ? fields.fields("withdrawal") : undefined;
    return {
        kind: fields.word("kind", KINDS),
        id: fields.hex("transaction_id", 32),
        status: fields.word("status", STATUSES),
        batch: fields.bigint("batch_number"),
        token: fields.number("token"),
        amount: fields.amount("amount"),
        fee: fields.amount("fee"),
        ...(fields.has("from") && { from: fields.number("from") }),
        ...(fields.has("to") && { to: fields.number("to") }),
        ...(fields.has("queue_index") && { queueIndex: fields.bigint("queue_index") }),
        ...(fields.has("requested") && { requested: fields.amount("requested") }),
        ...(fields.has("auth") && { auth: fields.hex("auth", 32) }),
        ...(fields.has("flags") && { flags: fields.number("flags") }),
        ...(fields.has("l1_address") && { l1Address: fields.hex("l1_address", 20) }),
        ...(place !== undefined && {
            withdrawal: {
                batch: place.bigint("batch_number"),
                index: place.number("withdrawal_index"),
                recipient: place.hex("recipient", 20),
            },
        }),
    };
}

export function receipt(fields: Fields): Receipt {
    return {
        id: fields.hex("transaction_id", 32),
        status: fields.word("status", STATUSES),
        ...(fields.has("drop_reason") && { dropReason: fields.text("drop_reason") }),
        ...(fields.has("operation") && { operation: operation(fields.fields("operation")) }),
    };
}

export function history(fields: Fields): History {
    return {
        operations: fields.list("transactions").map(operation),
        next: fields.has("next") ? fields.text("next") : undefined,
    };
}

export function withdrawalProof(fields: Fields): WithdrawalProof {
    const claim = fields.fields("claim");
    return {
        batch: claim.bigint("batch_number"),
        index: claim.number("withdrawal_index"),
        token: claim.number("token"),
        amount: claim.amount("amount"),
        recipient: claim.hex("recipient", 20),
        header: fields.hex("header"),
        siblings: fields.hexes("siblings", 32),
        isProven: fields.text("batch_status") === "proven",
    };
}
