// A connected wallet: its rollup key, its account, and what can be done with it. Knows nothing of the page.

import {
    type Client,
    ETH,
    EthereumWallet,
    type Eip1193Provider,
    type Hex,
    L1,
    type Operation,
    type RollupKey,
    type Sender,
    fromHex,
    parseAmount,
    toHex,
} from "./index.js";

/** How long the wallet waits for a deposit or a transaction to be executed. */
const LIMIT_MS = 120_000;

export class Session {
    #sender: Sender | undefined;

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
            if ((await client.account(key.keyHash)) === undefined) await wallet.confirmKey(client.core, client.domain, key);
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

    async deposit(amount: string): Promise<string> {
        const units = this.#units(amount);
        const number = await this.l1.deposit(ETH, units, this.key.keyHash);
        await this.client.waitForDeposit(number, "executed", LIMIT_MS);
        return `${this.display(units)} deposited`;
    }

    async transfer(to: string, amount: string): Promise<string> {
        if (!/^[0-9]{1,10}$/.test(to)) throw new RangeError(`\`${to}\` is no account number`);
        const asked = this.#units(amount);
        const units = this.client.core.roundAmount(asked);
        const id = await (await this.#open()).transfer({ to: Number(to), token: 0, amount: units, fee: await this.#fee() });
        await this.client.wait(id, "executed", LIMIT_MS);
        const rounded = units === asked ? "" : `, rounded from ${this.display(asked)}`;
        return `${this.display(units)} transferred to account ${to}${rounded}`;
    }

    async withdraw(to: string, amount: string): Promise<string> {
        const recipient = to === "" ? this.address : toHex(fromHex(to, 20));
        const units = this.#units(amount);
        const id = await (await this.#open()).withdraw({ to: recipient, token: 0, amount: units, fee: await this.#fee() });
        await this.client.wait(id, "executed", LIMIT_MS);
        return `${this.display(units)} withdrawn; it can be claimed once its batch is proven`;
    }

    async claim({ withdrawal }: Operation): Promise<string> {
        if (withdrawal === undefined) throw new TypeError("not a withdrawal");
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
        this.#sender ??= await this.client.sender(this.key);
        return this.#sender;
    }
}
