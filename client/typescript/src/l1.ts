// What goes to L1 through the user's wallet: operations of the queue, and claims.

import * as abi from "./abi.js";
import { type Hex, fromHex, toHex } from "./bytes.js";
import type { Core, Domain, ParsedAmount } from "./core.js";
import { ExitModeError, ForeignAuthError, L1Error } from "./errors.js";
import type { EthereumWallet } from "./provider.js";
import { sleep } from "./time.js";

/** A token of the rollup; 0 is ETH. */
export interface Token {
    readonly id: number;
    readonly address: Hex;
    /** Base units in one unit of the rollup. */
    readonly unit: bigint;
    /** Decimals of the rollup's unit. */
    readonly decimals: number;
    /** As its contract says: anybody may deploy a token of any symbol. */
    readonly symbol: string;
}

export const ETH: Token = { id: 0, address: `0x${"00".repeat(20)}`, unit: 10n ** 9n, decimals: 9, symbol: "ETH" };

/** The `auth` for which nothing signs. */
export const NO_AUTH: Hex = `0x${"00".repeat(32)}`;

/** `12.25` as units of a token. */
export function parseAmount(core: Core, token: Token, text: string): ParsedAmount {
    return core.parseAmount(text, token.decimals);
}

interface Log {
    readonly address: string;
    readonly topics: readonly string[];
}

interface L1Receipt {
    readonly status: string;
    readonly logs: readonly Log[];
}

/** The rollup contract, as one account of a wallet uses it. */
export class L1 {
    private constructor(
        readonly domain: Domain,
        readonly wallet: EthereumWallet,
        /** How long a transaction may take to be mined. */
        readonly miningTimeoutMs: number,
    ) {}

    /** Throws unless the wallet is on the rollup's chain. */
    static async connect(domain: Domain, wallet: EthereumWallet, miningTimeoutMs = 180_000): Promise<L1> {
        await wallet.expectChain(domain.chainId);
        return new L1(domain, wallet, miningTimeoutMs);
    }

