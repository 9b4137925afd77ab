// Calls into the module in WebAssembly. `client/wasm/src/lib.rs` describes the interface.

import { CoreError, type CoreErrorCode } from "./errors.js";

type Operation = (address: number, length: number) => bigint;

const OPERATIONS = [
    "ashlar_key_message",
    "ashlar_open_key",
    "ashlar_close_key",
    "ashlar_domain",
    "ashlar_sign_transfer",
    "ashlar_sign_withdrawal",
    "ashlar_transaction_id",
    "ashlar_round_amount",
    "ashlar_round_fee",
    "ashlar_parse_amount",
    "ashlar_format_amount",
    "ashlar_verify_inclusion",
] as const;

export type OperationName = (typeof OPERATIONS)[number];

interface Exports extends Record<OperationName, Operation> {
    readonly memory: WebAssembly.Memory;
    ashlar_alloc(length: number): number;
    ashlar_free(address: number, length: number): void;
}

function isExports(exports: object): exports is Exports {
    const names = [...OPERATIONS, "ashlar_alloc", "ashlar_free"];
    const all = exports as Record<string, unknown>;
    return all["memory"] instanceof WebAssembly.Memory && names.every((name) => typeof all[name] === "function");
}

export class Module {
    readonly #exports: Exports;

    private constructor(exports: Exports) {
        this.#exports = exports;
    }

    /** Without imports: the module can do nothing but compute. */
    static async instantiate(code: BufferSource): Promise<Module> {
        const { instance } = await WebAssembly.instantiate(code, {});
        if (!isExports(instance.exports)) throw new TypeError("ashlar.wasm is of another version than this package");
        return new Module(instance.exports);
    }

    /** The request is erased on both sides, the response in the module. */
    call(operation: OperationName, request: Uint8Array = new Uint8Array()): Uint8Array {
        const { memory, ashlar_alloc, ashlar_free } = this.#exports;
        const address = ashlar_alloc(request.length);
        new Uint8Array(memory.buffer, address, request.length).set(request);
        request.fill(0);
        const packed = BigInt.asUintN(64, this.#exports[operation](address, request.length));
        const [at, length] = [Number(packed >> 32n), Number(packed & 0xffff_ffffn)];
        const response = new Uint8Array(memory.buffer, at, length).slice();
        ashlar_free(at, length);
        if (response[0] === 0) return response.subarray(1);
        const end = 2 + (response[1] ?? 0);
        const text = new TextDecoder();
        const code = text.decode(response.subarray(2, end)) as CoreErrorCode;
        throw new CoreError(code, text.decode(response.subarray(end)));
    }
}
