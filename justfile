# What people and CI call. scripts/tools installs just: PATH=$(scripts/tools):$PATH

set positional-arguments

_list:
    @{{ just_executable() }} --list --unsorted

# what a change must pass
ci: test lint

# contracts, every crate, end to end on anvil; --slow: what takes minutes
test *arguments:
    scripts/test "$@"

# docs/guide.md, as its commands stand there
guide *arguments:
    scripts/guide "$@"

# formatting, lints, spelling, dependencies, deployment files
lint:
    scripts/lint

# In the profile where clippy has checked nearly all dependencies already.
# documentation, without warnings
doc *arguments:
    RUSTDOCFLAGS="-D warnings" cargo doc --profile suite --workspace --features bench --no-deps "$@"

# takes constraints out of circuits: a test must fail
mutants *arguments:
    scripts/mutants "$@"

# the tables of circuits/fixed, from functions of forty digits
tables *arguments:
    scripts/fixed-tables "$@"

# the CUDA backend, as far as that is possible without a card
icicle *arguments:
    scripts/check-icicle "$@"

# containers, compose file, manifests, units, alerts
deploy *arguments:
    scripts/check-deploy "$@"

# signed transfers to a verified SNARK on a devnet, on this machine
demo *arguments:
    cargo run --release --bin ashlar -- demo "$@"

# this machine beside the libraries that the field uses: `ashlar bench --help` lists what
bench set="all" *arguments:
    cargo run --release --bin ashlar --features bench -- bench "$@"

# one archive for a machine that has Linux and nothing else
package *arguments:
    scripts/package "$@"