    async token(id: number): Promise<Token> {
        if (id === 0) return ETH;
        const info = await this.#call("tokenInfo", this.domain.rollup, abi.tokenInfo(id));
        const address = toHex(fromHex(info).subarray(12, 32));
        const unit = abi.wordAt(info, 1);
        const decimals = Number(abi.wordAt(await this.#call("decimals", address, abi.decimals()), 0));
        const symbol = abi.textOf(await this.#call("symbol", address, abi.symbol()));
        // The unit is a power of ten, at most 10^decimals.
        return { id, address, unit, decimals: Math.max(0, decimals - (unit.toString().length - 1)), symbol };
    }

    /**
     * Deposits units of a token for the owner's account with this `auth`, which need not exist yet; without one, which is
     * all that others may give, for any account of the owner. Gives the index in the queue. An ERC-20 is approved first,
     * for this amount. In exit mode nothing is sent ({@link ExitModeError}).
     */
    async deposit(token: Token, units: bigint, owner: Hex, auth: Hex = NO_AUTH): Promise<bigint> {
        const amount = units * token.unit;
        const { rollup } = this.domain;
        const { address } = this.wallet;
        if (auth !== NO_AUTH && owner.toLowerCase() !== address.toLowerCase()) throw new ForeignAuthError(address, owner);
        if (token.id !== 0) {
            await this.#requireNoExitMode("depositERC20");
            const allowed = await this.#call("allowance", token.address, abi.allowance(address, rollup));
            if (abi.wordAt(allowed, 0) < amount) await this.#mine("approve", token.address, abi.approve(rollup, amount));
        }
        return token.id === 0
            ? this.#queue("depositETH", abi.depositEth(owner, auth), amount)
            : this.#queue("depositERC20", abi.depositErc20(token.address, amount, owner, auth));
    }

    /**
     * Gives an account of this wallet another `auth`; {@link NO_AUTH} locks it until it is set again. Gives the index in
     * the queue. It does nothing to an account of somebody else.
     */
    setAuth(account: number, auth: Hex): Promise<bigint> {
        return this.#queue("setAuth", abi.setAuth(account, auth));
    }

    /**
     * Withdraws units of a token, or what there is of them, from an account of this wallet to its address; no sequencer
     * can refuse it. Gives the index in the queue. From an account of somebody else it withdraws nothing.
     */
    forceWithdrawal(account: number, token: number, units: bigint): Promise<bigint> {
        return this.#queue("forceWithdrawal", abi.forceWithdrawal(account, token, units));
    }

    /**
     * Pays units of a token, or what there is of them, from an account of this wallet to another account; no sequencer
     * can refuse it. Gives the index in the queue. From an account of somebody else, or to none, it pays nothing.
     */
    forceTransfer(account: number, to: number, token: number, units: bigint): Promise<bigint> {
        return this.#queue("forceTransfer", abi.forceTransfer(account, to, token, units));
    }

    /** Has a withdrawal paid to its recipient; its batch must be proven. Gives the transaction's hash. */
    async claim(claim: abi.Claim): Promise<Hex> {
        return (await this.#mine("claimWithdrawal", this.domain.rollup, abi.claimWithdrawal(claim))).hash;
    }

    async isClaimed(batch: bigint, index: number): Promise<boolean> {
        const answer = await this.#call("isClaimed", this.domain.rollup, abi.isClaimed(batch, index));
        return abi.wordAt(answer, 0) === 1n;
    }

    async #call(name: string, to: Hex, data: Hex): Promise<Hex> {
        const answer = await this.wallet.request("eth_call", [{ to, data }, "latest"]);
        if (typeof answer !== "string" || answer === "0x") throw new L1Error(name, undefined, "there is no such contract");
        return toHex(fromHex(answer));
    }

    /** Before anything is paid for what the contract would refuse. */
    async #requireNoExitMode(call: string): Promise<void> {
        const answer = await this.#call("exitMode", this.domain.rollup, abi.exitMode());
        if (abi.wordAt(answer, 0) === 1n) throw new ExitModeError(call);
    }

    /** Sends a call that queues an operation; gives its index in the queue. */
    async #queue(call: string, data: Hex, value = 0n): Promise<bigint> {
        await this.#requireNoExitMode(call);
        const { rollup } = this.domain;
        const { hash, logs } = await this.#mine(call, rollup, data, value);
        const queued = logs.find(
            ({ address, topics }) => address.toLowerCase() === rollup && topics[0] === abi.OPERATION_QUEUED,
        );
        if (queued?.topics[1] === undefined) throw new L1Error(call, hash, "the contract has queued nothing");
        return BigInt(queued.topics[1]);
    }

    async #mine(call: string, to: Hex, data: Hex, value = 0n): Promise<L1Receipt & { readonly hash: Hex }> {
        await this.wallet.expectChain(this.domain.chainId); // the user may have changed it
        const transaction = { from: this.wallet.address, to, data, value: `0x${value.toString(16)}` };
        const answer = await this.wallet.request("eth_sendTransaction", [transaction]);
        if (typeof answer !== "string") throw new L1Error(call, undefined, "the wallet gave no transaction hash");
        const hash = toHex(fromHex(answer, 32));
        const end = Date.now() + this.miningTimeoutMs;
        for (;;) {
            const receipt = (await this.wallet.request("eth_getTransactionReceipt", [hash])) as L1Receipt | null;
            if (receipt !== null) {
                if (BigInt(receipt.status) !== 1n) throw new L1Error(call, hash, "it was mined and failed");
                return { ...receipt, hash };
            }
            if (Date.now() >= end) {
                throw new L1Error(call, hash, `not mined after ${this.miningTimeoutMs / 1000} s; it may still be`);
            }
            await sleep(500);
        }
    }
}
