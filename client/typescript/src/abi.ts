// Calls of the contracts as the EVM takes them. `test/vectors.json` holds what the Rust bindings make of the same calls.

import { type Hex, fromHex, toHex } from "./bytes.js";

/** First four bytes of keccak-256 of the signature. */
const SELECTORS = {
    depositETH: "0x2e599054",
    depositERC20: "0x178a8a98",
    setAuth: "0xf249eb85",
    forceWithdrawal: "0xfe79110d",
    forceTransfer: "0xe81fa25c",
    approve: "0x095ea7b3",
    allowance: "0xdd62ed3e",
    decimals: "0x313ce567",
    symbol: "0x95d89b41",
    tokenInfo: "0xad327904",
    isClaimed: "0x843e6174",
    exitMode: "0x28e18a89",
    claimWithdrawal: "0x8601899b",
} as const;

/** Topic of `OperationQueued`; its first argument, the second topic, is the operation's index in the queue. */
export const OPERATION_QUEUED: Hex = "0x6fc389e64aacbdbc8d76dc4322800d4caac22333f9c68b7e29dfb822b62950e2";

/** Words of a `BatchHeader`. */
const HEADER_BYTES = 15 * 32;

export interface Claim {
    /** ABI encoding of the `BatchHeader`. */
    readonly header: Hex;
    readonly index: number;
    readonly token: number;
    readonly amount: bigint;
    readonly recipient: Hex;
    readonly siblings: readonly Hex[];
}

function word(value: bigint | number): string {
    const given = BigInt(value);
    if (given < 0n || given >> 256n !== 0n) throw new RangeError(`${value} does not fit 256 bits`);
    return given.toString(16).padStart(64, "0");
}

/** An address or a hash, to the right of its word. */
function right(text: Hex, length: 20 | 32): string {
    return toHex(fromHex(text, length)).slice(2).padStart(64, "0");
}

function call(name: keyof typeof SELECTORS, ...words: readonly string[]): Hex {
    return `${SELECTORS[name]}${words.join("")}` as Hex;
}

export const depositEth = (owner: Hex, auth: Hex): Hex => call("depositETH", right(owner, 20), right(auth, 32));
export const depositErc20 = (token: Hex, amount: bigint, owner: Hex, auth: Hex): Hex =>
    call("depositERC20", right(token, 20), word(amount), right(owner, 20), right(auth, 32));
export const setAuth = (account: number, auth: Hex): Hex => call("setAuth", word(account), right(auth, 32));
export const forceWithdrawal = (account: number, token: number, units: bigint): Hex =>
    call("forceWithdrawal", word(account), word(token), word(units));
export const forceTransfer = (account: number, to: number, token: number, units: bigint): Hex =>
    call("forceTransfer", word(account), word(to), word(token), word(units));
export const approve = (spender: Hex, amount: bigint): Hex => call("approve", right(spender, 20), word(amount));
export const allowance = (owner: Hex, spender: Hex): Hex => call("allowance", right(owner, 20), right(spender, 20));
export const decimals = (): Hex => call("decimals");
export const symbol = (): Hex => call("symbol");
export const tokenInfo = (token: number): Hex => call("tokenInfo", word(token));
export const exitMode = (): Hex => call("exitMode");
export const isClaimed = (batch: bigint, index: number): Hex => call("isClaimed", word(batch), word(index));

export function claimWithdrawal(claim: Claim): Hex {
    const header = toHex(fromHex(claim.header, HEADER_BYTES)).slice(2);
    const paid = [word(claim.token), word(claim.amount), right(claim.recipient, 20)];
    const before = HEADER_BYTES / 32 + 1 + paid.length + 1; // the siblings stand behind so many words
    const siblings = claim.siblings.map((sibling) => right(sibling, 32));
    return call("claimWithdrawal", header, word(claim.index), ...paid, word(32 * before), word(siblings.length), ...siblings);
}

/** A word of an answer. */
export function wordAt(data: Hex, index: number): bigint {
    const digits = data.slice(2 + 64 * index, 2 + 64 * (index + 1));
    if (digits.length !== 64) throw new RangeError(`an answer of ${data.length / 2 - 1} bytes has no word ${index}`);
    return BigInt(`0x${digits}`);
}

/** A `string` as the only result. */
export function textOf(data: Hex): string {
    const length = Number(wordAt(data, 1));
    return new TextDecoder().decode(fromHex(data).subarray(64, 64 + length));
}
