// An account that pays: its key, its number, its nonce.

import type { Hex } from "./bytes.js";
import type { Client } from "./client.js";
import type { RollupKey, SignedTransaction, Transfer, Withdrawal } from "./core.js";
import { RefusedError } from "./errors.js";

/** How often a transaction is signed anew because another wallet with the same key was faster. */
const SIGNATURES = 4;

export type Payment = Pick<Transfer, "to" | "toOwner" | "token" | "amount" | "fee">;
export type Payout = Pick<Withdrawal, "to" | "token" | "amount" | "fee">;

/** Signs and sends transactions of one account, in the order of their nonces. */
export class Sender {
    readonly #client: Client;
    readonly #key: RollupKey;
    #nonce = 0;
    #last: Promise<unknown> = Promise.resolve();

    private constructor(
        client: Client,
        key: RollupKey,
        readonly l1Owner: Hex,
        /** The account's number. */
        readonly account: number,
    ) {
        this.#client = client;
        this.#key = key;
    }

    /** @internal */
    static async open(client: Client, l1Owner: Hex, key: RollupKey): Promise<Sender> {
        const { index, pendingNonce } = await client.owned(l1Owner, key.auth);
        const sender = new Sender(client, key, l1Owner, index);
        sender.#nonce = pendingNonce;
        return sender;
    }

    /** Nonce of the next transaction. */
    get nonce(): number {
        return this.#nonce;
    }

    /** Pays another account, see `Client.payee`; gives the transaction's id. Amount and fee must be representable, see `Core.roundAmount`. */
    transfer(payment: Payment): Promise<Hex> {
        return this.#inTurn(() => this.#send((at) => this.#key.signTransfer(this.#client.domain, { ...payment, ...at })));
    }

    /** Withdraws to an L1 address. Once its batch is proven, anybody may claim it for the recipient. */
    withdraw(payout: Payout): Promise<Hex> {
        return this.#inTurn(() => this.#send((at) => this.#key.signWithdrawal(this.#client.domain, { ...payout, ...at })));
    }

    /** One after the other: two calls at once would sign the same nonce. */
    #inTurn<T>(action: () => Promise<T>): Promise<T> {
        const turn = this.#last.then(action, action);
        this.#last = turn.catch(() => undefined);
        return turn;
    }

    /**
     * A transaction refused for its nonce was not executed under that nonce, now or by an earlier attempt of ours (that
     * would have been answered with its id): signing it anew cannot pay twice.
     */
    async #send(sign: (at: { from: number; nonce: number }) => SignedTransaction): Promise<Hex> {
        for (let signatures = 1; ; signatures++) {
            const used = this.#nonce;
            try {
                const id = await this.#client.submit(sign({ from: this.account, nonce: used }));
                this.#nonce = used + 1;
                return id;
            } catch (error) {
                if (!(error instanceof RefusedError) || error.code !== "CODE_NONCE") throw error;
                this.#nonce = (await this.#client.owned(this.l1Owner, this.#key.auth)).pendingNonce;
                if (this.#nonce === used || signatures === SIGNATURES) throw error;
            }
        }
    }
}
