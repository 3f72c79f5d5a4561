# shellcheck shell=bash
# Sourced by the other scripts: which of the machine's Rust toolchains can do what, and which cargo-deny to use.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
oldest_rust=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
oldest_deny=0.20.2
# What is built for this project alone.
tools=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-$root/target}/tools")

# Debian's parts for a target that its packages have no standard library for.
debian_linker=/usr/bin/wasm-ld-19
debian_libc=/usr/lib/wasm32-wasi
debian_source=/usr/lib/rustlib/src/rust/library/std/Cargo.toml

# The folders that may hold a cargo, in the order of preference: the user's own comes first.
cargo_folders() {
    dirname "$(command -v cargo || echo "$HOME/.cargo/bin/cargo")"
    echo "${CARGO_HOME:-$HOME/.cargo}/bin"
    echo /usr/bin
}

# is_at_least OLDEST VERSION
is_at_least() { printf '%s\n' "$@" | sort --version-sort --check=quiet; }

# folder_has FOLDER [SUBCOMMAND]: its cargo is new enough, and has the subcommand.
folder_has() {
    local version
    version=$("$1/cargo" --version 2>/dev/null | cut -d' ' -f2) || return 1
    is_at_least "$oldest_rust" "$version" || return 1
    [ -z "${2:-}" ] || PATH="$1:$PATH" "$1/cargo" "$2" --version >/dev/null 2>&1
}

# use_cargo [SUBCOMMAND]: puts the first cargo that can do it first on PATH, with the rustc beside it.
use_cargo() {
    local folder
    while read -r folder; do
        if folder_has "$folder" "${1:-}"; then
            PATH="$folder:$PATH"
            return
        fi
    done < <(cargo_folders)
    return 1
}

# has_wasm_target: the toolchain on PATH has the standard library for wasm32-wasip1.
has_wasm_target() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-wasip1/lib" ]
}

# can_build_std: Debian's packages can build it.
can_build_std() {
    [ -x "$debian_linker" ] && [ -e "$debian_libc/libc.a" ] && [ -e "$debian_source" ] && folder_has /usr/bin
}

# find_deny: sets `deny` to the first cargo-deny that is new enough; the user's own comes first.
find_deny() {
    for deny in "$(command -v cargo-deny)" "${CARGO_HOME:-$HOME/.cargo}/bin/cargo-deny" "$tools/bin/cargo-deny"; do
        is_at_least "$oldest_deny" "$("$deny" --version 2>/dev/null | cut -d' ' -f2)" && return
    done
    return 1
}
