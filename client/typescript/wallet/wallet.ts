// The wallet's page: what users do becomes calls of a session, and what the session knows becomes text.

import { AshlarError, Client, Core, type Eip1193Provider, type History, type Operation } from "./index.js";
import { element, field, row, say, setHidden, setText } from "./page.js";
import { Session, describePayee } from "./session.js";

/** How often the balance and the history are read. */
const REFRESH_MS = 5_000;

declare global {
    interface Window {
        readonly ethereum?: Eip1193Provider;
    }
}

const core = await Core.fetch(new URL("ashlar.wasm", import.meta.url));
const client = await Client.connect(core, location.origin);
setText("rollup", `Rollup ${client.domain.rollup} on chain ${client.domain.chainId}`);

let session: Session | undefined;
/** Where older history begins; `undefined` on the first page. */
let before: string | undefined;
let isBusy = false;
/** Number of the latest look: an earlier one that ends later shows nothing. */
let looks = 0;

function describe(operation: Operation, own: number): string {
    switch (operation.kind) {
        case "deposit":
            return "deposit";
        case "set_auth":
            return `auth set by ${operation.l1Address ?? "L1"}`;
        case "set_flags":
            return "flags set";
        case "forced_withdrawal":
            return `forced withdrawal by ${operation.l1Address ?? "L1"}`;
        case "forced_transfer":
            return operation.from === own
                ? `forced transfer to account ${operation.to}`
                : `forced transfer from account ${operation.from}`;
        case "withdrawal":
            return `withdrawal to ${operation.withdrawal?.recipient ?? "L1"}`;
        case "transfer":
            return operation.from === own ? `transfer to account ${operation.to}` : `transfer from account ${operation.from}`;
    }
}

function showHistory(of: Session, account: number, { operations, next }: History, claimable: readonly boolean[]): void {
    const rows = operations.map((operation, i) => {
        const texts = [String(operation.batch), describe(operation, account), of.display(operation.amount), operation.status];
        const claim = { label: "Claim", run: () => void act(() => of.claim(operation)) };
        return row(texts, claimable[i] === true ? claim : undefined);
    });
    element("history", HTMLTableSectionElement).replaceChildren(...rows);
    const older = element("older", HTMLButtonElement);
    older.hidden = next === undefined;
    older.onclick = () => {
        before = next;
        void refresh();
    };
}

async function refresh(): Promise<void> {
    const of = session;
    if (of === undefined) return;
    const look = ++looks;
    const account = await of.account();
    if (account === undefined) return;
    const [proven, history] = await Promise.all([client.inclusion(account.index), client.history(account.index, before)]);
    const claimable = await Promise.all(history.operations.map((operation) => of.isClaimable(operation)));
    if (look !== looks) return;
    const isSigning = account.auth === of.key.auth;
    setText("account", isSigning ? String(account.index) : `${account.index}, which your key does not sign for`);
    const adopt = element("adopt", HTMLButtonElement);
    adopt.hidden = isSigning;
    adopt.onclick = () => void act(() => of.adopt(account.index));
    setText("balance", of.display(account.balances.get(0) ?? 0n));
    const holds = proven.account === undefined ? "does not hold the account yet" : "holds the account under its root";
    setText("inclusion", `the state after batch ${proven.batch} ${holds}`);
    showHistory(of, account.index, history, claimable);
}

function complain(error: unknown): void {
    const isExpected = error instanceof AshlarError || error instanceof RangeError;
    say(isExpected ? error.message : String(error), true);
}

/** One thing at a time, with its outcome on the page. */
async function act(action: () => Promise<string>): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    const buttons = [...document.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    say("…");
    try {
        const done = await action();
        await refresh().catch(() => undefined); // it is done all the same; the next look complains
        say(done);
    } catch (error) {
        complain(error);
    } finally {
        for (const button of buttons) button.disabled = false;
        isBusy = false;
    }
}

async function connect(): Promise<string> {
    if (window.ethereum === undefined) throw new RangeError("this browser has no Ethereum wallet");
    session = await Session.connect(client, window.ethereum);
    setText("address", session.address);
    setText("auth", session.key.auth);
    setHidden("welcome", true);
    setHidden("wallet", false);
    return "connected";
}

function onSubmit(id: string, action: (form: HTMLFormElement, of: Session) => Promise<string>): void {
    const form = element(id, HTMLFormElement);
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        void act(async () => {
            if (session === undefined) throw new RangeError("connect a wallet first");
            const done = await action(form, session);
            form.reset();
            setText("payee", "");
            return done;
        });
    });
}

element("connect", HTMLButtonElement).addEventListener("click", () => void act(connect));
element("disconnect", HTMLButtonElement).addEventListener("click", () => {
    session?.close();
    location.reload(); // nothing of the session stays
});
/** Shows whom a payment would go to before it is signed. */
async function showPayee(form: HTMLFormElement): Promise<void> {
    const text = field(form, "to");
    setText("payee", "");
    if (session === undefined || text === "") return;
    const payee = await session.payee(text);
    if (field(form, "to") === text) setText("payee", `pays ${describePayee(payee)}`);
}

element("transfer", HTMLFormElement).addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.name === "to") {
        showPayee(element("transfer", HTMLFormElement)).catch(complain);
    }
});
onSubmit("deposit", (form, of) => of.deposit(field(form, "owner"), field(form, "amount")));
onSubmit("transfer", (form, of) => of.transfer(field(form, "to"), field(form, "amount")));
onSubmit("withdraw", (form, of) => of.withdraw(field(form, "to"), field(form, "amount")));
setInterval(() => {
    if (!isBusy) refresh().catch(complain);
}, REFRESH_MS);
