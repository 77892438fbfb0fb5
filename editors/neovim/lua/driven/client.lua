-- Starting the server and talking with it, on Neovim 0.7 (vim.lsp.start_client) and on 0.11 (vim.lsp.config, enable).
local places = require("driven.places")

local M = {}

M.native = vim.fn.has("nvim-0.11") == 1
local waiting = {} -- client id -> what is called once that client is initialized
local told = {} -- commands that were told to be missing

local function options()
  return require("driven").options
end

local function object(value) -- an empty table would be sent as a list
  return vim.tbl_isempty(value) and vim.empty_dict() or value
end

function M.say(message, level)
  vim.notify("driven: " .. message, level or vim.log.levels.INFO)
end

local last = {}

--- As `say`, of what a server may both announce and answer: whichever comes second within two seconds is left out.
function M.say_once(source, message, level)
  local now = vim.loop.hrtime()
  if last.message == message and last.source ~= source and now - last.at < 2e9 then
    last = {}
    return
  end
  last = { source = source, message = message, at = now }
  M.say(message, level)
end

--- What to do about a server that is not there; nil when it is.
function M.missing(cmd)
  if type(cmd) ~= "table" or vim.fn.executable(cmd[1]) == 1 then
    return nil
  end
  return ("the server `%s` was not found. Install it (`pip install .` in the clone of driven), or say where it is:\n"):format(cmd[1])
    .. '  require("driven").setup({ cmd = { "/path/to/driven", "lsp" } })\n'
    .. "`:checkhealth driven` tells more."
end

local function tell_missing(cmd)
  local missing = M.missing(cmd)
  if missing and not told[cmd[1]] then
    told[cmd[1]] = true
    vim.schedule(function()
      M.say(missing, vim.log.levels.ERROR)
    end)
  end
  return missing ~= nil
end

local function refresh_lenses(buffer)
  if vim.api.nvim_buf_is_loaded(buffer) and buffer == vim.api.nvim_get_current_buf() then
    vim.lsp.codelens.refresh(M.native and { bufnr = buffer } or nil)
  end
end

local function on_attach(client, buffer)
  if options().codelens then
    vim.api.nvim_create_autocmd({ "BufEnter", "InsertLeave", "BufWritePost" }, {
      group = vim.api.nvim_create_augroup("driven_codelens_" .. buffer, { clear = true }),
      buffer = buffer,
      callback = function()
        refresh_lenses(buffer)
      end,
    })
    refresh_lenses(buffer)
  end
  if options().on_attach then
    options().on_attach(client, buffer)
  end
end

--- The configuration of the client, without its root unless `root` is given.
function M.config(root)
  local opts = options()
  local trusted = opts.trusted
  if type(trusted) == "function" then
    trusted = root == nil or trusted(root)
  end
  -- The commands below open what they answer, and let people choose; so the server need not. Of Markdown, Neovim shows
  -- tables as they are written; in plain text the server aligns them.
  local capabilities = vim.tbl_deep_extend(
    "force",
    vim.lsp.protocol.make_client_capabilities(),
    { textDocument = { hover = { contentFormat = { "plaintext", "markdown" } } } },
    opts.capabilities or {},
    { window = { showDocument = { support = false } } }
  )
  return {
    name = "driven",
    cmd = opts.cmd,
    root_dir = root or M.root_dir,
    capabilities = capabilities,
    init_options = { trusted = trusted, status = true, settings = object(opts.settings) },
    settings = { driven = object(opts.settings) },
    handlers = {
      ["driven/status"] = function(_, result)
        require("driven.status").receive(result)
      end,
      ["window/showMessage"] = function(_, result)
        local level = ({ "ERROR", "WARN" })[result.type] or "INFO"
        M.say_once("announced", result.message, vim.log.levels[level])
      end,
    },
    commands = require("driven.commands").hooks(),
    before_init = function(params, config)
      if type(opts.trusted) == "function" and config.root_dir then
        params.initializationOptions.trusted = opts.trusted(config.root_dir) and true or false
      end
    end,
    on_init = function(client)
      client.initialized = true
      local queue = waiting[client.id] or {}
      waiting[client.id] = nil
      for _, call in ipairs(queue) do
        vim.schedule(function()
          call(client)
        end)
      end
    end,
    on_attach = on_attach,
    on_exit = function(_, _, id)
      waiting[id] = nil
    end,
  }
end

--- Neovim 0.11 asks with this whether a buffer is ours, and of which project (|lsp-root_dir()|).
function M.root_dir(buffer, on_dir)
  local root = places.root_of_rule_file(buffer)
  if root then
    on_dir(root)
  end
end

