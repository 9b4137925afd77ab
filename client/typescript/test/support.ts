import { readFile } from "node:fs/promises";

import { Core } from "@ashlar/client";

export const text = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), "utf8");

/** The module as `scripts/build-web` has built it. */
export const module = (): Promise<Uint8Array<ArrayBuffer>> =>
    readFile(new URL("../dist/ashlar.wasm", import.meta.url)) as Promise<Uint8Array<ArrayBuffer>>;

export const loadCore = async (): Promise<Core> => Core.load(await module());

/** Computed by the Rust client: `client/wasm/tests/vectors.rs`. */
export interface Vectors {
    readonly message: string;
    readonly key: { readonly signature: string; readonly public_key: string; readonly auth: `0x${string}` };
    readonly domain: { readonly chain_id: string; readonly rollup: `0x${string}`; readonly words: readonly string[] };
    readonly transfers: readonly (SignedVector<number> & { readonly toOwner: `0x${string}` })[];
    readonly withdrawals: readonly SignedVector<`0x${string}`>[];
    readonly inclusion: {
        readonly index: number;
        readonly siblings: readonly `0x${string}`[];
        readonly root: `0x${string}`;
        readonly root_of_empty_leaf: `0x${string}`;
        readonly l1_owner: `0x${string}`;
        readonly auth: `0x${string}`;
        readonly nonce: number;
        readonly flags: number;
        readonly balances: readonly [number, string][];
    };
    readonly calldata: Record<string, `0x${string}`>;
}

export interface SignedVector<To> {
    readonly from: number;
    readonly to: To;
    readonly token: number;
    readonly amount: string;
    readonly fee: string;
    readonly nonce: number;
    readonly id: string;
    readonly encoded: string;
}

export const loadVectors = async (): Promise<Vectors> => JSON.parse(await text("../test/vectors.json")) as Vectors;
