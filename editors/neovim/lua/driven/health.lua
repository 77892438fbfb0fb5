-- `:checkhealth driven`: whether the server is found, runs, and for which project; what to do where not.
local client = require("driven.client")
local places = require("driven.places")

local M = {}

-- Neovim 0.8 and later have vim.health, 0.10 gave its functions shorter names; 0.7 has Vim functions.
local function reporter(name)
  local health = vim.health or {}
  return health[name] or health["report_" .. name] or function(...)
    return vim.fn["health#report_" .. name](...)
  end
end
local start, ok, info, warn, error_ =
  reporter("start"), reporter("ok"), reporter("info"), reporter("warn"), reporter("error")

local function command()
  local config = client.native and vim.lsp.config.driven
  return (config or client.config()).cmd
end

local function server()
  start("driven: the server")
  local cmd = command()
  if type(cmd) == "function" then
    return info("started by a function of your configuration")
  end
  info("command: " .. table.concat(cmd, " "))
  if client.missing(cmd) then
    error_(("`%s` was not found"):format(cmd[1]), {
      "install it: `pip install .` in the clone of driven (Python 3.11 or later)",
      'or say where it is: require("driven").setup({ cmd = { "/path/to/driven", "lsp" } })',
    })
    return
  end
  ok("found: " .. vim.fn.exepath(cmd[1]))
  local ask = {}
  for _, word in ipairs(cmd) do
    if word == "lsp" then
      break
    end
    ask[#ask + 1] = word
  end
  ask[#ask + 1] = "--version"
  local answer = vim.trim(vim.fn.system(ask))
  if vim.v.shell_error == 0 then
    ok("version: " .. answer)
  else
    error_("`" .. table.concat(ask, " ") .. "` failed: " .. answer, { "run it in a terminal; is it the right Python?" })
  end
end

local function editor()
  start("driven: Neovim")
  local version = vim.version()
  ok(("Neovim %d.%d.%d, %s"):format(
    version.major,
    version.minor,
    version.patch,
    client.native and "vim.lsp.config" or "vim.lsp.start_client"
  ))
  local enabled = client.native and vim.lsp.is_enabled and vim.lsp.is_enabled("driven")
  local listening = not client.native and pcall(vim.api.nvim_get_autocmds, { group = "driven" })
  if enabled or listening then
    ok("starts with the first rule file that is opened")
  else
    warn("nothing starts the server", {
      'put `require("driven").setup()` into your init.lua'
        .. (client.native and ', or `vim.lsp.enable("driven")`' or ""),
    })
  end
end

local function project()
  start("driven: the project")
  local seen, any = {}, false
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local root = vim.api.nvim_buf_is_loaded(buffer) and places.root_of_rule_file(buffer)
    if root and not seen[root] then
      seen[root], any = true, true
      ok("open rule files of " .. root)
    end
  end
  local here = places.root(vim.loop.cwd())
  if here and vim.loop.fs_stat(here .. "/.driven") then
    ok("here: " .. here)
  elseif here then
    info(here .. " has no folder `.driven` yet: `driven init` makes one. Findings of the editors' files are shown anyway.")
  elseif not any then
    warn("no project here: neither `.driven` nor `.git` at or above " .. vim.loop.cwd(), { "cd into one, or `driven init`" })
  end
end

local function clients()
  start("driven: what runs")
  local running = client.clients()
  if #running == 0 then
    return info("no server runs: open a rule file, as .driven/rules/<name>.md or AGENTS.md")
  end
  for _, server_ in ipairs(running) do
    local names = {}
    for buffer in pairs(client.buffers(server_)) do
      names[#names + 1] = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ":t")
    end
    table.sort(names)
    ok(("client %d, project %s"):format(server_.id, server_.config.root_dir))
    info("attached to: " .. (#names > 0 and table.concat(names, ", ") or "no buffer"))
    info("positions: " .. (server_.offset_encoding or "utf-16"))
    local capabilities = {}
    for name, value in pairs(server_.server_capabilities or {}) do
      if value and name:match("Provider$") then
        capabilities[#capabilities + 1] = name:gsub("Provider$", "")
      end
    end
    table.sort(capabilities)
    info("offers: " .. table.concat(capabilities, ", "))
    local params = { command = "driven.debugInfo", arguments = { vim.empty_dict() } }
    local about, err = client.request_sync(server_, "workspace/executeCommand", params, 5000)
    if type(about) == "table" then
      ok(("driven %s on Python %s, core %s"):format(about.version, about.python, about.compiled and "compiled" or "pure Python"))
    else
      warn("the server did not tell about itself: " .. (type(err) == "table" and err.message or tostring(err)), {
        "see the log: " .. vim.lsp.get_log_path(),
      })
    end
  end
end

function M.check()
  editor()
  server()
  project()
  clients()
end

return M
