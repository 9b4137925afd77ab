// Answers of the gateway, checked field by field: whoever answers is not trusted to be one.

import { type Hex, tryFromHex } from "./bytes.js";
import { AnswerError } from "./errors.js";

/** A JSON object, read by the kind of each member. */
export class Fields {
    readonly #members: Readonly<Record<string, unknown>>;

    constructor(
        readonly request: string,
        json: unknown,
    ) {
        if (typeof json !== "object" || json === null || Array.isArray(json)) {
            throw new AnswerError(request, "the answer is not an object");
        }
        this.#members = json as Record<string, unknown>;
    }

    has(name: string): boolean {
        return this.#members[name] !== undefined && this.#members[name] !== null;
    }

    text(name: string): string {
        const value = this.#members[name];
        return typeof value === "string" ? value : this.#fail(name, "a text");
    }

    hex(name: string, length?: number): Hex {
        return this.#hex(name, this.#members[name], length);
    }

    hexes(name: string, length: number): Hex[] {
        return this.#array(name).map((value) => this.#hex(name, value, length));
    }

    /** A whole number that a double holds. */
    number(name: string): number {
        const value = this.#members[name];
        return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
            ? value
            : this.#fail(name, "a whole number");
    }

    bigint(name: string): bigint {
        return BigInt(this.number(name));
    }

    /** Decimal digits in a text: what a double does not hold. */
    amount(name: string): bigint {
        return this.#amount(name, this.#members[name]);
    }

    amounts(name: string): bigint[] {
        return this.#array(name).map((value) => this.#amount(name, value));
    }

    fields(name: string): Fields {
        return new Fields(this.request, this.#members[name]);
    }

    list(name: string): Fields[] {
        return this.#array(name).map((value) => new Fields(this.request, value));
    }

    /** One of the words that this version knows. */
    word<W extends string>(name: string, words: readonly W[]): W {
        const value = this.text(name);
        return words.find((word) => word === value) ?? this.#fail(name, `one of ${words.join(", ")}`);
    }

    #array(name: string): unknown[] {
        const value = this.#members[name];
        return Array.isArray(value) ? value : this.#fail(name, "a list");
    }

    #hex(name: string, value: unknown, length?: number): Hex {
        const bytes = typeof value === "string" ? tryFromHex(value) : undefined;
        return bytes !== undefined && (length === undefined || bytes.length === length)
            ? (value as Hex)
            : this.#fail(name, `${length ?? "whole"} bytes in hexadecimal`);
    }

    #amount(name: string, value: unknown): bigint {
        return typeof value === "string" && /^[0-9]{1,20}$/.test(value) ? BigInt(value) : this.#fail(name, "an amount");
    }

    #fail(name: string, expected: string): never {
        throw new AnswerError(this.request, `${name} is not ${expected}`);
    }
}
