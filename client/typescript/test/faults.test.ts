// A gateway that fails: what is sent again, and what is not.

import assert from "node:assert/strict";
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { AnswerError, RefusedError, RequestError, UnreachableError } from "@ashlar/client";

import { Http } from "../dist/http.js";

const options = { requestTimeoutMs: 1_000, attempts: 3, firstPauseMs: 1, maxPauseMs: 2 };

/** Runs a server whose n-th request is answered by the n-th handler, the last one for all that follow. */
async function against(handlers: readonly RequestListener[], run: (http: Http) => Promise<void>): Promise<number> {
    let requests = 0;
    const server = createServer((request, response) => {
        handlers[Math.min(requests++, handlers.length - 1)]?.(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
        await run(new Http(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, options));
    } finally {
        server.closeAllConnections();
        server.close();
    }
    return requests;
}

const answer = (status: number, body: unknown): RequestListener => (_, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};
const hangUp: RequestListener = (request) => request.socket.destroy();
const refusal = (code: string) => ({ detail: "refused", refusal: { code, field: "nonce", message: "2 was used" } });

test("a lost connection and a busy sequencer are tried again", async () => {
    const handlers = [hangUp, answer(429, refusal("CODE_BUSY")), answer(200, { ok: "yes" })];
    const requests = await against(handlers, async (http) => {
        assert.equal((await http.post("/v1/transactions", {})).text("ok"), "yes");
    });
    assert.equal(requests, 3);
});

test("a refusal for good is not tried again, and says its reason", async () => {
    const requests = await against([answer(400, refusal("CODE_NONCE"))], async (http) => {
        await assert.rejects(http.post("/v1/transactions", {}), (error) => {
            assert.ok(error instanceof RefusedError);
            assert.deepEqual([error.code, error.field, error.message, error.isFinal], ["CODE_NONCE", "nonce", "2 was used", true]);
            return true;
        });
    });
    assert.equal(requests, 1);
});

test("what stays away is given up after so many attempts", async () => {
    const requests = await against([hangUp], async (http) => {
        await assert.rejects(http.get("/v1/info"), UnreachableError);
    });
    assert.equal(requests, options.attempts);
});

test("what is not there is not there, and other failures are errors", async () => {
    await against([answer(404, { detail: "no such account" })], async (http) => {
        assert.equal(await http.find("/v1/accounts/7"), undefined);
    });
    await against([answer(500, { detail: "disk" })], async (http) => {
        await assert.rejects(http.find("/v1/accounts/7"), (error) => error instanceof RequestError && error.status === 500);
    });
});

test("an answer of another form is refused, not guessed at", async () => {
    const body = { amount: 12, index: -1, hash: "0x0g", list: {} };
    await against([answer(200, body)], async (http) => {
        const fields = await http.get("/v1/info");
        for (const read of [
            () => fields.amount("amount"),
            () => fields.number("index"),
            () => fields.hex("hash"),
            () => fields.list("list"),
            () => fields.text("missing"),
        ]) {
            assert.throws(read, AnswerError);
        }
    });
    await against([answer(200, [])], async (http) => {
        await assert.rejects(http.get("/v1/info"), AnswerError);
    });
});
