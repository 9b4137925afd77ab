// The farm's dashboard in a real browser, over the batches that the other tests have left.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Stack, watch } from "./stack.js";

export function dashboardTests(stack: () => Stack): void {
    describe("the farm's dashboard", { timeout: 300_000 }, () => {
        test("shows a batch with its stages, cost and gas, the worker, and what a transaction cost, and stays current", async () => {
            const faults: string[] = [];
            const page = await (await stack().browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
            watch(page, faults);
            await page.goto(stack().dashboard);
            await page.locator("#live.on").waitFor();
            const first = page.locator("#batches tbody tr").last();
            const said = (await first.textContent()) ?? "";
            assert.match(said, /^131337:0x[0-9a-f]{6}…[0-9a-f]{4}done/);
            for (const kind of ["chunk", "compress 1/1", "wrap 1/1"]) assert.ok(said.includes(kind), said);
            assert.notEqual(await first.locator("td").nth(4).textContent(), "0.0 s", "what it cost");
            assert.match((await first.locator("td").nth(5).textContent()) ?? "", /^[1-9]/, "its transactions");
            assert.match((await first.locator("td").nth(6).textContent()) ?? "", /^[1-9][0-9,]{4,}$/, "its gas on L1");
            const tenant = page.locator("#tenants tbody tr").first().locator("td");
            for (const [place, what] of [[11, "gas"], [12, "CPU seconds"]] as const)
                assert.match((await tenant.nth(place).textContent()) ?? "", /^[0-9.,]*[1-9]/, `${what} of a transaction`);
            const bar = await first.locator("svg rect.done").last().getAttribute("width");
            assert.equal(bar, "100", "the wrap is done");
            assert.ok((await page.locator("#workers tbody tr").count()) >= 1, "a worker");
            const time = (await page.locator("#live").textContent()) ?? "";
            await page.locator("#live.on").filter({ hasNotText: time }).waitFor();
            assert.deepEqual(faults, []);
            await page.close();
        });
    });
}