--- Neovim 0.11 writes of a server that is not there into its log only.
function M.tell_when_missing()
  local function look(buffer)
    if vim.api.nvim_buf_is_loaded(buffer) and vim.lsp.is_enabled("driven") and places.root_of_rule_file(buffer) then
      tell_missing(vim.lsp.config.driven.cmd)
    end
  end
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("driven_missing", { clear = true }),
    callback = function(event)
      look(event.buf)
    end,
  })
  local first = vim.api.nvim_get_current_buf()
  vim.schedule(function()
    look(first)
  end)
end

--- All running clients of ours.
function M.clients()
  local found = {}
  for _, client in ipairs((vim.lsp.get_clients or vim.lsp.get_active_clients)()) do
    if client.name == "driven" and not client.is_stopped(client) then
      found[#found + 1] = client
    end
  end
  return found
end

--- The buffers that a client is attached to: a set of numbers.
function M.buffers(client)
  local found = {}
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) and vim.lsp.buf_is_attached(buffer, client.id) then
      found[buffer] = true
    end
  end
  return found
end

function M.client_of(root)
  for _, client in ipairs(M.clients()) do
    if client.config.root_dir == root then
      return client
    end
  end
end

local function start(root)
  local client = M.client_of(root)
  if client then
    return client.id
  end
  local config = M.config(root)
  if M.native then -- what the user said with vim.lsp.config holds here too
    config = vim.tbl_deep_extend("force", vim.deepcopy(vim.lsp.config.driven or config), { root_dir = root })
  end
  if tell_missing(config.cmd) then
    return nil
  end
  if M.native then
    return vim.lsp.start(config, { attach = false })
  end
  return vim.lsp.start_client(config)
end

--- Attach the server to a buffer when it holds a rule file of a project.
function M.attach(buffer)
  local root = places.root_of_rule_file(buffer)
  local id = root and start(root)
  if not id then
    return nil
  end
  if not vim.lsp.buf_is_attached(buffer, id) then
    vim.lsp.buf_attach_client(buffer, id)
  end
  vim.schedule(function() -- after the file type's plugin, which for Markdown takes it for HTML tags
    local taken = vim.api.nvim_buf_is_loaded(buffer) and vim.bo[buffer].omnifunc
    if taken == "" or taken == "htmlcomplete#CompleteTags" then
      vim.bo[buffer].omnifunc = "v:lua.vim.lsp.omnifunc"
    end
  end)
  return id
end

function M.setup()
  if M.native then
    vim.lsp.config("driven", M.config())
    if options().autostart then
      vim.lsp.enable("driven")
    end
    return
  end
  local group = vim.api.nvim_create_augroup("driven", { clear = true })
  if not options().autostart then
    return
  end
  vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile", "BufFilePost" }, {
    group = group,
    callback = function(event)
      M.attach(event.buf)
    end,
  })
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) then
      M.attach(buffer)
    end
  end
end

--- Call `use(client)` with the client of a buffer's project; it is started when it does not run. The file of the buffer
--- may be any file of the project.
function M.with_client(buffer, use)
  local path = vim.api.nvim_buf_get_name(buffer)
  local rule = vim.b[buffer].driven_uri
  path = rule and vim.uri_to_fname(rule) or path
  local root = places.root((path == "" or path:match("^%a[%w+.-]+://")) and vim.loop.cwd() or path)
    or places.root(vim.loop.cwd())
  if not root then
    return M.say("no project here: neither a folder `.driven` nor `.git` at or above the file", vim.log.levels.WARN)
  end
  local id = start(root)
  if not id then
    local missing = M.missing(M.native and vim.lsp.config.driven.cmd or options().cmd)
    return missing and M.say(missing, vim.log.levels.ERROR)
  end
  local client = vim.lsp.get_client_by_id(id)
  if client and client.initialized then
    return use(client)
  end
  waiting[id] = waiting[id] or {}
  table.insert(waiting[id], use)
end

--- Send a request; `done(result)` is called with the answer, a refusal is shown.
function M.request(client, method, params, done, buffer)
  local function answer(err, result)
    if err then
      return M.say(err.message or tostring(err), vim.log.levels.ERROR)
    end
    done(result)
  end
  if M.native then
    client:request(method, params, answer, buffer)
  else
    client.request(method, params, answer, buffer)
  end
end

--- As `request`, and wait for the answer; nil when none comes in `timeout` milliseconds.
function M.request_sync(client, method, params, timeout)
  local answer, err
  if M.native then
    answer, err = client:request_sync(method, params, timeout, 0)
  else
    answer, err = client.request_sync(method, params, timeout, 0)
  end
  return answer and answer.result, err or (answer and answer.err)
end

--- Ask the server to execute one of its commands for the project of `buffer`.
function M.execute(command, argument, done, buffer)
  buffer = buffer or vim.api.nvim_get_current_buf()
  M.with_client(buffer, function(client)
    local params = { command = command, arguments = { object(argument or {}) } }
    M.request(client, "workspace/executeCommand", params, done)
  end)
end

return M
