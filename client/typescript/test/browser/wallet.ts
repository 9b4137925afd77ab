// The wallet in a real browser: from a deposit to a paid withdrawal.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Page } from "playwright-core";

import { ALICE, BOB, OPERATOR, PROVING_LIMIT_MS, type Stack, User, watch } from "./stack.js";

const text = async (page: Page, id: string): Promise<string> => (await page.locator(`#${id}`).textContent()) ?? "";

/** Waits for what the page says of the last action, and fails at once where it is an error. */
async function says(page: Page, expected: string): Promise<void> {
    const message = page.locator("#message");
    await message.filter({ hasNotText: /^…?$/ }).waitFor();
    assert.equal(await message.textContent(), expected);
}

async function submit(page: Page, form: string, fields: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(fields)) await page.locator(`#${form} [name=${name}]`).fill(value);
    await page.locator(`#${form} button`).click();
}

export function walletTests(stack: () => Stack): void {
    describe("the browser wallet", { timeout: 2_400_000 }, () => {
        let page: Page;
        let alice: User;
        const faults: string[] = [];

        test("derives a key, and asks twice before it has an account", async () => {
            alice = new User(stack().l1, ALICE);
            page = await stack().open(alice);
            watch(page, faults);
            await page.locator("#connect").click();
            await says(page, "connected");
            assert.equal(await text(page, "address"), ALICE);
            assert.match(await text(page, "auth"), /^0x[0-9a-f]{64}$/);
            assert.equal(alice.asked.filter((method) => method === "personal_sign").length, 2);
        });

        test("deposits, and shows account and balance", async () => {
            await submit(page, "deposit", { amount: "1.5" });
            await says(page, "1.5 ETH deposited");
            assert.match(await text(page, "account"), /^[0-9]+$/);
            assert.equal(await text(page, "balance"), "1.5 ETH");
        });

        test("transfers to another account, rounded where the amount cannot be carried", async () => {
            await page.locator("#transfer [name=to]").fill("0");
            await page.locator("#transfer [name=to]").blur();
            await page.locator("#payee").filter({ hasText: `pays account 0 of ${OPERATOR}` }).waitFor();
            await submit(page, "transfer", { to: "0", amount: "0.123456789" });
            await says(page, `0.123456789 ETH transferred to account 0 of ${OPERATOR}`);
            assert.equal(await text(page, "balance"), "1.376543211 ETH");
            await submit(page, "transfer", { to: OPERATOR, amount: "0.999999999" });
            await says(page, `0.99999999 ETH transferred to account 0 of ${OPERATOR}, rounded from 0.999999999 ETH`);
            assert.equal(await text(page, "balance"), "0.376543221 ETH");
        });

        test("refuses what cannot be, and says why", async () => {
            await submit(page, "transfer", { to: "0", amount: "9" });
            await page.locator("#message.error").waitFor();
            assert.match(await text(page, "message"), /holds 376543221/);
            await submit(page, "transfer", { to: BOB, amount: "0.1" });
            await page.locator("#message.error").filter({ hasText: `there is no account ${BOB}` }).waitFor();
            await submit(page, "withdraw", { to: "0x12", amount: "0.1" });
            await says(page, "`0x12` is not 0x and 20 bytes in hexadecimal");
            assert.equal(await text(page, "balance"), "0.376543221 ETH");
        });

        test("withdraws, and claims once the batch is proven on L1", async () => {
            await submit(page, "withdraw", { to: BOB, amount: "0.2" });
            await says(page, "0.2 ETH withdrawn; it can be claimed once its batch is proven");
            assert.equal(await text(page, "balance"), "0.176543221 ETH");
            const balance = async (): Promise<bigint> =>
                BigInt((await alice.request({ method: "eth_getBalance", params: [BOB, "latest"] })) as string);
            const before = await balance();
            const claim = page.getByRole("button", { name: "Claim" });
            await claim.waitFor({ timeout: PROVING_LIMIT_MS });
            await claim.click();
            await says(page, `0.2 ETH claimed for ${BOB}`);
            assert.equal((await balance()) - before, 200_000_000_000_000_000n);
            await claim.waitFor({ state: "detached" });
            assert.match(await text(page, "inclusion"), /holds the account under its root/);
        });

        test("has run under a policy that lets in nothing from elsewhere", async () => {
            const response = await page.request.get(`${stack().gateway}/wallet/`);
            const policy = response.headers()["content-security-policy"] ?? "";
            assert.match(policy, /default-src 'none'/);
            assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*/);
            const blocked = await page.evaluate(() => fetch("http://127.0.0.1:1/").then(() => "", (error: unknown) => String(error)));
            assert.match(blocked, /TypeError/);
            assert.ok(faults.length > 0 && faults.every((fault) => fault.includes("http://127.0.0.1:1/")), faults.join("\n"));
        });
    });
}
