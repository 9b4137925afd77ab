// Hexadecimal texts, and fields of fixed width as the module in WebAssembly takes them: big-endian.

/** `0x` and lower-case digits, two for each byte. */
export type Hex = `0x${string}`;

/** `undefined` for anything but `0x` and whole bytes. */
export function tryFromHex(text: string): Uint8Array | undefined {
    if (!/^0x([0-9a-fA-F]{2})*$/.test(text)) return undefined;
    const bytes = new Uint8Array(text.length / 2 - 1);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i + 2, 2 * i + 4), 16);
    return bytes;
}

/** The bytes of a text, exactly `length` where that is given. */
export function fromHex(text: string, length?: number): Uint8Array {
    const bytes = tryFromHex(text);
    if (bytes === undefined || (length !== undefined && bytes.length !== length)) {
        throw new RangeError(`\`${text}\` is not 0x and ${length ?? "whole"} bytes in hexadecimal`);
    }
    return bytes;
}

export function toHex(bytes: Uint8Array): Hex {
    let text: Hex = "0x";
    for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
    return text as Hex;
}

/** Collects the fields of a request. */
export class Writer {
    readonly #bytes: number[] = [];

    /** A number of `width` bytes. */
    number(value: bigint | number, width: 1 | 4 | 8): this {
        const given = BigInt(value);
        if (given < 0n || given >> BigInt(8 * width) !== 0n) {
            throw new RangeError(`${value} does not fit ${8 * width} bits`);
        }
        for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) {
            this.#bytes.push(Number((given >> BigInt(shift)) & 0xffn));
        }
        return this;
    }

    bytes(bytes: Uint8Array): this {
        for (const byte of bytes) this.#bytes.push(byte);
        return this;
    }

    hex(text: string, length: number): this {
        return this.bytes(fromHex(text, length));
    }

    finish(): Uint8Array {
        return Uint8Array.from(this.#bytes);
    }
}

/** Reads the fields of a response, whose length the operation fixes. */
export class Reader {
    #at = 0;
    constructor(readonly response: Uint8Array) {}

    number(width: 4 | 8): bigint {
        let value = 0n;
        for (const byte of this.#take(width)) value = (value << 8n) | BigInt(byte);
        return value;
    }

    flag(): boolean {
        return this.#take(1)[0] === 1;
    }

    hex(length: number): Hex {
        return toHex(this.#take(length));
    }

    rest(): Uint8Array {
        return this.#take(this.response.length - this.#at);
    }

    #take(length: number): Uint8Array {
        const bytes = this.response.subarray(this.#at, this.#at + length);
        this.#at += length;
        return bytes;
    }
}
