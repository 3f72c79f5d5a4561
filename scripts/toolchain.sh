# shellcheck shell=bash
# Sourced by the other scripts: which of the machine's Rust toolchains can do what.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
oldest_rust=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml")

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

# folder_has FOLDER [SUBCOMMAND]: its cargo is new enough, and has the subcommand.
folder_has() {
    local version
    version=$("$1/cargo" --version 2>/dev/null | cut -d' ' -f2) || return 1
    printf '%s\n' "$oldest_rust" "$version" | sort --version-sort --check=quiet || return 1
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
