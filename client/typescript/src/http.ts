// Requests to the gateway: a deadline on each, and again while the sequencer is away or full.

import { AshlarError, RefusedError, RequestError, UnreachableError } from "./errors.js";
import { sleep } from "./time.js";
import { Fields } from "./wire.js";

export interface Options {
    /** Limit for each request. */
    readonly requestTimeoutMs: number;
    /** How often a request is sent in all. */
    readonly attempts: number;
    /** Pause before the second attempt; each further pause is twice as long, up to {@link maxPauseMs}. */
    readonly firstPauseMs: number;
    readonly maxPauseMs: number;
}

/** About half a minute in all for a sequencer that restarts. */
export const DEFAULTS: Options = { requestTimeoutMs: 20_000, attempts: 9, firstPauseMs: 100, maxPauseMs: 10_000 };

export class Http {
    constructor(
        /** Without a slash at the end. */
        readonly base: string,
        readonly options: Options,
    ) {}

    get(path: string): Promise<Fields> {
        return this.#retry(`GET ${path}`, path, {});
    }

    /** `undefined` where the gateway says that there is no such thing. */
    async find(path: string): Promise<Fields | undefined> {
        try {
            return await this.get(path);
        } catch (error) {
            if (error instanceof RequestError && error.status === 404) return undefined;
            throw error;
        }
    }

    /** Only for what may be done twice. */
    post(path: string, body: unknown): Promise<Fields> {
        const headers = { "content-type": "application/json" };
        return this.#retry(`POST ${path}`, path, { method: "POST", headers, body: JSON.stringify(body) });
    }

    async #retry(request: string, path: string, init: RequestInit): Promise<Fields> {
        let pause = this.options.firstPauseMs;
        for (let attempt = 1; ; attempt++) {
            try {
                return await this.#once(request, path, init);
            } catch (error) {
                if (attempt >= this.options.attempts || !mayPass(error)) throw error;
            }
            await sleep(pause);
            pause = Math.min(2 * pause, this.options.maxPauseMs);
        }
    }

    async #once(request: string, path: string, init: RequestInit): Promise<Fields> {
        let response: Response;
        let body: unknown;
        try {
            const signal = AbortSignal.timeout(this.options.requestTimeoutMs);
            response = await fetch(this.base + path, { ...init, signal });
            body = await response.json().catch((cause: unknown) => {
                if (cause instanceof SyntaxError) return undefined; // not JSON: the status says more
                throw cause;
            });
        } catch (cause) {
            throw new UnreachableError(request, { cause });
        }
        if (response.ok) return new Fields(request, body);
        throw problem(request, response.status, body);
    }
}

/** Problem details (RFC 9457), with the refusal of a transaction where there is one. */
function problem(request: string, status: number, body: unknown): AshlarError {
    if (typeof body !== "object" || body === null) return new RequestError(request, status, "no reason given");
    const fields = new Fields(request, body);
    if (fields.has("refusal")) {
        const refusal = fields.fields("refusal");
        return new RefusedError(refusal.text("code"), refusal.text("field"), refusal.text("message"), status !== 429);
    }
    return new RequestError(request, status, fields.has("detail") ? fields.text("detail") : "no reason given");
}

function mayPass(error: unknown): boolean {
    if (error instanceof UnreachableError) return true;
    if (error instanceof RefusedError) return !error.isFinal;
    return error instanceof RequestError && [429, 502, 503, 504].includes(error.status);
}
