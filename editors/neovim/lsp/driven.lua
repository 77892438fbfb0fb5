-- Neovim 0.11 and later: `vim.lsp.enable("driven")` is all it needs.
return require("driven.client").config()
