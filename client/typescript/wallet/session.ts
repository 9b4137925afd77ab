// A connected wallet: its rollup key, its account, and what can be done with it. Knows nothing of the page.

import {
    type Account,
    type Client,
    ETH,
    EthereumWallet,
    type Eip1193Provider,
    type Hex,
    L1,
    NO_AUTH,
    type Operation,
    type Payee,
    type RollupKey,
    type Sender,
    fromHex,
    parseAmount,
    toHex,
} from "./index.js";

/** How long the wallet waits until what it has sent is executed. */
const LIMIT_MS = 120_000;

/** As the page names a payee. */
export function describePayee({ to, toOwner }: Payee): string {
    return `account ${to} of ${toOwner}`;
}

export class Session {
    #sender: Sender | undefined;
    /** What was shown for a text is what is signed for it. */
    readonly #payees = new Map<string, Payee>();

    private constructor(
        readonly client: Client,
        readonly l1: L1,
        readonly key: RollupKey,
    ) {}

    static async connect(client: Client, provider: Eip1193Provider): Promise<Session> {
        const wallet = await EthereumWallet.connect(provider);
        const l1 = await L1.connect(client.domain, wallet);
        const key = await wallet.rollupKey(client.core, client.domain);
        const session = new Session(client, l1, key);
        try {
            // Nothing is at stake yet: now is the time to find out whether this wallet finds its key again.
            const own = { l1Owner: wallet.address, auth: key.auth };
            if ((await client.account(own)) === undefined) await wallet.confirmKey(client.core, client.domain, key);
        } catch (error) {
            session.close();
            throw error;
        }
        return session;
    }

    get address(): Hex {
        return this.l1.wallet.address;
    }

    close(): void {
        this.key.close();
    }

    /** The account that the key signs for, or else the first of this address, which somebody's deposit has opened. */
    async account(): Promise<Account | undefined> {
        const own = await this.client.account({ l1Owner: this.address, auth: this.key.auth });
        return own ?? this.client.account({ l1Owner: this.address });
    }

    /** Has L1 give an account of this address the key that signs here. */
    async adopt(account: number): Promise<string> {
        const queued = await this.l1.setAuth(account, this.key.auth);
        await this.client.waitForL1Operation(queued, "executed", LIMIT_MS);
        return `your key signs for account ${account}`;
    }

    async deposit(owner: string, amount: string): Promise<string> {
        const recipient = owner === "" ? this.address : toHex(fromHex(owner, 20));
        const isOwn = recipient === this.address;
        const units = this.#units(amount);
        const queued = await this.l1.deposit(ETH, units, recipient, isOwn ? this.key.auth : NO_AUTH);
        await this.client.waitForL1Operation(queued, "executed", LIMIT_MS);
        return `${this.display(units)} deposited${isOwn ? "" : ` for ${recipient}`}`;
    }

    /** Whom a text means: an account's number, or the L1 address of its owner. */
    async payee(text: string): Promise<Payee> {
        const known = this.#payees.get(text);
        if (known !== undefined) return known;
        const isNumber = /^[0-9]{1,10}$/.test(text);
        const payee = await this.client.payee(isNumber ? Number(text) : { l1Owner: toHex(fromHex(text, 20)) });
        this.#payees.set(text, payee);
        return payee;
    }

    async transfer(to: string, amount: string): Promise<string> {
        const payee = await this.payee(to);
        const asked = this.#units(amount);
        const units = this.client.core.roundAmount(asked);
        this.#payees.delete(to); // whoever is refused now looks again
        const id = await (await this.#open()).transfer({ ...payee, token: 0, amount: units, fee: await this.#fee() });
        await this.client.wait(id, "executed", LIMIT_MS);
        const rounded = units === asked ? "" : `, rounded from ${this.display(asked)}`;
        return `${this.display(units)} transferred to ${describePayee(payee)}${rounded}`;
    }

    async withdraw(to: string, amount: string): Promise<string> {
        const recipient = to === "" ? this.address : toHex(fromHex(to, 20));
        const units = this.#units(amount);
        const id = await (await this.#open()).withdraw({ to: recipient, token: 0, amount: units, fee: await this.#fee() });
        await this.client.wait(id, "executed", LIMIT_MS);
        return `${this.display(units)} withdrawn; it can be claimed once its batch is proven`;
    }

    async claim({ withdrawal }: Operation): Promise<string> {
        if (withdrawal === undefined) throw new TypeError("nothing to claim");
        const proof = await this.client.withdrawalProof(withdrawal.batch, withdrawal.index);
        await this.l1.claim(proof);
        return `${this.display(proof.amount)} claimed for ${proof.recipient}`;
    }

    /** Whether an operation is a withdrawal that L1 would pay now. */
    async isClaimable({ status, withdrawal }: Operation): Promise<boolean> {
        if (status !== "proven" || withdrawal === undefined) return false;
        return !(await this.l1.isClaimed(withdrawal.batch, withdrawal.index));
    }

    display(units: bigint): string {
        return `${this.client.core.formatAmount(units, ETH.decimals)} ${ETH.symbol}`;
    }

    #units(amount: string): bigint {
        const { units, rounded } = parseAmount(this.client.core, ETH, amount);
        if (rounded) throw new RangeError("the rollup counts in gwei: at most nine decimals");
        if (units === 0n) throw new RangeError("nothing to send");
        return units;
    }

    async #fee(): Promise<bigint> {
        const { minFees } = await this.client.info();
        return minFees.get(0) ?? 0n;
    }

    async #open(): Promise<Sender> {
        this.#sender ??= await this.client.sender(this.address, this.key);
        return this.#sender;
    }
}
