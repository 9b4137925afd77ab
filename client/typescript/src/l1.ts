// What goes to L1 through the user's wallet: deposits and claims.

import * as abi from "./abi.js";
import { type Hex, fromHex, toHex } from "./bytes.js";
import type { Core, Domain, ParsedAmount } from "./core.js";
import { L1Error } from "./errors.js";
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
     * Deposits units of a token for the account of a key, which need not exist yet. Gives the deposit's number in the
     * queue. An ERC-20 is approved first, for this amount.
     */
    async deposit(token: Token, units: bigint, keyHash: Hex): Promise<bigint> {
        const amount = units * token.unit;
        const { rollup } = this.domain;
        if (token.id !== 0) {
            const allowed = await this.#call("allowance", token.address, abi.allowance(this.wallet.address, rollup));
            if (abi.wordAt(allowed, 0) < amount) await this.#mine("approve", token.address, abi.approve(rollup, amount));
        }
        const receipt =
            token.id === 0
                ? await this.#mine("depositETH", rollup, abi.depositEth(keyHash), amount)
                : await this.#mine("depositERC20", rollup, abi.depositErc20(token.address, amount, keyHash));
        const queued = receipt.logs.find(
            ({ address, topics }) => address.toLowerCase() === rollup && topics[0] === abi.DEPOSIT_QUEUED,
        );
        if (queued?.topics[1] === undefined) throw new L1Error("deposit", undefined, "the contract has queued nothing");
        return BigInt(queued.topics[1]);
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
