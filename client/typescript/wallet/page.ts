// The page's elements. Whatever comes from outside becomes text, never markup.

export function element<E extends HTMLElement>(id: string, kind: new () => E): E {
    const found = document.getElementById(id);
    if (!(found instanceof kind)) throw new TypeError(`the page has no #${id}`);
    return found;
}

export function setText(id: string, text: string): void {
    element(id, HTMLElement).textContent = text;
}

export function setHidden(id: string, hidden: boolean): void {
    element(id, HTMLElement).hidden = hidden;
}

export function say(text: string, isError = false): void {
    setText("message", text);
    element("message", HTMLElement).classList.toggle("error", isError);
}

/** A row of texts, with a button at its end where there is something to do. */
export function row(texts: readonly string[], action?: { readonly label: string; readonly run: () => void }): HTMLTableRowElement {
    const line = document.createElement("tr");
    for (const text of texts) line.insertCell().textContent = text;
    const last = line.insertCell();
    if (action !== undefined) {
        const button = document.createElement("button");
        button.textContent = action.label;
        button.addEventListener("click", action.run);
        last.append(button);
    }
    return line;
}

/** The text of a form's field, without blanks around it. */
export function field(form: HTMLFormElement, name: string): string {
    const value = new FormData(form).get(name);
    return typeof value === "string" ? value.trim() : "";
}
