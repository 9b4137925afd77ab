// Everything that `ashlar up` starts, over a folder of its own and on free ports, and a browser beside it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Browser, type Page, chromium } from "playwright-core";

/** Where the explorer's links to L1 lead; nobody follows them here. */
export const L1_EXPLORER = "https://l1.example";
const START_LIMIT_MS = 900_000; // circuits and keys are made on a fresh machine

// Funded accounts of every development node; the first is the operator.
export const OPERATOR = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
export const ALICE = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
export const BOB = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc";
export const PROVING_LIMIT_MS = 900_000;

function environment(name: string): string {
    const value = process.env[name];
    if (value === undefined || value === "") throw new Error(`${name} is not set: scripts/test-browser sets it`);
    return value;
}

async function freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    return port;
}

/** A wallet's user who agrees to everything: requests go to the devnet, which has the keys of its funded accounts. */
export class User {
    readonly asked: string[] = [];

    constructor(
        readonly l1: string,
        readonly address: string,
    ) {}

    async request({ method, params = [] }: { method: string; params?: readonly unknown[] }): Promise<unknown> {
        this.asked.push(method);
        if (method === "eth_requestAccounts") return [this.address];
        const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
        const response = await fetch(this.l1, { method: "POST", headers: { "content-type": "application/json" }, body });
        const answer = (await response.json()) as { result?: unknown; error?: { code: number; message: string } };
        if (answer.error !== undefined) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
        return answer.result;
    }
}

export class Stack {
    private constructor(
        readonly gateway: string,
        readonly l1: string,
        readonly dashboard: string,
        readonly browser: Browser,
        private readonly folder: string,
        private readonly process: ChildProcess,
    ) {}

    static async start(): Promise<Stack> {
        const folder = await mkdtemp(join(tmpdir(), "ashlar-browser-"));
        const ports = await Promise.all([freePort(), freePort(), freePort(), freePort(), freePort()]);
        const [l1, sequencer, gateway, farm, dashboard] = ports;
        const config = `
[common]
deployment = "${folder}/deployment.toml"
l1_rpc = "http://127.0.0.1:${l1}"
sequencer = "http://127.0.0.1:${sequencer}"
farm = "http://127.0.0.1:${farm}"
[up]
data_dir = "${folder}/data"
[devnet]
listen = "127.0.0.1:${l1}"
[farm]
listen = "127.0.0.1:${farm}"
listen_dashboard = "127.0.0.1:${dashboard}"
[sequencer]
listen = "127.0.0.1:${sequencer}"
http = "127.0.0.1:${gateway}"
wallet_dir = "${environment("ASHLAR_TEST_WALLET_DIR")}"
l1_explorer = "${L1_EXPLORER}"
max_age_secs = 5
confirmations = 0
poll_ms = 200
`;
        await writeFile(join(folder, "ashlar.toml"), config);
        const arguments_ = ["--config", join(folder, "ashlar.toml"), "up"];
        const child = spawn(environment("ASHLAR_TEST_BINARY"), arguments_, {
            cwd: environment("ASHLAR_TEST_ROOT"), // where circuits and keys are cached
            stdio: ["ignore", "pipe", "inherit"],
        });
        try {
            await ready(child);
            const browser = await chromium.launch({
                executablePath: environment("CHROMIUM"),
                args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
            });
            const [pages, node, shown] = [gateway, l1, dashboard].map((port) => `http://127.0.0.1:${port}`) as [string, string, string];
            return new Stack(pages, node, shown, browser, folder, child);
        } catch (error) {
            child.kill();
            await rm(folder, { recursive: true, force: true });
            throw error;
        }
    }

    /** A page of the gateway, and what goes wrong in it. */
    async page(path: string, faults: string[]): Promise<Page> {
        const page = await (await this.browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
        page.setDefaultTimeout(120_000);
        watch(page, faults);
        await page.goto(this.gateway + path);
        return page;
    }

    /** The wallet's page, as a user with this Ethereum account opens it. */
    async open(user: User): Promise<Page> {
        const page = await (await this.browser.newContext()).newPage();
        page.setDefaultTimeout(120_000);
        await page.exposeFunction("askWallet", (args: { method: string; params?: unknown[] }) => user.request(args));
        await page.addInitScript(() => {
            const world = window as unknown as { askWallet(args: unknown): Promise<unknown>; ethereum: unknown };
            world.ethereum = { request: (args: unknown) => world.askWallet(args) };
        });
        await page.goto(`${this.gateway}/wallet/`);
        return page;
    }

    async stop(): Promise<void> {
        await this.browser.close();
        this.process.kill("SIGTERM");
        if (this.process.exitCode === null) await once(this.process, "exit");
        await rm(this.folder, { recursive: true, force: true });
    }
}

/** Notes scripts that fail, and what the page's policy keeps from being loaded. */
export function watch(page: Page, faults: string[]): void {
    page.on("console", (message) => message.text().includes("Security Policy") && faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(error.message));
}

/** Until `ashlar up` says so. */
async function ready(child: ChildProcess): Promise<void> {
    let said = "";
    await new Promise<void>((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`not ready in time:\n${said}`)), START_LIMIT_MS);
        child.stdout?.on("data", (chunk: Buffer) => {
            said += chunk.toString();
            if (!said.includes("ready:")) return;
            clearTimeout(limit);
            resolve();
        });
        child.once("exit", (code) => {
            clearTimeout(limit);
            reject(new Error(`\`ashlar up\` ended with ${code}:\n${said}`));
        });
        child.once("error", reject);
    });
}
