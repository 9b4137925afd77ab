// Wallet, package, explorer and dashboard over one devnet, sequencer, farm and worker, in the order in which a user comes to them.

import { after, before, describe } from "node:test";

import { dashboardTests } from "./dashboard.js";
import { Explorer } from "./explorer.js";
import { packageTests } from "./package.js";
import { Stack } from "./stack.js";
import { walletTests } from "./wallet.js";

let stack: Stack;
before(async () => {
    stack = await Stack.start();
});
after(() => stack?.stop());

describe("a rollup in a browser", { timeout: 3_600_000 }, () => {
    const explorer = new Explorer(() => stack);
    explorer.before();
    walletTests(() => stack);
    packageTests(() => stack);
    explorer.after();
    dashboardTests(() => stack);
});
