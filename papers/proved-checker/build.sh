#!/usr/bin/env bash
# Prove the checker, extract it and compile it, into the folder build (or the one that is named). On Debian what is missing
# is installed, if one may: Coq and zarith.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
into="${1:-$here/build}"
if ! { command -v coqc && ocamlfind query zarith; } > /dev/null 2>&1; then
    apt-get install --yes --no-install-recommends coq libzarith-ocaml-dev ocaml-findlib ocaml-nox
fi
mkdir -p "$into"
cp "$here"/*.v "$here"/*.ml "$into"
cd "$into"
for file in Numbers Question Checker Soundness Leaves Trees Domain Points Theorems Fields Polytopes Segments Cover Cells Tries Rows \
    Vertices Meaning Bounds Hulls SecondTheorem Rationals RealNumbers Assumptions Extract; do
    coqc -q -Q . Proved "$file.v"
done
ocamlfind ocamlopt -w -a -package zarith,unix -linkpkg whole.ml checker.mli checker.ml sha256.ml reader.ml printer.ml main.ml \
    -o proved-checker
