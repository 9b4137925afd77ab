// The Ethereum wallet, as EIP-1193 has it: it signs the text of the rollup key, and sends what goes to L1.

import { type Hex, fromHex, toHex } from "./bytes.js";
import type { Core, Domain, RollupKey } from "./core.js";
import { UnstableSignatureError, WalletError, WrongChainError } from "./errors.js";

export interface Eip1193Provider {
    request(args: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}

/** An account of a wallet. */
export class EthereumWallet {
    private constructor(
        readonly provider: Eip1193Provider,
        readonly address: Hex,
    ) {}

    /** Asks the user to connect an account. */
    static async connect(provider: Eip1193Provider): Promise<EthereumWallet> {
        const accounts = await request(provider, "eth_requestAccounts");
        const first: unknown = Array.isArray(accounts) ? accounts[0] : undefined;
        if (typeof first !== "string") throw new WalletError("eth_requestAccounts", undefined, "no account was connected");
        return new EthereumWallet(provider, toHex(fromHex(first, 20)));
    }

    /** A call of the wallet or, through it, of its L1 node. */
    request(method: string, params: readonly unknown[] = []): Promise<unknown> {
        return request(this.provider, method, params);
    }

    /** Throws unless the wallet is on the rollup's chain. */
    async expectChain(expected: bigint): Promise<void> {
        const answer = await this.request("eth_chainId");
        if (typeof answer !== "string" || !/^0x[0-9a-fA-F]+$/.test(answer)) {
            throw new WalletError("eth_chainId", undefined, "the answer is not a number");
        }
        if (BigInt(answer) !== expected) throw new WrongChainError(BigInt(answer), expected);
    }

    /** The account's rollup key, for one rollup. Sign its text on pages that you trust alone: the signature is the key. */
    async rollupKey(core: Core, domain: Domain): Promise<RollupKey> {
        return core.openKey(await this.#signature(core, domain));
    }

    /**
     * Asks for the signature again, and throws if it gives another key: some wallets sign differently each time, and what
     * such a key owns would be lost. To be done before the first deposit.
     */
    async confirmKey(core: Core, domain: Domain, key: RollupKey): Promise<void> {
        const again = await this.rollupKey(core, domain);
        again.close();
        if (again.auth !== key.auth) throw new UnstableSignatureError();
    }

    async #signature(core: Core, domain: Domain): Promise<Uint8Array> {
        const text = toHex(new TextEncoder().encode(core.keyMessage(domain)));
        const answer = await this.request("personal_sign", [text, this.address]);
        if (typeof answer !== "string") throw new WalletError("personal_sign", undefined, "the answer is not a signature");
        return fromHex(answer);
    }
}

async function request(provider: Eip1193Provider, method: string, params: readonly unknown[] = []): Promise<unknown> {
    try {
        return await provider.request({ method, params });
    } catch (cause) {
        const error = typeof cause === "object" && cause !== null ? (cause as { code?: unknown; message?: unknown }) : {};
        const code = typeof error.code === "number" ? error.code : undefined;
        const message = typeof error.message === "string" ? error.message : String(cause);
        throw new WalletError(method, code, code === 4001 ? "refused by the user" : message, { cause });
    }
}
