#!/usr/bin/env python3
"""Makes the tables of `ashlar-fixed`, and values to compare with; knows nothing of its code.

    tables.py           writes ../src/tables.rs and ../tests/values.txt
    tables.py --check   fails if they would be others, or a table's error is above its bound

A table is a function by 64 polynomials of degree 4 in u, the place within a piece from 0 to 1, that interpolate it at
Chebyshev's nodes, stretched in the first piece so that 0 is one of them: Φ(0) must be a half exactly, or the sign of zero
would matter. Coefficients are integers in 2^-32. Errors are those of the integers, by Horner's rule rounded to the
nearest at each step, against mpmath with 40 digits: at the ends, in the middle and at random places of every piece.
Needs Python 3.11 and mpmath (requirements.txt).
"""
import random
import sys
from pathlib import Path

import mpmath as mp

mp.mp.dps = 40
HERE = Path(__file__).resolve().parent
TABLES = HERE.parent / "src" / "tables.rs"
VALUES = HERE.parent / "tests" / "values.txt"

PIECES, DEGREE, OFFSET_BITS, SCALE_BITS = 64, 4, 20, 32
VALUE_BITS = 60  # of the values to compare with
RANDOM_PLACES = 8

# Name, what it is, function of the argument as an integer, bound of the error.
FUNCTIONS = [
    ("CDF", "The normal distribution function Φ on [0, 8), of arguments in 2^-23.",
     lambda n: mp.ncdf(mp.mpf(n) / 2**23), "1.0e-9"),
    ("PDF", "The normal density φ on [0, 8), of arguments in 2^-23.",
     lambda n: mp.npdf(mp.mpf(n) / 2**23), "1.5e-9"),
    ("LN", "The natural logarithm of `1 + argument / 2^26`.",
     lambda n: mp.log(1 + mp.mpf(n) / 2**26), "6.5e-10"),
]


def polynomial(function, piece):
    """Coefficients in u of the interpolating polynomial, as integers in 2^-32."""
    nodes = [(1 + mp.cos(mp.pi * (2 * i + 1) / (2 * DEGREE + 2))) / 2 for i in range(DEGREE + 1)]
    if piece == 0:
        nodes = [(u - nodes[-1]) / (1 - nodes[-1]) for u in nodes]
    powers = mp.matrix(DEGREE + 1, DEGREE + 1)
    values = mp.matrix(DEGREE + 1, 1)
    for i, u in enumerate(nodes):
        for k in range(DEGREE + 1):
            powers[i, k] = u**k
        values[i] = function((piece + u) * 2**OFFSET_BITS)
    return [int(mp.nint(c * 2**SCALE_BITS)) for c in mp.lu_solve(powers, values)]


def evaluate(table, argument):
    coefficients = table[argument >> OFFSET_BITS]
    u = argument % 2**OFFSET_BITS
    value = coefficients[DEGREE]
    for c in reversed(coefficients[:DEGREE]):
        value = (value * u + c * 2**OFFSET_BITS + 2 ** (OFFSET_BITS - 1)) // 2**OFFSET_BITS
    return value


def places(rng):
    """Where every piece is tried."""
    for piece in range(PIECES):
        first = piece << OFFSET_BITS
        yield from (first, first + 1, first + 2 ** (OFFSET_BITS - 1), first + 2**OFFSET_BITS - 1)
        yield from (first + rng.randrange(2**OFFSET_BITS) for _ in range(RANDOM_PLACES))


def rust(tables):
    lines = ["//! Made by `reference/tables.py`; never edited.", "", "use crate::Pieces;"]
    for (name, text, _, bound), table in zip(FUNCTIONS, tables):
        lines += ["", f"/// {text} In 2^-32; at most {bound} off.", "#[rustfmt::skip]",
                  f"pub const {name}: Pieces = Pieces {{", "    coefficients: ["]
        lines += [f"        [{', '.join(map(str, row))}]," for row in table]
        lines += ["    ],", "};"]
    return "\n".join(lines) + "\n"


def main():
    tables = [[polynomial(of, piece) for piece in range(PIECES)] for _, _, of, _ in FUNCTIONS]
    rng = random.Random(7)
    lines, failed = ["# Function, argument, value in 2^-60: made by reference/tables.py"], False
    for (name, _, function, bound), table in zip(FUNCTIONS, tables):
        worst = mp.mpf(0)
        for argument in places(rng):
            exact = function(argument)
            worst = max(worst, abs(mp.mpf(evaluate(table, argument)) / 2**SCALE_BITS - exact))
            lines.append(f"{name} {argument} {int(mp.nint(exact * 2**VALUE_BITS))}")
        print(f"{name}: at most {mp.nstr(worst, 3)} off, the bound is {bound}")
        failed |= worst > mp.mpf(bound)
    print(f"ln 2 in 2^-40: {int(mp.nint(mp.log(2) * 2**40))}")
    for path, text in (TABLES, rust(tables)), (VALUES, "\n".join(lines) + "\n"):
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path} is not what this makes")
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
