// What goes wrong, as types: an error is a fact with its fields, its message says what to do about it.

/** Of the module in WebAssembly; `client/wasm/src/error.rs` lists the same. */
export type CoreErrorCode =
    | "request"
    | "key-closed"
    | "signature-length"
    | "signature-high-s"
    | "amount-malformed"
    | "amount-out-of-range"
    | "amount-inexact"
    | "transaction-malformed"
    | "inclusion-malformed"
    | "inclusion-root";

/** Everything that this package throws on purpose. */
export class AshlarError extends Error {
    override name = "AshlarError";
}

/** A key, an amount, a transaction or a proof is not what it should be. */
export class CoreError extends AshlarError {
    override name = "CoreError";
    constructor(
        readonly code: CoreErrorCode,
        message: string,
    ) {
        super(message);
    }
}

/** The transaction was not admitted: as it is, never (`isFinal`), or not now. */
export class RefusedError extends AshlarError {
    override name = "RefusedError";
    constructor(
        /** As the protocol names it: `CODE_NONCE`, `CODE_BALANCE`, … */
        readonly code: string,
        /** The field at fault, as named in the transaction's documentation. */
        readonly field: string,
        message: string,
        readonly isFinal: boolean,
    ) {
        super(message);
    }
}

/** The gateway answered that it did not do what was asked. */
export class RequestError extends AshlarError {
    override name = "RequestError";
    constructor(
        readonly request: string,
        readonly status: number,
        detail: string,
    ) {
        super(`${request}: ${detail} (HTTP ${status})`);
    }
}

/** Nobody answered in time. A transaction may be sent again: its id stays the same. */
export class UnreachableError extends AshlarError {
    override name = "UnreachableError";
    constructor(
        readonly request: string,
        options: { cause: unknown },
    ) {
        super(`${request}: no answer; is the sequencer's gateway running there?`, options);
    }
}

/** A bug of the gateway, or not a gateway of this version. */
export class AnswerError extends AshlarError {
    override name = "AnswerError";
    constructor(
        readonly request: string,
        readonly fault: string,
    ) {
        super(`${request}: ${fault}; is this a gateway of this version?`);
    }
}

/** A deposit by the owner opens the account, or the owner gives this `auth` to one that is there. */
export class NoAccountError extends AshlarError {
    override name = "NoAccountError";
    constructor(
        readonly l1Owner: string,
        readonly auth: string,
    ) {
        super(`there is no account of L1 address ${l1Owner} with auth ${auth}; a deposit by its owner opens one`);
    }
}

/** Nobody to pay: correct the number or the address, or open the account with a deposit for it. */
export class NoPayeeError extends AshlarError {
    override name = "NoPayeeError";
    constructor(
        /** A number, or an L1 address. */
        readonly account: string,
    ) {
        super(`nobody to pay: there is no account ${account}; a deposit for its owner opens one`);
    }
}

/** Who deposits for somebody else names no `auth`: what signs for the account is for its owner to say. */
export class ForeignAuthError extends AshlarError {
    override name = "ForeignAuthError";
    constructor(
        readonly depositor: string,
        readonly owner: string,
    ) {
        super(`${depositor} deposits for ${owner} and names an auth, which only ${owner} may: leave it away`);
    }
}

/** The rollup is in exit mode and takes neither deposits nor orders any more. Nothing was sent. */
export class ExitModeError extends AshlarError {
    override name = "ExitModeError";
    constructor(readonly call: string) {
        super(`${call} was not sent: the rollup is in exit mode; "ashlar exit" takes the money out`);
    }
}

/** It was admitted but could not be executed any more; nothing has changed. */
export class DroppedError extends AshlarError {
    override name = "DroppedError";
    constructor(
        readonly id: string,
        readonly reason: string,
    ) {
        super(`transaction ${id} was dropped: ${reason}`);
    }
}

/** Wait longer, or look why the batch does not advance. */
export class WaitTimeoutError extends AshlarError {
    override name = "WaitTimeoutError";
    constructor(
        readonly what: string,
        /** How far it came; `undefined`: not executed. */
        readonly reached: string | undefined,
        readonly wanted: string,
        readonly afterMs: number,
    ) {
        super(`${what} is ${reached ?? "not executed"} after ${afterMs / 1000} s, not ${wanted}`);
    }
}

/** The Ethereum wallet did not do what was asked. */
export class WalletError extends AshlarError {
    override name = "WalletError";
    constructor(
        readonly method: string,
        /** Of EIP-1193 or JSON-RPC, where the wallet gave one: 4001 is the user's no. */
        readonly code: number | undefined,
        message: string,
        options?: { cause: unknown },
    ) {
        super(`${method}: ${message}`, options);
    }
}

/** The wallet is on another chain than the rollup. */
export class WrongChainError extends AshlarError {
    override name = "WrongChainError";
    constructor(
        readonly given: bigint,
        readonly expected: bigint,
    ) {
        super(`the wallet is on chain ${given}, the rollup on chain ${expected}: change the wallet's network`);
    }
}

/** The wallet answers differently each time: the rollup key, and what it owns, could not be found again. */
export class UnstableSignatureError extends AshlarError {
    override name = "UnstableSignatureError";
    constructor() {
        super("the wallet signs the same text differently each time, so a rollup key from it would be lost");
    }
}

/** A transaction on L1 was mined and failed, or was not mined in time. */
export class L1Error extends AshlarError {
    override name = "L1Error";
    constructor(
        readonly call: string,
        readonly hash: string | undefined,
        fault: string,
    ) {
        super(`${call}${hash === undefined ? "" : ` (${hash})`}: ${fault}`);
    }
}
