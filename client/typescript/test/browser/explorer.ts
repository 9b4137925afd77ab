// The explorer in a real browser: opened before anything has happened, and never loaded again.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";

import { Client, EthereumWallet } from "@ashlar/client";
import type { Locator, Page } from "playwright-core";

import { loadCore } from "../support.js";
import { ALICE, BOB, L1_EXPLORER, PROVING_LIMIT_MS, type Stack, User } from "./stack.js";

/** More than a page of its lists. */
const PAYMENTS = 51;

export class Explorer {
    private page!: Page;
    private readonly faults: string[] = [];

    constructor(private readonly stack: () => Stack) {}

    /** On a rollup without batches. */
    before(): void {
        describe("the explorer of a new rollup", { timeout: 300_000 }, () => {
            test("shows chain and contract, and waits for a batch", async () => {
                this.page = await this.stack().page("/", this.faults);
                await this.says("No batch is sealed yet.");
                await this.page.locator("#live.on").waitFor();
                assert.equal(await this.fact("Chain"), "31337");
                assert.equal(await this.fact("Being filled"), "batch 1");
                const contract = await this.page.locator("dd a").getAttribute("href");
                assert.match(contract ?? "", new RegExp(`^${L1_EXPLORER}/address/0x[0-9a-f]{40}$`));
            });
        });
    }

    /** On what the other tests have left. */
    after(): void {
        describe("the explorer", { timeout: PROVING_LIMIT_MS + 300_000 }, () => {
            test("has followed the batches until they were proven, without being loaded again", async () => {
                const rows = this.page.locator("#batches tbody tr");
                await rows.first().waitFor();
                const first = rows.last();
                assert.match((await first.textContent()) ?? "", /^1proven/);
                const [queued, transfers] = [await cell(first, 3), await cell(first, 4)];
                assert.ok(Number(queued) > 0, `${queued} operations from L1`);
                assert.ok(Number(transfers) >= 0, `${transfers} transfers`);
                assert.equal(await cell(first, 7), "2,149", "bytes of the proof");
                assert.ok(amount(await cell(first, 8)) > 400_000, "gas of commit and proof");
            });

            test("shows how far proving is", async () => {
                await this.pay();
                await this.page.locator("#batches progress").first().waitFor({ timeout: PROVING_LIMIT_MS });
                const said = (await this.page.locator("#batches progress").first().getAttribute("aria-label")) ?? "";
                assert.match(said, /^[0-9]+ of [1-9][0-9]* jobs$/);
                await this.facts("Being filled").filter({ hasText: "batch 3" }).waitFor();
                await this.picture("explorer.png");
            });

            test("shows a batch: its transactions on L1, its steps, its operations", async () => {
                await this.page.getByRole("link", { name: "1", exact: true }).click();
                await this.page.getByRole("heading", { name: "Batch 1 proven" }).waitFor();
                for (const name of ["Committed on L1 by", "Proven on L1 by"]) {
                    const links = this.facts(name).locator("a");
                    assert.match((await links.first().getAttribute("href")) ?? "", new RegExp(`^${L1_EXPLORER}/tx/0x[0-9a-f]{64}$`));
                    assert.match((await links.last().getAttribute("href")) ?? "", new RegExp(`^${L1_EXPLORER}/block/[0-9]+$`));
                }
                assert.equal(await this.fact("Proof"), "2,149 bytes");
                const steps = await this.page.locator("h2:has-text('Steps') + .scroll tbody tr").allTextContents();
                for (const step of ["chunk", "compress", "wrap", "commit", "settle"]) {
                    assert.ok(steps.some((row) => row.toLowerCase().includes(step)), `${step} in ${steps.join(" | ")}`);
                }
                await this.page.getByText(/^deposit L1 operation [0-9]+$/).first().waitFor();
                await this.picture("batch.png");
            });

            test("shows an account, a page of its operations at a time", async () => {
                await this.find("1");
                await this.page.getByRole("heading", { name: "Account 1" }).waitFor();
                assert.match(await this.fact("ETH"), /^0\.17[0-9]+$/);
                const rows = this.page.locator("section tbody tr");
                await rows.first().waitFor();
                assert.equal(await rows.count(), 50);
                await this.page.getByRole("button", { name: "Earlier ones" }).click();
                await rows.nth(50).waitFor();
                const last = (await rows.last().textContent()) ?? "";
                assert.ok(last.includes("deposit") && last.includes("1.5 ETH"), last);
                const withdrawal = rows.filter({ hasText: "withdrawal" });
                assert.equal(await withdrawal.locator(`a[href="${L1_EXPLORER}/address/${BOB}"]`).count(), 1);
            });

            test("finds a transaction by its id, an account by its L1 owner, and says what it does not find", async () => {
                const id = await this.page.locator("section tbody tr a.mono").last().getAttribute("title");
                await this.find(id ?? "");
                await this.page.getByRole("heading", { name: "Transaction proven" }).waitFor();
                await this.says(id ?? "");
                await this.find("0");
                await this.page.getByRole("heading", { name: "Account 0" }).waitFor();
                await this.find(ALICE);
                await this.page.getByRole("heading", { name: "Account 1" }).waitFor();
                await this.find("4000000000");
                await this.page.getByRole("alert").waitFor();
                await this.find("<b>nonsense</b>");
                await this.page.getByRole("alert").filter({ hasText: "An account number, an L1 owner" }).waitFor();
            });

            test("has loaded nothing from elsewhere, and no script has failed", () => {
                assert.deepEqual(this.faults, []);
            });
        });
    }

    /** Pays again and again, from the wallet user's account. */
    private async pay(): Promise<void> {
        const core = await loadCore();
        const client = await Client.connect(core, this.stack().gateway);
        const wallet = await EthereumWallet.connect(new User(this.stack().l1, ALICE));
        const sender = await client.sender(wallet.address, await wallet.rollupKey(core, client.domain));
        const payee = await client.payee(0);
        await Promise.all(Array.from({ length: PAYMENTS }, () => sender.transfer({ ...payee, token: 0, amount: 1n, fee: 0n })));
    }

    private facts(name: string): Locator {
        return this.page.locator(".facts > div").filter({ has: this.page.locator(`dt:text-is("${name}")`) }).locator("dd");
    }

    private async fact(name: string): Promise<string> {
        return (await this.facts(name).textContent()) ?? "";
    }

    private async find(what: string): Promise<void> {
        await this.page.locator("#query").fill(what);
        await this.page.getByRole("button", { name: "Find" }).click();
    }

    private async says(text: string): Promise<void> {
        await this.page.getByText(text, { exact: true }).waitFor();
    }

    /** For the documentation, where ASHLAR_TEST_PICTURES names a folder. */
    private async picture(name: string): Promise<void> {
        const folder = process.env["ASHLAR_TEST_PICTURES"];
        if (folder !== undefined && folder !== "") await this.page.screenshot({ path: join(folder, name) });
    }
}

const cell = async (row: Locator, number: number): Promise<string> => (await row.locator("td").nth(number).textContent()) ?? "";

const amount = (text: string): number => Number(text.replaceAll(",", ""));
