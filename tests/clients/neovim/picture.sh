#!/usr/bin/env bash
# Makes docs/editors/neovim.png: a real Neovim in xterm, in a project of its own. Needs xterm, Xvfb and ImageMagick.
# Usage: picture.sh NVIM DRIVEN PICTURE, from the top of the repository.
set -euo pipefail
nvim=$1 driven=$2 picture=$3
home=$(mktemp -d)
trap 'kill "${term:-}" "${screen:-}" 2>/dev/null || true; rm -rf "$home"' EXIT
mkdir -p "$home/.local/share/nvim/site/pack/driven/start" "$home/.config/nvim" "$home/shop/src/api"
cp -R editors/neovim "$home/.local/share/nvim/site/pack/driven/start/driven"
cat >"$home/.config/nvim/init.lua" <<'LUA'
require("driven").setup()
vim.o.termguicolors = true
vim.o.statusline = " %f %m%=%{v:lua.require'driven'.status()}  %l:%c "
vim.o.laststatus = 2
vim.o.signcolumn = "yes"
vim.diagnostic.config({ virtual_text = { spacing = 2 } })
LUA
cd "$home/shop"
export HOME=$home
mkdir -p .driven/rules
printf 'version = 1\n\n[editors]\nagents = true\nclaude = true\ncopilot = true\ncursor = true\n' >.driven/config.toml
printf -- '---\ndescription: How code is written here\napply: always\n---\n\n# Style\n\n- Use four spaces.\n' >.driven/rules/style.md
printf -- '---\ndescription: Handlers of the HTTP API\npaths: ["src/api/**/*.ts"]\n---\n\n# API\n\n- Handlers answer JSON. See [the style](style.md).\n- Every route has a test.\n' >.driven/rules/api.md
touch src/api/orders.ts src/api/users.ts
git init -q .
"$driven" sync --quiet
sed -i 's/^paths:/prioritty: 10\npaths:/' .driven/rules/api.md
PATH=$(dirname "$driven"):$PATH
display=:$((90 + RANDOM % 9))
Xvfb "$display" -screen 0 1010x372x24 >/dev/null 2>&1 &
screen=$!
for _ in $(seq 100); do xset -display "$display" q >/dev/null 2>&1 && break || sleep 0.1; done
DISPLAY=$display LANG=C.UTF-8 xterm -fa "DejaVu Sans Mono" -fs 12 -geometry 100x18+0+0 -b 6 -bg '#14161b' -fg '#e0e2ea' \
  -e "$nvim" --listen "$home/socket" .driven/rules/api.md &
term=$!
ask() { "$nvim" --server "$home/socket" --remote-expr "$1" 2>/dev/null || true; }
until_() { for _ in $(seq 300); do [ "$(ask "$1")" = "$2" ] && return; sleep 0.1; done; echo "never came: $1" >&2; exit 1; }
until_ 'luaeval("#vim.diagnostic.get(0) > 0 and 1 or 0")' 1
"$nvim" --server "$home/socket" --remote-send '4G<Cmd>lua vim.lsp.buf.hover({ border = "rounded" })<CR>'
until_ 'len(filter(nvim_list_wins(), {_, w -> nvim_win_get_config(w).relative != ""})) > 0' 1
ask 'execute("redraw!")' >/dev/null
sleep 0.5 # the terminal paints
import -display "$display" -window root -colors 64 "$picture"
