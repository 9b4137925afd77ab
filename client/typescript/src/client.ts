// The sequencer, through its gateway.

import { type Hex, fromHex, toHex } from "./bytes.js";
import type { Core, Domain, RollupKey, SignedTransaction } from "./core.js";
import { AnswerError, DroppedError, NoAccountError, NoPayeeError, WaitTimeoutError } from "./errors.js";
import { DEFAULTS, Http, type Options } from "./http.js";
import { Sender } from "./sender.js";
import { sleep } from "./time.js";
import * as types from "./types.js";

const MILESTONES: readonly types.Status[] = ["executed", "committed", "proven"] satisfies types.Milestone[];
const MAX_POLL_MS = 2_000;

/** A page of history, at most. */
const PAGE = 100;

/** An account's state after a batch, led to the root that the sequencer names. */
export interface Inclusion {
    /** `undefined` for an empty leaf. */
    readonly account: types.Account | undefined;
    readonly root: Hex;
    /** The batch after which the state has this root: compare with the contract's root. */
    readonly batch: bigint;
}

/** An account by its number, or by its L1 owner. */
export type AccountKey = number | OwnerKey;

/**
 * The owner's account with exactly this `auth`, or without one the owner's first account. An `auth` alone names no
 * account: anybody can open one of his own with somebody else's.
 */
export interface OwnerKey {
    readonly l1Owner: Hex;
    readonly auth?: Hex;
}

/** Whom a transfer pays: the payer signs both, so that no other owner of the account can be paid instead. */
export interface Payee {
    readonly to: number;
    readonly toOwner: Hex;
}

export class Client {
    readonly #http: Http;

    private constructor(
        http: Http,
        readonly core: Core,
        readonly domain: Domain,
    ) {
        this.#http = http;
    }

    /** Connects to a gateway (`http://HOST:PORT`), and asks which rollup it serves. */
    static async connect(core: Core, endpoint: string, options: Partial<Options> = {}): Promise<Client> {
        const http = new Http(endpoint.replace(/\/+$/, ""), { ...DEFAULTS, ...options });
        const client = new Client(http, core, { chainId: 0n, rollup: "0x" });
        const { domain, words } = await client.info();
        if (core.domainWords(domain).join() !== words.join()) {
            throw new AnswerError("GET /v1/info", "the domain is not that of the chain and the rollup it names");
        }
        return new Client(http, core, domain);
    }

