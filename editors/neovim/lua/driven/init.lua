-- The face of the plugin: `setup` and `status`.
local M = {}

M.options = {
  cmd = { "driven", "lsp" }, -- the server; a full path where it is not on the PATH
  settings = {}, -- the section `driven`: { sync = { onSave = true }, codeLens = { enable = true }, … }
  trusted = true, -- false, or a function(root) that says so: load no foreign plugin, write nothing
  autostart = true, -- start with the first rule file that is opened
  codelens = false, -- show the lenses, and keep them fresh
  capabilities = nil, -- what a completion plugin adds
  on_attach = nil, -- function(client, buffer)
}

--- Start the server with each rule file that is opened in a project. Every field is optional; see |driven-setup|.
function M.setup(options)
  M.options = vim.tbl_deep_extend("force", M.options, options or {})
  if type(M.options.cmd) == "string" then
    M.options.cmd = { M.options.cmd, "lsp" }
  end
  require("driven.client").setup()
end

--- One short text for a statusline, "" where there is nothing to say. `buffer`: 0 or nil is the current one.
function M.status(buffer)
  return require("driven.status").text(buffer)
end

return M
