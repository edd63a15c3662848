#!/bin/sh
# Puts nuclei and its templates into the root file system $1, each of one release and of the checksum that its release publishes beside it
# (nuclei_…_checksums.txt, nuclei-templates-…_checksums.txt): another version needs other checksums. Appends a line "name version sha256"
# for each to $2. $3 is where the releases lie, if not on GitHub.
set -eu
root=$1
fetched=$2
releases=${3:-https://github.com/projectdiscovery}

nuclei=3.11.1
case $(dpkg --print-architecture) in
  amd64) nuclei_sha256=ea63d4ae232808cd7c6bc00d0142428e231fab59dae01042246097d195835ab6 ;;
  arm64) nuclei_sha256=8044e3d9768ba0a744b2872c1a87e813006f013da97ca9f50f7661a4203bec07 ;;
  *) echo "nuclei is not released for $(dpkg --print-architecture)" >&2; exit 1 ;;
esac
templates=10.5.0
templates_sha256=80fbabceca095fac40afecc7f023748df22b9576b9ff10a4422bd2fbf81f9a41

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fetch NAME VERSION SHA256 PATH: as $work/NAME, once its checksum is what it must be.
fetch() {
  curl --fail --silent --show-error --location --retry 3 --output "$work/$1" "$releases/$4"
  echo "$3  $work/$1" > "$work/checksum"
  sha256sum --check --strict --quiet "$work/checksum"
  echo "$1 $2 $3" >> "$fetched"
}

fetch nuclei "$nuclei" "$nuclei_sha256" "nuclei/releases/download/v$nuclei/nuclei_${nuclei}_linux_$(dpkg --print-architecture).zip"
mkdir -p "$root/usr/local/bin"
unzip -q "$work/nuclei" nuclei -d "$root/usr/local/bin"
chmod 0755 "$root/usr/local/bin/nuclei"

fetch nuclei-templates "$templates" "$templates_sha256" "nuclei-templates/archive/refs/tags/v$templates.tar.gz"
mkdir -p "$root/opt/nuclei-templates"
tar --extract --gzip --file "$work/nuclei-templates" --directory "$root/opt/nuclei-templates" --strip-components=1 --no-same-owner