    async info(): Promise<types.Info> {
        return types.info(await this.#http.get("/v1/info"));
    }

    /** `undefined` if there is none. */
    async account(key: AccountKey): Promise<types.Account | undefined> {
        const found = await this.#http.find(`/v1/accounts/${typeof key === "number" ? key : ownerPath(key)}`);
        const account = found && types.account(found);
        if (account !== undefined && !isAskedFor(account, key)) {
            throw new AnswerError("GET /v1/accounts", "another account than was asked for");
        }
        return account;
    }

    /** Whom a transfer to this account pays. The gateway is believed about a number's owner: show it to the payer. */
    async payee(key: AccountKey): Promise<Payee> {
        const account = await this.account(key);
        if (account === undefined) throw new NoPayeeError(typeof key === "number" ? String(key) : key.l1Owner);
        return { to: account.index, toOwner: account.l1Owner };
    }

    /** Sealed operations of an account, the latest first. */
    async history(account: number, before?: string): Promise<types.History> {
        const page = before === undefined ? "" : `&before=${encodeURIComponent(before)}`;
        return types.history(await this.#http.get(`/v1/accounts/${account}/transactions?limit=${PAGE}${page}`));
    }

    /** The account of an L1 owner that a key signs for, ready to pay. */
    async sender(l1Owner: Hex, key: RollupKey): Promise<Sender> {
        return Sender.open(this, l1Owner, key);
    }

    /**
     * Submits until the sequencer answers: once it does, the transaction is executed and durable. It has one id however
     * often it is sent, so a lost answer costs nothing.
     */
    async submit(signed: SignedTransaction): Promise<Hex> {
        const id = this.core.transactionId(fromHex(signed.encoded));
        const answer = await this.#http.post("/v1/transactions", { encoded: signed.encoded });
        if (answer.hex("transaction_id", 32) !== id) {
            throw new AnswerError(answer.request, "the id is not the hash of the transaction");
        }
        return id;
    }

    async receipt(id: Hex): Promise<types.Receipt | undefined> {
        const found = await this.#http.find(`/v1/transactions/${toHex(fromHex(id, 32))}`);
        return found && types.receipt(found);
    }

    /** What became of an operation of the L1 queue, by its index there. */
    async l1Receipt(queueIndex: bigint): Promise<types.Receipt | undefined> {
        const found = await this.#http.find(`/v1/l1-operations/${queueIndex}`);
        return found && types.receipt(found);
    }

    /** Waits until a transaction has come so far. */
    wait(id: Hex, milestone: types.Milestone, limitMs: number): Promise<types.Receipt> {
        return waitFor(() => this.receipt(id), `transaction ${id}`, milestone, limitMs);
    }

    /** The same for an operation of the L1 queue: a deposit, another `auth`, or a forced operation. */
    waitForL1Operation(queueIndex: bigint, milestone: types.Milestone, limitMs: number): Promise<types.Receipt> {
        return waitFor(() => this.l1Receipt(queueIndex), `L1 operation ${queueIndex}`, milestone, limitMs);
    }

    /** What the contract needs to pay a withdrawal; known once its batch is committed. */
    async withdrawalProof(batch: bigint, index: number): Promise<types.WithdrawalProof> {
        return types.withdrawalProof(await this.#http.get(`/v1/withdrawals/${batch}/${index}/proof`));
    }

    /** An account's state after the latest sealed batch, with the path to its root checked here. */
    async inclusion(index: number): Promise<Inclusion> {
        const fields = await this.#http.get(`/v1/accounts/${index}/inclusion`);
        const account = fields.has("account") ? types.account(fields.fields("account")) : undefined;
        if (account !== undefined && account.index !== index) {
            throw new AnswerError(fields.request, "the proof is of another account");
        }
        const root = fields.hex("root", 32);
        const siblings = fields.hexes("siblings", 32);
        this.core.verifyInclusion({ index, root, siblings, ...(account !== undefined && { account }) });
        return { account, root, batch: fields.bigint("batch_number") };
    }

    /** @internal */
    async owned(l1Owner: Hex, auth: Hex): Promise<types.Account> {
        const account = await this.account({ l1Owner, auth });
        if (account === undefined) throw new NoAccountError(l1Owner, auth);
        return account;
    }
}

function ownerPath({ l1Owner, auth }: OwnerKey): string {
    const owner = toHex(fromHex(l1Owner, 20));
    return auth === undefined ? owner : `${owner}?auth=${toHex(fromHex(auth, 32))}`;
}

function isAskedFor(account: types.Account, key: AccountKey): boolean {
    if (typeof key === "number") return account.index === key;
    const isSame = (given: Hex, asked: Hex): boolean => given.toLowerCase() === asked.toLowerCase();
    return isSame(account.l1Owner, key.l1Owner) && (key.auth === undefined || isSame(account.auth, key.auth));
}

async function waitFor(
    look: () => Promise<types.Receipt | undefined>,
    what: string,
    milestone: types.Milestone,
    limitMs: number,
): Promise<types.Receipt> {
    const end = Date.now() + limitMs;
    for (let pause = 50; ; pause = Math.min(2 * pause, MAX_POLL_MS)) {
        const receipt = await look();
        if (receipt?.status === "dropped") throw new DroppedError(receipt.id, receipt.dropReason ?? "no reason given");
        const reached = receipt === undefined ? -1 : MILESTONES.indexOf(receipt.status);
        if (receipt !== undefined && reached >= MILESTONES.indexOf(milestone)) return receipt;
        const left = end - Date.now();
        if (left <= 0) throw new WaitTimeoutError(what, MILESTONES[reached], milestone, limitMs);
        await sleep(Math.min(pause, left));
    }
}
